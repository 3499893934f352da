// One attempt to reach a peer: connect, say hello, check who answers. From then on frames may be written.

import type { Socket } from "node:net";
import type { Lane, TransportIdentity } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import { codes, describeAddress, describeSocketError, type Failure, printable } from "./failure.ts";
import { type Frame, frameBytes, type FrameLimits, protocolVersion } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { helloFrame, maxHandshakeBytes, readRefusal, readWelcome, type Refusal, type Welcome } from "./handshake.ts";
import { Liveness } from "./liveness.ts";
import type { Settings, TcpAddress } from "./options.ts";

/** Whom to dial, and as whom. */
export type DialFacts = {
  readonly identity: TransportIdentity;
  readonly settings: Settings;
  readonly peer: string;
  readonly lane: Lane;
  readonly address: TcpAddress;
  /** The incarnation under which this peer is connected to us, if it is. */
  readonly liveIncarnation: () => string | undefined;
};

/** What a dialled connection tells its owner. `onEnd` is called exactly once, unless `close` comes first. */
export type DialEvents = {
  onOpen(): void;
  onDrain(): void;
  onEnd(failure: Failure): void;
};

const beforeWelcome: FrameLimits = { welcome: maxHandshakeBytes, refusal: maxHandshakeBytes };
// A refusal may still come: membership changes while connections are open.
const afterWelcome: FrameLimits = { alive: 0, refusal: maxHandshakeBytes };
const empty = new Uint8Array(0);

/** A connection that this server opened: messages go out, signs of life come back. */
export class DialledConnection {
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #facts: DialFacts;
  readonly #events: DialEvents;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #liveness: Liveness | undefined;
  #cancelHandshake: () => void;
  #unwatch: () => void = () => {};
  #state: "connecting" | "greeting" | "open" | "ended" = "connecting";
  #wrote = false;

  constructor(facts: DialFacts, events: DialEvents) {
    this.#facts = facts;
    this.#events = events;
    const { clock, timeouts } = facts.settings;
    this.#reader = new FrameReader(beforeWelcome, (frame) => this.#onFrame(frame));
    this.#socket = facts.settings.security.dial(facts.address);
    this.closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#cancelHandshake = clock.schedule(clock.now() + timeouts.handshakeMs, () => this.#onHandshakeTimeout());
    this.#listen();
  }

  /** Writes in one system call if the system takes it; false if the socket wants to be drained before more comes. */
  write(bytes: Uint8Array): boolean {
    this.#wrote = true;
    return this.#socket.write(bytes);
  }

