// When the next turn of a node's loop comes: soon after an input, or when time asks for it. One timer, one deferred call.

import type { Clock } from "@quorate/contracts";

/** Schedules turns. */
export class Turns {
  readonly #clock: Clock;
  readonly #turn: () => void;
  readonly #onLate: (lateMs: number) => void;
  #isDeferred = false;
  #isStopped = false;
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor({ clock, turn, onLate }: { clock: Clock; turn: () => void; onLate: (lateMs: number) => void }) {
    this.#clock = clock;
    this.#turn = turn;
    this.#onLate = onLate;
  }

  /** A turn after the inputs that wait at this moment. */
  soon(): void {
    if (this.#isDeferred || this.#isStopped) return;
    this.#isDeferred = true;
    this.#clock.defer(() => {
      this.#isDeferred = false;
      if (!this.#isStopped) this.#turn();
    });
  }

  /** A turn at `dueMs` or a little earlier; Infinity for none. */
  at(dueMs: number): void {
    // A timer that fires early costs one idle turn; moving it at every turn would cost more.
    if (this.#isStopped || (this.#cancelTimer !== undefined && this.#timerDueMs <= dueMs)) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timerDueMs = dueMs;
    this.#cancelTimer = this.#clock.schedule(dueMs, () => this.#onTimer());
  }

  /** No more turns. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #onTimer(): void {
    this.#cancelTimer = undefined;
    this.#onLate(this.#clock.now() - this.#timerDueMs);
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    // Deferred, so that messages which waited out a pause of this process are heard before the clock is.
    this.soon();
  }
}
