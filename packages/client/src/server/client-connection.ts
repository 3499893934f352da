// One client's connection: handshake, requests in, answers out. All answers of a turn of the event loop leave in one write.

import type { Clock } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import type { WireAnswer } from "../wire/answers.ts";
import { writeAnswer } from "../wire/answers.ts";
import type { ByteChannel } from "../wire/channel.ts";
import { type FrameLimits, frameOf, type FrameType, maxHandshakeBytes, protocolVersion } from "../wire/frame.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { FrameWriter } from "../wire/frame-writer.ts";
import { decodeHello, encodeRefusal, encodeWelcome, type Refusal } from "../wire/handshake.ts";
import { readRequests, type WireRequest } from "../wire/requests.ts";
import { busy } from "./failures.ts";
import type { SingleCall } from "./node-calls.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { Watch, Watcher } from "./watches.ts";

/** What a connection shares with the others. */
export type ConnectionParts = {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly sessionWindow: number;
  readonly clock: Clock;
  readonly limits: ConnectionLimits;
  /** Requests under way on all connections. */
  readonly load: { underWay: number };
  answer(call: SingleCall, onAnswer: (answer: WireAnswer) => void): void;
  watch(query: Uint8Array, minIndex: number, watcher: Watcher): Watch | undefined;
  /** Why this client is not served, undefined if it is; its answer may change. */
  judge(): Refusal | undefined;
  /** A client that was served is served no more: its connection is over. */
  onExpelled(refusal: Refusal): void;
  /** The connection is over. */
  onEnd(): void;
};

const beforeHello: FrameLimits = { hello: maxHandshakeBytes };

/** A connection that a client opened. */
export class ClientConnection {
  readonly #parts: ConnectionParts;
  readonly #channel: ByteChannel;
  readonly #reader: FrameReader;
  readonly #frames = new FrameWriter("answers");
  readonly #watches = new Map<number, Watch>();
  readonly #sinceMs: number;
  #state: "greeting" | "open" | "ending" | "ended" = "greeting";
  #underWay = 0;
  #isFull = false;
  #isFlushScheduled = false;
  #heardMs: number;
  /** When the frame began of which only a part has arrived. */
  #partSinceMs: number | undefined;

  constructor(channel: ByteChannel, parts: ConnectionParts) {
    this.#channel = channel;
    this.#parts = parts;
    this.#sinceMs = parts.clock.now();
    this.#heardMs = this.#sinceMs;
    this.#reader = new FrameReader(beforeHello, (type, payload) => this.#onFrame(type, payload));
  }

