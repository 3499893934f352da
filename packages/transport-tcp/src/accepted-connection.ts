// A connection that somebody opened to this server: nobody until the handshake says who, and closed at the first byte
// that does not belong to the protocol.

import type { Socket } from "node:net";
import type { Envelope, TransportIdentity } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import type { Admitted, Doorkeeper } from "./doorkeeper.ts";
import { codes, describeAddress, type Failure, printable } from "./failure.ts";
import { type Frame, frameBytes, type FrameLimits, protocolVersion } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { type Hello, maxHandshakeBytes, readHello, refusalFrame, welcomeFrame } from "./handshake.ts";
import { Liveness } from "./liveness.ts";
import { maxControlBytes, type Settings } from "./options.ts";

/** What an accepted connection needs to know. */
export type AcceptFacts = {
  readonly identity: TransportIdentity;
  readonly settings: Settings;
  readonly doorkeeper: Doorkeeper;
};

/** What an accepted connection tells its owner. */
export type AcceptEvents = {
  /** The handshake with this peer is complete. */
  onAdmitted(peer: string): void;
  onMessage(envelope: Envelope): void;
  /** What arrived is not this protocol; the connection is closed. */
  onGarbage(from: string, failure: Failure): void;
  /** The handshake was understood and refused. */
  onRefused(hello: Hello, from: string, failure: Failure): void;
};

const beforeHello: FrameLimits = { hello: maxHandshakeBytes };
const empty = new Uint8Array(0);

/** Receives from one peer on one lane. */
export class AcceptedConnection implements Admitted {
  readonly #facts: AcceptFacts;
  readonly #events: AcceptEvents;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #remote: string;
  #hello: Hello | undefined;
  #liveness: Liveness | undefined;
  #unwatch: () => void = () => {};
  readonly #cancelHandshake: () => void;
  #bytesRead = 0;
  #answeredMs = -Infinity;
  #frameBeganMs: number | undefined;
  #isEnded = false;

