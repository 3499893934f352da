// What the load has seen: every acknowledged write with its answer, and every write that is not settled.

import type { CounterValue, JsonValue, RegisterValue } from "@quorate/client";

/** A write that was sent and has no answer that settles it. */
export type OpenWrite =
  | { readonly kind: "addition"; readonly counter: string }
  | { readonly kind: "set"; readonly key: string };

/** The facts that a proof starts from. */
export type LedgerFacts = {
  /** Additions of 1 with the value that the cluster answered. */
  readonly additions: readonly { readonly counter: string; readonly value: number }[];
  readonly sets: readonly { readonly key: string; readonly value: JsonValue; readonly revision: number }[];
  /** Writes that may or may not have taken effect. */
  readonly open: readonly OpenWrite[];
  /** Writes that the cluster refused although there was no reason to. */
  readonly refusals: readonly string[];
};

/** Collects what the workers report. */
export class Ledger implements LedgerFacts {
  readonly additions: { readonly counter: string; readonly value: number }[] = [];
  readonly sets: { readonly key: string; readonly value: JsonValue; readonly revision: number }[] = [];
  readonly refusals: string[] = [];
  /** When acknowledgements arrived, ascending, in monotonic milliseconds. */
  readonly acknowledgedAtMs: number[] = [];
  readonly #open = new Set<OpenWrite>();
  #lastIndex = 0;
  #lastTerm = 0;
  #replayed = 0;

  get acknowledged(): number {
    return this.additions.length + this.sets.length;
  }

  get open(): readonly OpenWrite[] {
    return [...this.#open];
  }

  /** The highest log index of an acknowledged write. */
  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** The highest term in which a write was acknowledged. */
  get lastTerm(): number {
    return this.#lastTerm;
  }

  /** Acknowledgements since a moment. */
  acknowledgedSince(sinceMs: number): number {
    return this.acknowledgedAtMs.length - 1 - this.acknowledgedAtMs.findLastIndex((atMs) => atMs < sinceMs);
  }

  /** Writes whose acknowledgement came from an earlier attempt. */
  get replayed(): number {
    return this.#replayed;
  }

  sent(write: OpenWrite): void {
    this.#open.add(write);
  }

  added(write: OpenWrite, answer: CounterValue & { readonly replayed: boolean }): void {
    this.additions.push({ counter: answer.name, value: answer.value });
    this.#acknowledge(write, answer);
  }

  wasSet(write: OpenWrite, answer: RegisterValue & { readonly replayed: boolean }, value: JsonValue): void {
    // The value is what was sent, not what came back: the replicas must have the former.
    this.sets.push({ key: answer.key, value, revision: answer.revision });
    this.#acknowledge(write, answer);
  }

  refused(write: OpenWrite, reason: string): void {
    this.#open.delete(write);
    this.refusals.push(reason);
  }

  #acknowledge(
    write: OpenWrite,
    answer: { readonly index: number; readonly term: number; readonly replayed: boolean },
  ): void {
    this.#open.delete(write);
    this.acknowledgedAtMs.push(performance.now());
    this.#lastIndex = Math.max(this.#lastIndex, answer.index);
    this.#lastTerm = Math.max(this.#lastTerm, answer.term);
    if (answer.replayed) this.#replayed += 1;
  }
}
