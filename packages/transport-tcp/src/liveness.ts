// Notices that nothing has arrived on a connection for too long. Only one timer per connection, whatever the traffic.

import type { Clock } from "@quorate/contracts";

/** Watches one connection; looks every `keepAliveMs`. */
export class Liveness {
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  readonly #idleMs: number;
  readonly #onTick: () => void;
  readonly #onSilence: () => void;
  #heardMs: number;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(facts: {
    readonly clock: Clock;
    readonly keepAliveMs: number;
    readonly idleMs: number;
    /** Called at every look at which the connection is alive: time for a ping. */
    readonly onTick: () => void;
    /** Called once, when nothing was heard for `idleMs`. */
    readonly onSilence: () => void;
  }) {
    this.#clock = facts.clock;
    this.#keepAliveMs = facts.keepAliveMs;
    this.#idleMs = facts.idleMs;
    this.#onTick = facts.onTick;
    this.#onSilence = facts.onSilence;
    this.#heardMs = this.#clock.now();
    this.#arm();
  }

  /** Something has arrived. */
  heard(): void {
    this.#heardMs = this.#clock.now();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #arm(): void {
    const dueMs = this.#clock.now() + this.#keepAliveMs;
    this.#cancel = this.#clock.schedule(dueMs, () => this.#look(dueMs));
  }

  #look(dueMs: number): void {
    const nowMs = this.#clock.now();
    // This process was paused itself: what the peer sent meanwhile is still to be read, so its silence proves nothing.
    if (nowMs - dueMs > this.#keepAliveMs) this.#heardMs = nowMs;
    if (nowMs - this.#heardMs >= this.#idleMs) {
      this.#onSilence();
      return;
    }
    this.#onTick();
    if (!this.#stopped) this.#arm();
  }
}