  constructor(socket: Socket, facts: AcceptFacts, events: AcceptEvents) {
    const { clock, timeouts } = facts.settings;
    this.#facts = facts;
    this.#events = events;
    this.#socket = socket;
    this.#remote = describeAddress({
      host: socket.remoteAddress ?? "an unknown address",
      port: socket.remotePort ?? 0,
    });
    this.#reader = new FrameReader(beforeHello, (frame) => this.#onFrame(frame));
    this.#cancelHandshake = clock.schedule(clock.now() + timeouts.handshakeMs, () => {
      this.#refuseGarbage({ code: codes.garbage, detail: `no complete handshake within ${timeouts.handshakeMs} ms` });
    });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    // An error is always followed by `close`, and what to do about both is the same.
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** False until a peer has proved to belong here. */
  get isIdentified(): boolean {
    return this.#hello !== undefined;
  }

  /** Ends the connection without an event. */
  close(): void {
    this.#stop();
    this.#socket.destroy();
  }

  /** A newer connection of the same peer and lane has taken this one's place. */
  replace(): void {
    this.close();
  }

  /** The other side is told why, so that it can tell its owner, and keeps trying. */
  expel(failure: Failure): void {
    if (!this.#isEnded) this.#refuse(failure);
  }

  #onData(chunk: Buffer): void {
    if (this.#isEnded) return;
    this.#bytesRead += chunk.length;
    this.#liveness?.heard();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#onUnreadable(error);
      return;
    }
    this.#noteFrameProgress();
    if (this.isIdentified) this.#answerAlive();
  }

  #onFrame(frame: Frame): void {
    this.#frameBeganMs = undefined;
    if (frame.type === "hello") this.#onHello(readHello(frame.payload));
    if (frame.type === "message") this.#onMessage(frame.payload);
  }

  #onHello(hello: Hello): void {
    const { identity, settings, doorkeeper } = this.#facts;
    // First of all: whoever cannot prove its name learns nothing about this server's peers.
    const verdict = this.#judgeProof(hello) ?? doorkeeper.judge(hello);
    if (verdict !== undefined) {
      // The text repeats names that a stranger chose.
      const failure = { code: verdict.code, detail: printable(verdict.detail) };
      this.#refuse(failure);
      this.#events.onRefused(hello, this.#remote, failure);
      return;
    }
    this.#cancelHandshake();
    this.#hello = hello;
    this.#reader.limits = {
      message: hello.lane === "control" ? maxControlBytes : settings.limits.maxMessageBytes,
      ping: 0,
    };
    doorkeeper.admit(hello, this);
    this.#unwatch = settings.security.watch(this.#socket, hello.nodeId, (failure) => this.#onDoubt(hello, failure));
    this.#liveness = new Liveness({
      clock: settings.clock,
      keepAliveMs: settings.timeouts.keepAliveMs,
      idleMs: settings.timeouts.idleMs,
      onTick: () => this.#checkFrameDeadline(),
      onSilence: () => this.close(),
    });
    this.#answeredMs = settings.clock.now();
    this.#socket.write(welcomeFrame({ ...identity, version: protocolVersion }));
    this.#events.onAdmitted(hello.nodeId);
  }

  #judgeProof(hello: Hello): Failure | undefined {
    const failure = this.#facts.settings.security.judge(this.#socket, hello.nodeId);
    return failure === undefined ? undefined : { ...failure, detail: `${hello.nodeId}: ${failure.detail}` };
  }

  /** What was proved is not true any more: the certificate has run out, or its authority is not trusted now. */
  #onDoubt(hello: Hello, { code, detail }: Failure): void {
    const failure = { code, detail: printable(`${hello.nodeId}: ${detail}`) };
    this.expel(failure);
    this.#events.onRefused(hello, this.#remote, failure);
  }

  #onMessage(payload: Uint8Array): void {
    const envelope = this.#facts.settings.codec.decode(payload);
    const problem = this.#findForgery(envelope);
    if (problem === undefined) this.#events.onMessage(envelope);
    else this.#refuseGarbage({ code: codes.peerMismatch, detail: problem });
  }

  /** A message must come from the peer that introduced itself, and be for this server. */
  #findForgery(envelope: Envelope): string | undefined {
    const { identity } = this.#facts;
    const { message } = envelope;
    const hello = this.#hello;
    if (message.from !== hello?.nodeId)
      return `a message from ${message.from} on the connection of ${hello?.nodeId ?? "nobody"}`;
    if (message.to !== identity.nodeId) return `a message to ${message.to}, but this is ${identity.nodeId}`;
    if (envelope.clusterId !== identity.clusterId) return `a message of cluster ${envelope.clusterId}`;
    if (envelope.incarnation !== hello.incarnation) return `a message of incarnation ${envelope.incarnation}`;
    return envelope.groupId === 0 ? undefined : `a message of group ${envelope.groupId}`;
  }

  /** At most one sign of life per half keep-alive time, and only to somebody who sends: the dialler sees that we read. */
  #answerAlive(): void {
    const { clock, timeouts } = this.#facts.settings;
    const nowMs = clock.now();
    if (this.#isEnded || nowMs - this.#answeredMs < timeouts.keepAliveMs / 2) return;
    this.#answeredMs = nowMs;
    // Somebody who sends but never reads must not make this side's memory grow.
    if (this.#socket.writableLength === 0) this.#socket.write(frameBytes("alive", empty));
  }

  #noteFrameProgress(): void {
    if (!this.#reader.isInsideFrame) this.#frameBeganMs = undefined;
    else this.#frameBeganMs ??= this.#facts.settings.clock.now();
  }

  #checkFrameDeadline(): void {
    const { clock, timeouts } = this.#facts.settings;
    if (this.#frameBeganMs === undefined || clock.now() - this.#frameBeganMs < timeouts.frameMs) return;
    this.#refuseGarbage({ code: codes.garbage, detail: `a frame that was not complete after ${timeouts.frameMs} ms` });
  }

  #onUnreadable(error: unknown): void {
    const detail = printable(error instanceof Error ? error.message : String(error));
    this.#refuseGarbage({ code: codeOf(error) ?? codes.garbage, detail });
  }

  /** Tells the other side why before closing; it may be a server of another version. */
  #refuse(failure: Failure): void {
    const { clusterId, nodeId } = this.#facts.identity;
    this.#stop();
    this.#socket.write(refusalFrame({ ...failure, clusterId, nodeId }));
    this.#socket.destroySoon();
  }

  #refuseGarbage(failure: Failure): void {
    if (this.#isEnded) return;
    const from = this.#hello === undefined ? this.#remote : `${this.#hello.nodeId} (${this.#remote})`;
    this.#refuse(failure);
    this.#events.onGarbage(printable(from), failure);
  }

  #onClose(): void {
    const isCutOff = !this.#isEnded && this.#hello === undefined && this.#bytesRead > 0;
    this.#stop();
    if (isCutOff) {
      this.#events.onGarbage(this.#remote, { code: codes.garbage, detail: "it ended in the middle of the handshake" });
    }
  }

  #stop(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#cancelHandshake();
    this.#liveness?.stop();
    this.#unwatch();
    this.#reader.stop();
    if (this.#hello !== undefined) this.#facts.doorkeeper.dismiss(this.#hello, this);
  }
}
