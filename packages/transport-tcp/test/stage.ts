// Transports that find each other on ports the system chose, and everything that they report.

import type { TransportEvent, TransportIdentity } from "@quorate/contracts";
import { plainCodec } from "@quorate/contracts/conformance";
import { type TcpAddress, type TcpTransport, tcpTransport, type TcpTransportOptions } from "../src/index.ts";

export type Message = Parameters<TcpTransport["send"]>[0];

/** One started transport and what it was told. */
export type Actor = {
  readonly nodeId: string;
  readonly transport: TcpTransport;
  readonly messages: Message[];
  readonly events: TransportEvent[];
};

type Settings = Partial<TcpTransportOptions> & { readonly identity?: Partial<TransportIdentity> };

/** A set of servers; `await using` closes them all. */
export class Stage {
  readonly #addresses: Map<string, TcpAddress> = new Map();
  readonly #transports: TcpTransport[] = [];

  /** Makes a transport that listens on a free port and looks peers up among those started here. */
  make(settings: Settings = {}): TcpTransport {
    const transport = tcpTransport({
      listen: { host: "127.0.0.1", port: 0 },
      peers: (nodeId) => this.#addresses.get(nodeId),
      codec: plainCodec(),
      backoff: { minMs: 1, maxMs: 20 },
      ...settings,
    });
    this.#transports.push(transport);
    return transport;
  }

  async start(nodeId: string, settings: Settings = {}): Promise<Actor> {
    const transport = this.make(settings);
    const actor: Actor = { nodeId, transport, messages: [], events: [] };
    await transport.start({
      identity: { clusterId: "c-1", nodeId, incarnation: `${nodeId}-i`, ...settings.identity },
      onMessage: (message) => actor.messages.push(message),
      onEvent: (event) => actor.events.push(event),
    });
    this.tell(nodeId, addressOf(actor));
    return actor;
  }

  /** Makes everybody look for a server at this address. */
  tell(nodeId: string, address: TcpAddress): void {
    this.#addresses.set(nodeId, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }
}

/** Where an actor listens. */
export function addressOf(actor: Actor): TcpAddress {
  const { address } = actor.transport;
  if (address === undefined) throw new Error(`${actor.nodeId} does not listen`);
  return address;
}

/** A message on the control lane. */
export function beat(from: string, to: string, round = 1): Message {
  return { type: "heartbeatRequest", from, to, term: 1, commitIndex: 0, round };
}

/** A message on the append lane that carries this many bytes. */
export function append(from: string, to: string, dataBytes: number): Message {
  const entry = { index: 1, term: 1, kind: "command", data: new Uint8Array(dataBytes).fill(7) } as const;
  return {
    type: "appendRequest",
    from,
    to,
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [entry],
    leaderCommit: 0,
  };
}

/** A message on the snapshot lane that carries this many bytes. */
export function chunk(from: string, to: string, dataBytes: number): Message {
  return {
    type: "snapshotRequest",
    from,
    to,
    term: 1,
    lastIncludedIndex: 1,
    lastIncludedTerm: 1,
    configuration: new Uint8Array(0),
    sizeBytes: dataBytes,
    checksum: 0,
    offsetBytes: 0,
    data: new Uint8Array(dataBytes).fill(7),
  };
}

/** The first event of a type that an actor reported, if any. */
export function eventOf<Type extends TransportEvent["type"]>(
  actor: Actor,
  type: Type,
): Extract<TransportEvent, { type: Type }> | undefined {
  return actor.events.find((event): event is Extract<TransportEvent, { type: Type }> => event.type === type);
}
