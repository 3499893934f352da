// How the cluster page stays connected: it reads frames, notices silence, tries again, and gives up only when told to.
import type { Frame } from "@quorate/counter/demo/page/protocol";
import { describe, expect, test } from "vitest";
import { Connection, type ConnectionState, RETRY_MS, SILENCE_MS } from "../../src/live/connection.ts";

/** Timers that run out when the test says so. */
class ManualTimers {
  #nowMs = 0;
  #timers: readonly { readonly atMs: number; readonly callback: () => void }[] = [];

  schedule = (callback: () => void, ms: number): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers = [...this.#timers, timer];
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  /** How long the next timer still waits, in ms. */
  get nextMs(): number {
    return Math.min(...this.#timers.map(({ atMs }) => atMs)) - this.#nowMs;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { callback } of due) callback();
  }
}

/** The demo's side of one attempt to connect. */
class Attempt {
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  readonly response: Response;

  constructor(signal: AbortSignal) {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    if (controller === undefined) throw new Error("a stream starts at once");
    this.#controller = controller;
    this.response = new Response(body);
    signal.addEventListener("abort", () => this.breakOff());
  }

  say(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  frame(frame: Frame): void {
    this.say(`data: ${JSON.stringify(frame)}\n\n`);
  }

  end(): void {
    this.#controller.close();
  }

  breakOff(): void {
    try {
      this.#controller.error(new Error("broken off"));
    } catch {
      // It had ended.
    }
  }
}

function startConnection(answer?: (signal: AbortSignal) => Promise<Response>) {
  const timers = new ManualTimers();
  const attempts: Attempt[] = [];
  const frames: Frame[] = [];
  const states: ConnectionState["type"][] = [];
  let reason = "";
  const connection = new Connection({
    open: (signal) => {
      const attempt = new Attempt(signal);
      attempts.push(attempt);
      return answer?.(signal) ?? Promise.resolve(attempt.response);
    },
    onFrame: (frame) => frames.push(frame),
    onState: (state) => {
      if (states.at(-1) !== state.type) states.push(state.type);
      if (state.type === "refused") ({ reason } = state);
    },
    schedule: timers.schedule,
  });
  connection.start();
  const latest = (): Attempt => {
    const attempt = attempts.at(-1);
    if (attempt === undefined) throw new Error("nobody has tried to connect");
    return attempt;
  };
  return { timers, attempts, frames, states, latest, reason: () => reason };
}

/** Lets everything that is due in promises happen. */
const settle = () => new Promise((resolve) => void setImmediate(resolve));

describe("a connection", () => {
  test("hands on frames, however they are cut into pieces", async () => {
    const { latest, frames, states } = startConnection();
    latest().say('data: {"seq":1,');
    latest().say('"atMs":5}\n');
    latest().say('\n: still here\n\ndata: {"seq":2,"atMs":6}\n\n');
    await settle();
    expect(frames).toEqual([
      { seq: 1, atMs: 5 },
      { seq: 2, atMs: 6 },
    ]);
    expect(states).toEqual(["connecting", "live"]);
  });

  test("counts as lost after silence, and comes back by itself", async () => {
    const { timers, latest, attempts, frames, states } = startConnection();
    latest().frame({ seq: 1, atMs: 0 });
    await settle();
    timers.pass(SILENCE_MS);
    await settle();
    expect(states).toEqual(["connecting", "live", "reconnecting"]);
    timers.pass(RETRY_MS[0]);
    await settle();
    expect(attempts).toHaveLength(2);
    latest().frame({ seq: 1, atMs: 100 });
    await settle();
    expect(states.at(-1)).toBe("live");
    expect(frames).toHaveLength(2);
  });

  test("counts as lost when the demo does not even answer", async () => {
    const never = (signal: AbortSignal) =>
      new Promise<Response>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { timers, states } = startConnection(never);
    timers.pass(SILENCE_MS);
    await settle();
    expect(states).toEqual(["connecting", "reconnecting"]);
  });

  test("lives on heartbeats alone", async () => {
    const { timers, latest, states } = startConnection();
    latest().frame({ seq: 1, atMs: 0 });
    for (let beat = 0; beat < 10; beat += 1) {
      await settle();
      timers.pass(SILENCE_MS - 1);
      latest().say(": still here\n\n");
    }
    await settle();
    expect(states).toEqual(["connecting", "live"]);
  });

  test("begins anew when a frame is missing, because it no longer knows what has changed", async () => {
    const { timers, latest, attempts, frames, states } = startConnection();
    latest().frame({ seq: 1, atMs: 0 });
    latest().frame({ seq: 3, atMs: 2 });
    await settle();
    expect(states.at(-1)).toBe("reconnecting");
    timers.pass(RETRY_MS[0]);
    await settle();
    expect(attempts).toHaveLength(2);
    expect(frames.map(({ seq }) => seq)).toEqual([1]);
  });

  test("tries less and less often, up to a bound, while nobody answers, and quickly again after it was live", async () => {
    let isThere = false;
    const { timers, attempts, latest } = startConnection(() =>
      isThere ? Promise.resolve(latest().response) : Promise.reject(new TypeError("refused")),
    );
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await settle();
      pauses.push(timers.nextMs);
      timers.pass(timers.nextMs);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 2000, 2000]);
    isThere = true;
    await settle();
    timers.pass(timers.nextMs);
    await settle();
    latest().frame({ seq: 1, atMs: 0 });
    await settle();
    latest().breakOff();
    await settle();
    expect(timers.nextMs).toBe(250);
    expect(attempts).toHaveLength(8);
  });

  test("gives up when the demo does not know the token, and says so", async () => {
    const answer = () => Promise.resolve(Response.json({ detail: "The token is wrong." }, { status: 401 }));
    const { timers, attempts, states, reason } = startConnection(answer);
    await settle();
    expect(states).toEqual(["connecting", "refused"]);
    expect(reason()).toBe("The token is wrong.");
    timers.pass(60_000);
    expect(attempts).toHaveLength(1);
  });

  test("tries again when the demo has no room", async () => {
    const { states } = startConnection(() => Promise.resolve(new Response("", { status: 503 })));
    await settle();
    expect(states).toEqual(["connecting", "reconnecting"]);
  });

  test("ends with the run, once its verdict has come", async () => {
    const { latest, states, timers, attempts } = startConnection();
    latest().frame({ seq: 1, atMs: 0, verdict: null });
    const verdict = { holds: true, acknowledged: 1, lost: 0, duplicated: 0, problems: [] };
    latest().frame({ seq: 2, atMs: 1, verdict });
    latest().end();
    await settle();
    expect(states).toEqual(["connecting", "live", "ended"]);
    timers.pass(60_000);
    expect(attempts).toHaveLength(1);
  });
});
