// Ends of connections that are driven by hand: they say exactly what a test wants said, and show all that they hear.

import { createServer, connect, type Server, type Socket } from "node:net";
import type { Lane } from "@quorate/contracts";
import { plainCodec } from "@quorate/contracts/conformance";
import type { TcpAddress } from "../src/index.ts";
import { type Frame, frameBytes, type FrameType } from "../src/frame.ts";
import { FrameReader } from "../src/frame-reader.ts";
import type { Message } from "./stage.ts";

const everything = { hello: 4096, welcome: 4096, refusal: 4096, message: 2 ** 26, ping: 0, alive: 0 };

/** One end of a connection. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<void>;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader(everything, (frame) => this.frames.push(frame));
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  /** Dials a listening transport. */
  static async dial(address: TcpAddress): Promise<RawPeer> {
    const socket = connect(address);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
    });
    return new RawPeer(socket);
  }

  /** The frames of one type that arrived, as text. */
  texts(type: FrameType): readonly string[] {
    return this.frames.filter((frame) => frame.type === type).map((frame) => Buffer.from(frame.payload).toString());
  }

  count(type: FrameType): number {
    return this.frames.filter((frame) => frame.type === type).length;
  }
}

/** A hello that n1 accepts from n2, with changes. */
export function helloBytes(changes: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const hello = {
    clusterId: "c-1",
    nodeId: "n2",
    incarnation: "n2-i",
    expects: "n1",
    lane: "control",
    versions: [1],
    codec: { name: "plain", version: 1 },
    ...changes,
  };
  return frameBytes("hello", Buffer.from(JSON.stringify(hello)));
}

/** A frame around a message as n2 sends it. */
export function messageBytes(message: Message, changes: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const envelope = { clusterId: "c-1", groupId: 0, incarnation: "n2-i", message, ...changes };
  return frameBytes("message", plainCodec().encode(envelope));
}

/** A server that plays a peer by hand: by default it welcomes every hello. */
export class RawServer {
  readonly connections: RawPeer[] = [];
  /** What a new connection gets to hear; tests may replace it. */
  answer: (peer: RawPeer) => void;
  readonly #server: Server;

  private constructor(nodeId: string) {
    const welcome = { clusterId: "c-1", nodeId, incarnation: `${nodeId}-i`, version: 1 };
    this.answer = (peer) => peer.socket.write(frameBytes("welcome", Buffer.from(JSON.stringify(welcome))));
    this.#server = createServer((socket) => {
      const peer = new RawPeer(socket);
      this.connections.push(peer);
      socket.once("data", () => this.answer(peer));
    });
  }

  static async listen(nodeId: string): Promise<RawServer> {
    const server = new RawServer(nodeId);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  get address(): TcpAddress {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return { host: "127.0.0.1", port: address.port };
  }

  /** The connection on a lane, once its hello has arrived. */
  lane(lane: Lane): RawPeer | undefined {
    return this.connections.find((peer) => peer.texts("hello").some((text) => text.includes(`"lane":"${lane}"`)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
