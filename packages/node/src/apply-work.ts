// What is committed is applied in the next turn, so that the disk and the peers work while the state machine does; but before
// anything else comes in, so that nothing can come between.

import type { Entry, Raft, Ready } from "@quorate/core";
import type { Replica } from "./replica.ts";

/** What applying needs of a node. */
export type ApplyParts<Result> = {
  readonly raft: Raft;
  readonly replica: Pick<Replica<never, unknown, Result>, "apply" | "last">;
  readonly isRunning: () => boolean;
  /** Asks for another turn. */
  readonly soon: () => void;
  /** An entry was applied; with its result if it was a command. */
  readonly onResult: (entry: Entry, result: Result | undefined) => void;
  /** A batch was applied. */
  readonly onApplied: (entries: readonly Entry[]) => void;
  /** The state machine has thrown. */
  readonly onError: (error: unknown) => void;
};

/** Applies what is committed, one batch after the other. */
export class ApplyWork<Result> {
  readonly #parts: ApplyParts<Result>;
  #next: readonly Entry[] = [];

  constructor(parts: ApplyParts<Result>) {
    this.#parts = parts;
  }

  /** True if something is committed and not applied yet. */
  get isDue(): boolean {
    return this.#next.length > 0;
  }

  /** Takes over what the core has handed out; applies it at once if disk and peers have nothing to do meanwhile. */
  perform({ committed, write, messages }: Ready): void {
    if (committed.length > 0) this.#next = committed;
    if (this.#next.length === 0) return;
    if (write !== undefined || messages.length > 0) this.#parts.soon();
    else this.applyNext();
  }

  /** Applies what waits for it, if anything does. */
  applyNext(): void {
    const { raft, replica, isRunning, soon, onResult, onApplied, onError } = this.#parts;
    const entries = this.#next;
    if (entries.length === 0 || !isRunning()) return;
    this.#next = [];
    try {
      replica.apply(entries, onResult);
    } catch (error) {
      onError(error);
      return;
    }
    raft.applied(replica.last.index);
    onApplied(entries);
    // The next batch may be waiting for this one; other work of the loop comes first.
    soon();
  }
}
