// Turns dropped messages into few events: the first at the end of the turn, then at most one per second with the sum.

import type { Clock, DropReason, Lane, TransportEvent } from "@quorate/contracts";

const intervalMs = 1000;

/** Collects what was dropped on the way to one peer. */
export class DropReport {
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #onEvent: (event: TransportEvent) => void;
  readonly #counts: Map<string, { readonly lane: Lane; readonly reason: DropReason; count: number }> = new Map();
  #lastMs = -Infinity;
  #cancel: (() => void) | undefined;

  constructor(facts: {
    readonly peer: string;
    readonly clock: Clock;
    readonly onEvent: (event: TransportEvent) => void;
  }) {
    this.#peer = facts.peer;
    this.#clock = facts.clock;
    this.#onEvent = facts.onEvent;
  }

  add(lane: Lane, reason: DropReason): void {
    const key = `${lane} ${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { lane, reason, count: 1 });
    else known.count += 1;
    this.#cancel ??= this.#clock.schedule(Math.max(this.#clock.now(), this.#lastMs + intervalMs), () => this.#tell());
  }

  close(): void {
    this.#cancel?.();
    this.#counts.clear();
  }

  #tell(): void {
    this.#cancel = undefined;
    this.#lastMs = this.#clock.now();
    const dropped = [...this.#counts.values()];
    this.#counts.clear();
    for (const { lane, reason, count } of dropped) {
      this.#onEvent({ type: "messagesDropped", peer: this.#peer, lane, count, reason });
    }
  }
}
