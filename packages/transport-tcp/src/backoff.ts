// How long to wait before dialling a peer again: longer after every failure in a row, and not in step with others.

import type { Random } from "@quorate/contracts";

/** Counts failures in a row and turns them into pauses. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(options: { readonly minMs: number; readonly maxMs: number; readonly random: Random }) {
    this.#minMs = options.minMs;
    this.#maxMs = options.maxMs;
    this.#random = options.random;
  }

  /** The pause after one more failure: between half of and all of the doubled minimum, never above the maximum. */
  nextMs(): number {
    const fullMs = Math.min(this.#maxMs, this.#minMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return fullMs * (1 - this.#random() / 2);
  }

  /** A connection has lasted `lastedMs`: one that ends at once counts as one more failure, or a quarrel would spin. */
  ended(lastedMs: number): void {
    if (lastedMs >= this.#maxMs) this.#failures = 0;
  }
}
