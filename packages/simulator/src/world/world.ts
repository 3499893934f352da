// Time itself: runs one planned event after the other, and lets the promises that an event has settled run to their end
// before the next one. Nothing here waits for real time.

import { EventQueue, type Planned } from "./event-queue.ts";
import { Trace } from "./trace.ts";

/**
 * How many links a chain of promises may have to be through before the next event. Longer chains go on during later
 * events, which changes nothing about determinism: jobs run in the order in which they were queued.
 */
const PROMISE_HOPS = 8;

/** Virtual time. */
export class World {
  readonly trace: Trace = new Trace();
  /** Called when an event and all that it settled is over, and before the first one. */
  onPause: (() => void) | undefined;
  readonly #queue = new EventQueue();
  #nowMs = 0;
  #events = 0;
  #hopsDue = 0;
  #isStopped = false;

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Plans an event in `delayMs`. */
  after(delayMs: number, run: () => void): Planned {
    return this.#queue.plan(this.#nowMs + delayMs, run);
  }

  /** Plans an event for a moment; one in the past happens now. */
  at(atMs: number, run: () => void): Planned {
    return this.#queue.plan(Math.max(this.#nowMs, atMs), run);
  }

  /** Tells that the running event may have settled promises: they run before the next event. */
  promisesSettled(): void {
    this.#hopsDue = PROMISE_HOPS;
  }

  /** Ends `run` after the event that is happening. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Lets events happen until `untilMs`, or until somebody stops it or nothing is left to happen. */
  async run(untilMs: number): Promise<void> {
    this.#isStopped = false;
    await this.#settle();
    this.onPause?.();
    for (let event = this.#queue.take(untilMs); event !== undefined; event = this.#queue.take(untilMs)) {
      this.#nowMs = event.atMs;
      this.#events += 1;
      event.run();
      // Most events settle nothing, and waiting costs as much as they do.
      if (this.#hopsDue > 0) await this.#settle();
      this.onPause?.();
      if (this.#isStopped) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  async #settle(): Promise<void> {
    for (; this.#hopsDue > 0; this.#hopsDue -= 1) await Promise.resolve();
  }
}
