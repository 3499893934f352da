// The clock that one process sees: its own origin, its own rate. A pause of the process does not stop it.

import type { Clock } from "@quorate/contracts";
import type { World } from "../world/world.ts";
import type { Process } from "./process.ts";

/** A monotonic clock that may run fast or slow. */
export class ProcessClock implements Clock {
  readonly #world: World;
  readonly #process: Process;
  /** When the clock showed `#originMs`. */
  #startedMs: number;
  #originMs: number;
  #rate: number;
  /** A timer that fires is not early by the clock that its callback reads, whatever rounding does. */
  #floorMs: number;
  #readings = 0;

  constructor(options: {
    readonly world: World;
    readonly process: Process;
    /** What the clock shows at first. */
    readonly originMs: number;
    /** Milliseconds of this clock in one millisecond of the world. */
    readonly rate: number;
  }) {
    this.#world = options.world;
    this.#process = options.process;
    this.#startedMs = options.world.nowMs;
    this.#originMs = options.originMs;
    this.#floorMs = options.originMs;
    this.#rate = options.rate;
  }

  now(): number {
    this.#readings += 1;
    const reading = this.#originMs + (this.#world.nowMs - this.#startedMs) * this.#rate;
    this.#floorMs = Math.max(this.#floorMs, reading);
    return this.#floorMs;
  }

  schedule(atMs: number, callback: () => void): () => void {
    const delayMs = Math.max(0, (atMs - this.now()) / this.#rate);
    let isCancelled = false;
    const event = this.#process.post(delayMs, () => {
      if (isCancelled) return;
      this.#floorMs = Math.max(this.#floorMs, atMs);
      callback();
    });
    return () => {
      isCancelled = true;
      event.isCancelled = true;
    };
  }

  /** From now on it runs with true time. */
  healRate(): void {
    this.#originMs = this.now();
    this.#startedMs = this.#world.nowMs;
    this.#rate = 1;
  }

  defer(callback: () => void): void {
    this.#process.postTurn(() => {
      const before = this.#readings;
      callback();
      // A turn of a node's loop reads the clock. What else a node defers is the next slice of a snapshot: it falls in between two
      // turns, when the node has not yet done what it will be judged by.
      return this.#readings > before;
    });
  }
}
