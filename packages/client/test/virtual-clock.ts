// Time for tests: it stands still while anything is under way and jumps to the next timer when all is quiet.
import type { Clock } from "@quorate/contracts";

/** Turns of the event loop without progress after which only a timer can continue. Reading a Response or greeting a server needs some. */
const quietTurns = 25;

type Timer = { readonly atMs: number; readonly callback: () => void };

export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: readonly Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback };
    this.#timers = [...this.#timers, timer].toSorted((a, b) => a.atMs - b.atMs);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Lets time pass until `promise` is settled, and passes on its result or rejection. */
  async settle<Result>(promise: Promise<Result>): Promise<Result> {
    const state = { settled: false };
    const onSettled = (): void => {
      state.settled = true;
    };
    void promise.then(onSettled, onSettled);
    while (!state.settled) {
      for (let turn = 0; turn < quietTurns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (!state.settled) this.#fireNext();
    }
    return promise;
  }

  #fireNext(): void {
    const [timer, ...rest] = this.#timers;
    if (timer === undefined) throw new Error("the call waits for something that is not a timer");
    this.#timers = rest;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.callback();
  }
}
