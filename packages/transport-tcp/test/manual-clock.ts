// Time that passes when the test says so; deferred callbacks still run at the end of the real turn.

import type { Clock } from "@quorate/contracts";

type Timer = { readonly atMs: number; readonly callback: () => void };

/** A clock that starts at 0. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers: Set<Timer> = new Set();

  now(): number {
    return this.#nowMs;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }

  /** Lets time pass, timer by timer. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  /** Time that passes while the process stands still: timers run late, all at the end. */
  stall(byMs: number): void {
    this.#nowMs += byMs;
    this.advance(0);
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.atMs <= untilMs);
    return due.toSorted((left, right) => left.atMs - right.atMs)[0];
  }
}
