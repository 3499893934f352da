// Write an adapter: a transport of one UDP packet per message. Packets are lost, doubled and overtaken, and Raft bears it;
// what they must not be is altered, endless, or taken from anybody. There is no proof of identity: for one machine only.

import { createSocket, type Socket } from "node:dgram";
import {
  type Codec,
  type DropReason,
  laneOf,
  type PeerDirectory,
  type Transport,
  type TransportReceiver,
} from "@quorate/contracts";

type Message = Parameters<Transport["send"]>[0];

/** What the system has not taken yet; more is dropped. */
const maxInFlightBytes = 1024 * 1024;

/** A transport, and the port at which it listens once it has started. */
export type UdpTransport = Transport & { readonly port: number | undefined };

/** `portOf` tells where the other servers of this machine listen. */
export function udpTransport(codec: Codec, portOf: (nodeId: string) => number | undefined): UdpTransport {
  return new PacketTransport(codec, portOf);
}

class PacketTransport implements UdpTransport {
  /** A packet carries 65,507 bytes. A node cuts its messages to what its transport can carry. */
  readonly maxMessageBytes = 60_000;
  readonly #codec: Codec;
  readonly #portOf: (nodeId: string) => number | undefined;
  /** The system gives less than that if it must; what does not fit is lost while this process is busy. */
  readonly #socket: Socket = createSocket({ type: "udp4", recvBufferSize: maxInFlightBytes });
  #receiver: TransportReceiver | undefined;
  #peers: PeerDirectory | undefined;
  #inFlightBytes = 0;
  #closing: Promise<void> | undefined;
  port: number | undefined;

  constructor(codec: Codec, portOf: (nodeId: string) => number | undefined) {
    this.#codec = codec;
    this.#portOf = portOf;
  }

  async start(receiver: TransportReceiver): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("error", reject).bind(0, "127.0.0.1", resolve);
    });
    // Whatever happens to packets later is a loss like any other.
    this.#socket.removeAllListeners("error").on("error", () => {});
    this.#socket.on("message", (bytes) => this.#onPacket(bytes));
    this.port = this.#socket.address().port;
    this.#receiver = receiver;
  }

  setPeers(peers: PeerDirectory): void {
    this.#peers = peers;
  }

  send(message: Message): void {
    const port = this.#isPeer(message.to) ? this.#portOf(message.to) : undefined;
    if (this.#receiver === undefined || this.#closing !== undefined || port === undefined) return;
    const { clusterId, incarnation } = this.#receiver.identity;
    const bytes = this.#codec.encode({ clusterId, groupId: 0, incarnation, message });
    const excess = this.#excessOf(bytes.length);
    if (excess !== undefined) {
      this.#receiver.onEvent({
        type: "messagesDropped",
        peer: message.to,
        lane: laneOf[message.type],
        count: 1,
        reason: excess,
      });
      return;
    }
    this.#inFlightBytes += bytes.length;
    this.#socket.send(bytes, port, "127.0.0.1", () => {
      this.#inFlightBytes -= bytes.length;
    });
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
    return this.#closing;
  }

  #isPeer(nodeId: string): boolean {
    return nodeId !== this.#receiver?.identity.nodeId && (this.#peers?.has(nodeId) ?? true);
  }

  #excessOf(sizeBytes: number): DropReason | undefined {
    if (sizeBytes > this.maxMessageBytes) return "tooLarge";
    return this.#inFlightBytes + sizeBytes > maxInFlightBytes ? "queueFull" : undefined;
  }

  #onPacket(bytes: Buffer): void {
    const receiver = this.#receiver;
    if (receiver === undefined || this.#closing !== undefined) return;
    try {
      const { clusterId, incarnation, message } = this.#codec.decode(bytes);
      const { identity } = receiver;
      const isOurs = clusterId === identity.clusterId && message.to === identity.nodeId && this.#isPeer(message.from);
      if (isOurs) receiver.onMessage(message, incarnation);
    } catch (error) {
      const code = "QUORATE_DECODE_FAILED";
      receiver.onEvent({ type: "garbageReceived", from: "a stranger", code, detail: String(error) });
    }
  }
}