  /** Ends the connection without an event. What the system has not taken yet is lost. */
  close(): void {
    if (this.#state === "ended") return;
    const isOpen = this.#state === "open";
    this.#stop();
    if (!isOpen || this.#socket.writableLength > 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on(this.#facts.settings.security.readyEvent, () => this.#onReady());
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => {
      if (this.#state === "open") this.#events.onDrain();
    });
    socket.on("error", (error) => this.#end(describeSocketError(error, this.#where())));
    socket.on("end", () => this.#end(this.#unreachable("closed the connection")));
    socket.on("close", () => this.#end(this.#unreachable("closed the connection")));
  }

  /** Nothing is said to somebody who cannot prove to be the peer. */
  #onReady(): void {
    if (this.#state !== "connecting") return;
    const { settings, peer } = this.#facts;
    const failure = settings.security.judge(this.#socket, peer);
    if (failure === undefined) this.#sayHello();
    else this.#doubt(failure);
  }

  #doubt({ code, detail }: Failure): void {
    const { peer, at } = this.#where();
    this.#end({ code, detail: `dialled ${at} expecting ${peer}: ${detail}` });
  }

  #sayHello(): void {
    const { identity, settings, peer, lane } = this.#facts;
    const { name, version } = settings.codec;
    this.#state = "greeting";
    const hello = { ...identity, expects: peer, lane, versions: [protocolVersion], codec: { name, version } };
    try {
      this.#socket.write(helloFrame(hello));
    } catch (error) {
      this.#end({ code: codeOf(error) ?? codes.unreachable, detail: messageOf(error) });
    }
  }

  #onData(chunk: Buffer): void {
    this.#liveness?.heard();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      const { peer, at } = this.#where();
      const detail = `dialled ${at} expecting ${peer}, but the answer is not understood. ${messageOf(error)}`;
      this.#end({ code: codeOf(error) ?? codes.garbage, detail });
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "refusal") this.#end(this.#describeRefusal(readRefusal(frame.payload)));
    if (frame.type === "welcome") this.#onWelcome(readWelcome(frame.payload));
  }

  #onWelcome(welcome: Welcome): void {
    const failure = this.#judgeWelcome(welcome);
    if (failure !== undefined) {
      this.#end(failure);
      return;
    }
    const { peer, settings } = this.#facts;
    const { clock, timeouts } = settings;
    this.#cancelHandshake();
    this.#state = "open";
    this.#unwatch = settings.security.watch(this.#socket, peer, (doubt) => this.#doubt(doubt));
    this.#reader.limits = afterWelcome;
    this.#liveness = new Liveness({
      clock,
      keepAliveMs: timeouts.keepAliveMs,
      idleMs: timeouts.idleMs,
      onTick: () => this.#pingIfQuiet(),
      onSilence: () => this.#end(this.#unreachable(`is silent: nothing was heard for ${timeouts.idleMs} ms`)),
    });
    this.#events.onOpen();
  }

  /** The other side has checked us; now we check it, so that a mistake in either's settings is found. */
  #judgeWelcome(welcome: Welcome): Failure | undefined {
    const { identity, peer, liveIncarnation } = this.#facts;
    if (welcome.version !== protocolVersion) return { code: codes.versionMismatch, detail: this.#speaks(welcome) };
    if (welcome.clusterId !== identity.clusterId) return this.#otherCluster(welcome);
    if (welcome.nodeId !== peer) return this.#otherNode(welcome.nodeId);
    const live = liveIncarnation();
    if (live === undefined || live === welcome.incarnation) return undefined;
    const incarnations = `incarnations ${live} and ${printable(welcome.incarnation)}`;
    return { code: codes.duplicateId, detail: `two servers say that they are ${peer}: ${incarnations}` };
  }

  #describeRefusal(refusal: Refusal): Failure {
    if (refusal.code === codes.clusterMismatch) return this.#otherCluster(refusal);
    if (refusal.code === codes.peerMismatch) return this.#otherNode(refusal.nodeId);
    const isKnown = Object.values<string>(codes).includes(refusal.code);
    const { peer, at } = this.#where();
    return {
      code: isKnown ? refusal.code : codes.unreachable,
      detail: `${peer} at ${at} refuses this server: ${refusal.detail}`,
    };
  }

  #otherCluster(other: { readonly clusterId: string }): Failure {
    const { peer, at } = this.#where();
    const theirs = printable(other.clusterId);
    const detail = `dialled ${at} expecting ${peer} of cluster ${this.#facts.identity.clusterId}, but it is in cluster ${theirs}`;
    return { code: codes.clusterMismatch, detail };
  }

  #otherNode(nodeId: string): Failure {
    const { peer, at } = this.#where();
    const self = nodeId === this.#facts.identity.nodeId ? ", this server itself," : "";
    return {
      code: codes.peerMismatch,
      detail: `dialled ${at} expecting ${peer}, but ${printable(nodeId)}${self} answered`,
    };
  }

  #speaks(welcome: Welcome): string {
    const { peer, at } = this.#where();
    return `${peer} at ${at} chose protocol ${welcome.version}, but this server offered ${protocolVersion}`;
  }

  #onHandshakeTimeout(): void {
    const { handshakeMs } = this.#facts.settings.timeouts;
    const wasConnected = this.#state === "greeting";
    this.#end(
      this.#unreachable(
        wasConnected
          ? `timed out: it accepted the connection but did not answer within ${handshakeMs} ms`
          : `timed out: no connection within ${handshakeMs} ms`,
      ),
    );
  }

  #pingIfQuiet(): void {
    // A socket that is still full has something to carry already.
    if (!this.#wrote && this.#socket.writableLength === 0) this.#socket.write(frameBytes("ping", empty));
    this.#wrote = false;
  }

  #unreachable(what: string): Failure {
    const { peer, at } = this.#where();
    return { code: codes.unreachable, detail: `${peer} at ${at} ${what}` };
  }

  #where(): { readonly peer: string; readonly at: string } {
    return { peer: this.#facts.peer, at: describeAddress(this.#facts.address) };
  }

  #end(failure: Failure): void {
    if (this.#state === "ended") return;
    this.#stop();
    this.#socket.destroy();
    this.#events.onEnd(failure);
  }

  #stop(): void {
    this.#state = "ended";
    this.#cancelHandshake();
    this.#liveness?.stop();
    this.#unwatch();
    this.#reader.stop();
  }
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
