// Group commit, the driver's half: what is proposed while a disk write runs waits here and becomes the next batch, one
// write and one frame a peer. A proposal that meets an idle disk does not wait.

import type { Proposed } from "./api.ts";
import { busy } from "./errors.ts";
import type { Waiting } from "./waiting.ts";

/** A command that the core has not seen yet. */
export type Arrival<Result> = {
  readonly data: Uint8Array;
  readonly caller: Waiting<Proposed<Result>>;
};

/** Commands in order of arrival, bounded by bytes. */
export class NextBatch<Result> {
  readonly #maxBytes: number;
  #arrivals: Arrival<Result>[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#arrivals.length;
  }

  /** False if it does not fit. */
  add(arrival: Arrival<Result>): boolean {
    if (this.#bytes + arrival.data.byteLength > this.#maxBytes) return false;
    this.#bytes += arrival.data.byteLength;
    this.#arrivals.push(arrival);
    return true;
  }

  /** All that nobody has given up in the meantime. */
  take(): readonly Arrival<Result>[] {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#bytes = 0;
    return arrivals.filter(({ caller }) => !caller.isSettled);
  }

  /** Ends what has waited too long. It was never proposed, so it certainly has no effect. */
  expire(nowMs: number): void {
    for (const { caller } of this.#arrivals) if (nowMs >= caller.deadlineMs) caller.reject(busy("proposals"));
    if (this.#arrivals.every(({ caller }) => !caller.isSettled)) return;
    this.#arrivals = this.#arrivals.filter(({ caller }) => !caller.isSettled);
    this.#bytes = this.#arrivals.reduce((sum, { data }) => sum + data.byteLength, 0);
  }

  /** Ends everything. */
  rejectAll(error: () => Error): void {
    for (const { caller } of this.take()) caller.reject(error());
  }
}