  /** Bytes from the client. Whatever they are, they end at most this connection. */
  onData(bytes: Uint8Array): void {
    if (this.#state === "ended") return;
    this.#heardMs = this.#parts.clock.now();
    // Every chunk that completes a frame begins a new deadline.
    const before = this.#reader.framesRead;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#refuse({ code: codeOf(error) ?? "QUORATE_DECODE_FAILED", message, hint: "Speak the client protocol." });
      return;
    }
    if (!this.#reader.isInsideFrame) this.#partSinceMs = undefined;
    else if (this.#partSinceMs === undefined || before !== this.#reader.framesRead) this.#partSinceMs = this.#heardMs;
  }

  onDrain(): void {
    this.#isFull = false;
    this.#channel.resume();
    for (const watch of this.#watches.values()) watch.resume();
  }

  /** The channel is gone. What is under way goes on, but nobody hears of it. */
  onClose(): void {
    this.#stop();
  }

  /** Ends a client that is too slow: to say hello, to finish a frame, or to say anything. */
  checkTime(nowMs: number): void {
    const { handshakeMs, frameMs, idleMs } = this.#parts.limits;
    const isBusy = this.#underWay > 0 || this.#watches.size > 0;
    if (this.#state === "greeting" && nowMs - this.#sinceMs >= handshakeMs) this.#destroy();
    else if (this.#partSinceMs !== undefined && nowMs - this.#partSinceMs >= frameMs) this.#destroy();
    else if (!isBusy && nowMs - this.#heardMs >= idleMs) this.#destroy();
  }

  /** Ends a client that is not to be served any more; it hears why, but no answer to what is under way. */
  judge(): void {
    if (this.#state === "greeting" || this.#state === "ended") return;
    const refusal = this.#parts.judge();
    if (refusal === undefined) return;
    this.#refuse(refusal);
    this.#parts.onExpelled(refusal);
  }

  /** Takes no more requests, answers those under way, and ends. */
  end(): void {
    if (this.#state === "ended" || this.#state === "ending") return;
    this.#state = "ending";
    this.#endIfDone();
  }

  /** Ends at once. */
  destroy(): void {
    this.#destroy();
  }

  #onFrame(type: FrameType, payload: Uint8Array): void {
    switch (type) {
      case "hello":
        return this.#onHello(payload);
      case "ping":
        return void this.#channel.write(frameOf("pong"));
      case "requests":
        if (this.#state === "open") readRequests(payload, (request) => this.#onRequest(request));
        return undefined;
      default:
        return undefined;
    }
  }

  #onHello(payload: Uint8Array): void {
    const { clusterId, nodeId, sessionWindow, limits } = this.#parts;
    const hello = decodeHello(payload);
    if (!hello.versions.includes(protocolVersion)) {
      const message = `${nodeId} speaks version ${protocolVersion}, not ${hello.versions.join(", ")}`;
      return this.#refuse({ code: "QUORATE_VERSION_MISMATCH", message, hint: "Use a client of the servers' version." });
    }
    if (hello.clusterId !== undefined && hello.clusterId !== clusterId) {
      const message = `${nodeId} is of cluster ${clusterId}, not ${hello.clusterId}`;
      return this.#refuse({ code: "QUORATE_CLUSTER_MISMATCH", message, hint: "Check the endpoints." });
    }
    const refusal = this.#parts.judge();
    if (refusal !== undefined) return this.#refuse(refusal);
    this.#state = "open";
    this.#reader.limits = { requests: limits.maxFrameBytes, ping: 0 };
    const { maxInFlight } = limits;
    const welcome = { version: protocolVersion, clusterId, nodeId, maxInFlight, sessionWindow };
    this.#channel.write(frameOf("welcome", encodeWelcome(welcome)));
    return undefined;
  }

  #onRequest({ id, call }: WireRequest): void {
    const { limits, load } = this.#parts;
    if (call.type === "cancel") {
      this.#watches.get(id)?.end();
      this.#watches.delete(id);
      return;
    }
    if (this.#underWay + this.#watches.size >= limits.maxInFlight) {
      return this.#send(id, busy(`${limits.maxInFlight} requests of this connection are under way already.`));
    }
    if (call.type === "watch") return this.#watch(id, call);
    if (load.underWay >= limits.maxInFlightTotal) {
      return this.#send(id, busy(`${limits.maxInFlightTotal} requests are under way already.`));
    }
    this.#underWay += 1;
    load.underWay += 1;
    this.#parts.answer(call, (answer) => {
      this.#underWay -= 1;
      load.underWay -= 1;
      this.#send(id, answer);
      if (this.#state === "ending") this.#endIfDone();
    });
  }

  #watch(id: number, { query, minIndex }: { readonly query: Uint8Array; readonly minIndex: number }): void {
    if (this.#watches.has(id)) return this.#send(id, busy(`request ${id} is a watch that is under way`));
    const watch = this.#parts.watch(query, minIndex, {
      isReady: () => !this.#isFull,
      onAnswer: (answer) => {
        if (answer.type !== "event") this.#watches.delete(id);
        this.#send(id, answer);
      },
    });
    if (watch !== undefined) this.#watches.set(id, watch);
  }

  #send(id: number, answer: WireAnswer): void {
    if (this.#state === "ended") return;
    if (!this.#frames.add((writer) => writeAnswer(writer, id, answer)))
      this.#frames.add((writer) => writeAnswer(writer, id, tooLarge));
    if (this.#frames.isFull) this.#flush();
    else this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#parts.clock.defer(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#state === "ended" || this.#frames.count === 0) return;
    if (this.#channel.write(this.#frames.take())) return;
    if (!this.#isFull) this.#channel.pause();
    this.#isFull = true;
    // Requests that were taken before may still be answered, but not without bound.
    if (this.#channel.bufferedBytes() > this.#parts.limits.maxBufferedBytes) this.#destroy();
  }

  #endIfDone(): void {
    if (this.#underWay > 0) return;
    this.#flush();
    this.#stop();
    this.#channel.end();
  }

  #refuse(refusal: Refusal): void {
    if (this.#state === "ended") return;
    this.#stop();
    this.#channel.write(frameOf("refusal", encodeRefusal(refusal)));
    this.#channel.end();
  }

  #destroy(): void {
    this.#stop();
    this.#channel.destroy();
  }

  #stop(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#reader.stop();
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
    this.#parts.onEnd();
  }
}

const tooLarge: WireAnswer = {
  type: "failed",
  error: {
    code: "QUORATE_TOO_LARGE",
    message: "The answer is larger than any frame may be.",
    hint: "Ask over HTTP, and store smaller values.",
    retryable: false,
    outcome: "unknown",
    scope: "request",
    details: "{}",
  },
};
