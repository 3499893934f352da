// One connection to one node: requests go out as they come, many in one write, and each ends with its answer, its deadline or
// the connection. Requests beyond what the server allows wait here.

import { type Clock, QuorateError, RecentMap } from "@quorate/contracts";
import { readAnswers, type WireAnswer } from "../wire/answers.ts";
import type { ByteChannel, ByteChannelEvents } from "../wire/channel.ts";
import { type FrameLimits, frameOf, type FrameType, maxFrameBytes, maxHandshakeBytes } from "../wire/frame.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import { FrameWriter } from "../wire/frame-writer.ts";
import { decodeRefusal, decodeWelcome, encodeHello, type Welcome } from "../wire/handshake.ts";
import { type WireCall, writeRequest } from "../wire/requests.ts";

/** How a request on a connection can end without an answer. */
export type NoAnswer = {
  readonly type: "failed";
  readonly reason: string;
  /** False only if the request certainly never left. */
  readonly sent: boolean;
  readonly timedOut: boolean;
};

/** A request and whoever waits for it. */
export type ConnectionRequest = {
  readonly call: WireCall;
  /** When to give up, in ms of the clock; Infinity for a watch. */
  readonly deadlineMs: number;
  /** Called once with an answer that ends the request, or without one; and before with each event of a watch. */
  onAnswer(answer: WireAnswer | NoAnswer): void;
  /** Called instead if the client is closed first. */
  onClosed(reason: unknown): void;
};

/** Opens a channel to an endpoint such as `tcp://127.0.0.1:8201`. */
export type Dial = (endpoint: string, events: ByteChannelEvents & { onOpen(): void }) => ByteChannel;

/** What a connection is made of. */
export type ConnectionParts = {
  readonly endpoint: string;
  readonly dial: Dial;
  readonly clock: Clock;
  onWelcome(welcome: Welcome): void;
  /** The connection is over; it takes no more requests. */
  onEnd(): void;
};

type Open = { readonly id: number; readonly request: ConnectionRequest };

/** Requests that may wait for a free place on one connection. */
export const maxQueuedRequests = 100_000;
const handshakeMs = 5000;
/** A watch has no deadline: silence for this long is answered with a ping, and twice as long ends the connection. */
const silenceMs = 10_000;
const beforeWelcome: FrameLimits = { welcome: maxHandshakeBytes, refusal: maxHandshakeBytes };
const afterWelcome: FrameLimits = { answers: maxFrameBytes, pong: 0, refusal: maxHandshakeBytes };

