// The state machine of one node and how far it has come.

import type { SnapshotContent, StateMachine } from "@quorate/contracts";
import type { Entry, EntryId } from "@quorate/core";
import type { Consistency, Queried } from "./api.ts";

/** Applies what is committed and answers from the state. */
export class Replica<Query, Answer, Result> {
  readonly #machine: StateMachine<Query, Answer, Result>;
  #last: EntryId;

  constructor(machine: StateMachine<Query, Answer, Result>, last: EntryId) {
    this.#machine = machine;
    this.#last = last;
  }

  /** The entry that was applied last. */
  get last(): EntryId {
    return this.#last;
  }

  /** Applies entries in order and tells `onApplied` of each, with the result if it was a command. */
  apply(entries: readonly Entry[], onApplied: (entry: Entry, result: Result | undefined) => void): void {
    const commands = entries.filter(({ kind }) => kind === "command");
    const results = commands.length === 0 ? [] : this.#machine.apply(commands);
    let position = 0;
    for (const entry of entries) onApplied(entry, entry.kind === "command" ? results[position++] : undefined);
    this.#last = entries.at(-1) ?? this.#last;
  }

  /** The state of this moment as bytes, whole or in pieces that are still to be made. */
  snapshot(): SnapshotContent {
    return this.#machine.snapshot();
  }

  /** Replaces the state with that of a snapshot that ends with `last`. */
  restore(snapshot: Uint8Array, last: EntryId): void {
    this.#machine.restore(snapshot);
    this.#last = last;
  }

  /** An answer from the state of this moment. Throws what the state machine throws. */
  answer(query: Query, consistency: Consistency): Queried<Answer> {
    const { index, term } = this.#last;
    return { answer: this.#machine.query(query), index, term, consistency };
  }
}
