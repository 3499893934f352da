// A clock for tests of what waits: time passes when the test says so.

import type { Clock } from "@quorate/contracts";

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  defer(callback: () => void): void {
    queueMicrotask(callback);
  }

  /** Lets so much time pass and the timers of that time come, in their order; promises settle around each. */
  async advance(forMs: number): Promise<void> {
    const untilMs = this.#now + forMs;
    while ((this.#first?.atMs ?? Number.POSITIVE_INFINITY) <= untilMs) await this.next();
    this.#now = untilMs;
  }

  /** Lets the next timer come; promises settle before and after. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const first = this.#first;
    if (first === undefined) return;
    this.#timers = this.#timers.filter((other) => other !== first);
    this.#now = Math.max(this.#now, first.atMs);
    first.callback();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get #first(): { readonly atMs: number; readonly callback: () => void } | undefined {
    return this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
  }
}
