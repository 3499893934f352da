// Time that stands still until a test moves it. Promises of the code under test run to their end between two moments.

import type { Clock } from "@quorate/contracts";

type Timer = { readonly atMs: number; readonly callback: () => void };

/** A clock for tests. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];
  #deferred: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Lets time pass, millisecond by millisecond, with everything that happens in each of them. */
  async run(ms: number): Promise<void> {
    for (const end = this.#nowMs + ms; this.#nowMs < end; ) {
      this.#nowMs += 1;
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
      this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
      for (const { callback } of due) callback();
      await this.settle();
    }
  }

  /** Jumps, as after a pause of the process: timers fire late, all at once. */
  async jump(ms: number): Promise<void> {
    this.#nowMs += ms - 1;
    await this.run(1);
  }

  /** Moves time without letting anything happen: this process was stopped, the world was not. */
  leap(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs deferred work and promises until nothing is left to do at this moment. */
  async settle(): Promise<void> {
    // A turn of the node may resolve promises whose callbacks defer another turn; a few rounds reach the end of that.
    for (let idle = 0; idle < 12; idle++) {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const callback of deferred) callback();
      if (deferred.length > 0) idle = 0;
      await Promise.resolve();
    }
  }
}