/** A connection; dials at once. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #channel: ByteChannel;
  readonly #reader: FrameReader;
  readonly #frames = new FrameWriter("requests");
  /** Sent and not answered. */
  readonly #open = new RecentMap<Open>();
  /** Not sent yet, in order. */
  #queue: Open[] = [];
  #state: "greeting" | "ready" | "ended" = "greeting";
  #isFull = false;
  #isFlushScheduled = false;
  #maxInFlight = 1;
  #nextId = 1;
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #greetingEndsMs: number;
  #heardMs: number;
  #pinged = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#heardMs = parts.clock.now();
    this.#greetingEndsMs = this.#heardMs + handshakeMs;
    this.#reader = new FrameReader(beforeWelcome, (type, payload) => this.#onFrame(type, payload));
    this.#channel = parts.dial(parts.endpoint, {
      onOpen: () => this.#channel.write(frameOf("hello", encodeHello({ clusterId: undefined }))),
      onData: (bytes) => this.#onData(bytes),
      onDrain: () => {
        this.#isFull = false;
        this.#scheduleFlush();
      },
      onClose: (reason) => this.#end(reason),
    });
    this.#wakeAt(this.#greetingEndsMs);
  }

  /** Sends a request at the end of this turn, or when there is room. The function that it returns forgets the request. */
  request(request: ConnectionRequest): () => void {
    if (this.#state === "ended" || this.#queue.length >= maxQueuedRequests) {
      const reason = this.#state === "ended" ? "the connection has ended" : "too many requests are waiting";
      request.onAnswer({ type: "failed", reason, sent: false, timedOut: false });
      return () => {};
    }
    const open: Open = { id: this.#nextId, request };
    this.#nextId += 1;
    this.#queue.push(open);
    // While there are requests, a timer is set, and never later than silence has to be noticed.
    if (request.deadlineMs < this.#timerDueMs) {
      this.#wakeAt(Math.min(request.deadlineMs, this.#parts.clock.now() + silenceMs));
    }
    this.#scheduleFlush();
    return () => this.#forget(open);
  }

  /** Sends what waits, then ends the connection and all requests, with `reason`. */
  close(reason: unknown): void {
    if (this.#state === "ended") return;
    if (this.#state === "ready") this.#flush();
    const unanswered = [...this.#open.values(), ...this.#queue];
    this.#stop();
    this.#channel.end();
    for (const { request } of unanswered) request.onClosed(reason);
  }

  #forget(open: Open): void {
    const wasSent = this.#open.get(open.id) === open;
    this.#open.delete(open.id);
    if (!wasSent) this.#queue = this.#queue.filter((other) => other !== open);
    else if (open.request.call.type === "watch") this.#queue.push({ id: open.id, request: cancellation });
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#state !== "ready" || this.#queue.length === 0) return;
    this.#isFlushScheduled = true;
    this.#parts.clock.defer(() => {
      this.#isFlushScheduled = false;
      if (this.#state === "ready") this.#flush();
    });
  }

  #flush(): void {
    let sent = 0;
    for (const open of this.#queue) {
      if (this.#isFull || this.#open.size >= this.#maxInFlight) break;
      sent += 1;
      const { id, request } = open;
      const fits = this.#frames.add((writer) => writeRequest(writer, id, request.call));
      if (!fits) request.onAnswer(tooLarge);
      else if (request.call.type !== "cancel") this.#open.set(id, open);
      if (this.#frames.isFull) this.#write();
    }
    if (sent > 0) this.#queue = sent === this.#queue.length ? [] : this.#queue.slice(sent);
    if (this.#frames.count > 0) this.#write();
  }

  #write(): void {
    if (!this.#channel.write(this.#frames.take())) this.#isFull = true;
  }

  #onData(bytes: Uint8Array): void {
    if (this.#state === "ended") return;
    this.#heardMs = this.#parts.clock.now();
    this.#pinged = false;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.#channel.destroy();
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #onFrame(type: FrameType, payload: Uint8Array): void {
    switch (type) {
      case "welcome":
        return this.#onWelcome(decodeWelcome(payload));
      case "refusal": {
        const { code, message } = decodeRefusal(payload);
        this.#channel.destroy();
        return this.#end(`${code}: ${message}`);
      }
      case "answers":
        readAnswers(payload, (id, answer) => this.#onAnswer(id, answer));
        return this.#scheduleFlush();
      default:
        return undefined;
    }
  }

  #onWelcome(welcome: Welcome): void {
    this.#state = "ready";
    this.#greetingEndsMs = Number.POSITIVE_INFINITY;
    this.#reader.limits = afterWelcome;
    this.#maxInFlight = welcome.maxInFlight;
    this.#parts.onWelcome(welcome);
    this.#flush();
  }

  #onAnswer(id: number, answer: WireAnswer): void {
    const open = this.#open.get(id);
    // Nobody waits any more: it was given up, or its connection was.
    if (open === undefined) return;
    if (answer.type !== "event") this.#open.delete(id);
    open.request.onAnswer(answer);
  }

  // Time

  #wakeAt(dueMs: number): void {
    if (dueMs >= this.#timerDueMs) return;
    this.#cancelTimer?.();
    this.#timerDueMs = dueMs;
    this.#cancelTimer = this.#parts.clock.schedule(dueMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#cancelTimer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const now = this.#parts.clock.now();
    if (now >= this.#greetingEndsMs) return this.#giveUp(`no welcome within ${handshakeMs} ms`);
    if (this.#open.size > 0) this.#checkSilence(now);
    if (this.#state === "ended") return;
    const next = this.#expire(now);
    this.#wakeAt(Math.min(next, this.#greetingEndsMs));
  }

  #checkSilence(now: number): void {
    const silentMs = now - this.#heardMs;
    if (silentMs >= 2 * silenceMs) return this.#giveUp(`nothing was heard for ${Math.round(silentMs)} ms`);
    if (silentMs < silenceMs || this.#pinged || this.#state !== "ready") return;
    this.#pinged = true;
    this.#channel.write(frameOf("ping"));
  }

  /** Ends what has waited too long; returns when to look again. */
  #expire(now: number): number {
    let nextMs = this.#open.size === 0 ? Number.POSITIVE_INFINITY : now + silenceMs;
    const late: { readonly open: Open; readonly sent: boolean }[] = [];
    const look = (open: Open, sent: boolean): void => {
      const { deadlineMs } = open.request;
      if (now >= deadlineMs) late.push({ open, sent });
      else nextMs = Math.min(nextMs, deadlineMs);
    };
    for (const open of this.#open.values()) look(open, true);
    for (const open of this.#queue) look(open, false);
    if (late.some(({ sent }) => !sent)) this.#queue = this.#queue.filter(({ request }) => now < request.deadlineMs);
    for (const { open, sent } of late) {
      this.#open.delete(open.id);
      open.request.onAnswer({ type: "failed", reason: "no answer in time", sent, timedOut: true });
    }
    return nextMs;
  }

  #giveUp(reason: string): void {
    this.#channel.destroy();
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#state === "ended") return;
    const sent = this.#open.values();
    const unsent = this.#queue;
    this.#stop();
    this.#parts.onEnd();
    for (const { request } of sent) request.onAnswer({ type: "failed", reason, sent: true, timedOut: false });
    for (const { request } of unsent) request.onAnswer({ type: "failed", reason, sent: false, timedOut: false });
  }

  #stop(): void {
    this.#state = "ended";
    this.#reader.stop();
    this.#cancelTimer?.();
    this.#open.clear();
    this.#queue = [];
  }
}

/** Sent for a watch that nobody wants any more; it is not answered. */
const cancellation: ConnectionRequest = {
  call: { type: "cancel" },
  deadlineMs: Number.POSITIVE_INFINITY,
  onAnswer: () => {},
  onClosed: () => {},
};

const tooLarge: WireAnswer = {
  type: "failed",
  error: {
    code: "QUORATE_TOO_LARGE",
    message: `The request is larger than any frame may be, which is ${maxFrameBytes} bytes.`,
    hint: "Nothing was sent. Use a smaller value.",
    retryable: false,
    outcome: "none",
    scope: "request",
    details: "{}",
  },
};

/** The error for an answer that failed. */
export function errorOf(failed: Extract<WireAnswer, { type: "failed" }>, endpoint: string): QuorateError {
  const { code, message, hint, retryable, outcome, details } = failed.error;
  return new QuorateError({ code, message, hint, retryable, outcome, details: { ...factsOf(details), endpoint } });
}

function factsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const facts: unknown = JSON.parse(text);
    // Any object has string members of unknown type.
    return typeof facts === "object" && facts !== null ? (facts as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
