// Sees all servers and checks the laws that no single server can check. Thesis figure 3.2.

import type { Entry, RaftStatus } from "../../src/index.ts";

/** A stored log: its entries begin after index `base`. */
export type LogView = { readonly base: number; readonly entries: readonly Entry[] };

/** Remembers enough of the past to notice when a law is broken. */
export class Oracle {
  readonly #leaderOfTerm = new Map<number, string>();
  /** The first application of each index, and the term of the server that did it: committed in that term or before. */
  readonly #appliedAt = new Map<number, { readonly entry: Entry; readonly inTerm: number }>();
  readonly #checkedApplied = new Map<readonly Entry[], number>();

  look(id: string, status: RaftStatus, applied: readonly Entry[], log: LogView): void {
    this.#electionSafety(id, status);
    this.#stateMachineSafety(id, status.term, applied);
    this.#leaderCompleteness(id, status, log);
  }

  /** At most one leader can be elected in a given term. */
  #electionSafety(id: string, { role, term }: RaftStatus): void {
    if (role !== "leader") return;
    const other = this.#leaderOfTerm.get(term) ?? id;
    if (other !== id) throw new Error(`Election Safety: ${other} and ${id} both lead term ${term}`);
    this.#leaderOfTerm.set(term, id);
  }

  /** No two servers apply different entries at one index, and nobody skips one. */
  #stateMachineSafety(id: string, inTerm: number, applied: readonly Entry[]): void {
    const checked = this.#checkedApplied.get(applied) ?? 0;
    for (let position = checked; position < applied.length; position++) {
      const entry = applied[position];
      if (entry === undefined) continue;
      if (entry.index !== position + 1) throw new Error(`${id} applied index ${entry.index} as number ${position + 1}`);
      const known = this.#appliedAt.get(entry.index)?.entry;
      if (known === undefined) this.#appliedAt.set(entry.index, { entry, inTerm });
      else if (known.term !== entry.term || known.data.join() !== entry.data.join()) {
        throw new Error(`State Machine Safety: ${id} applied another entry at index ${entry.index}`);
      }
    }
    this.#checkedApplied.set(applied, applied.length);
  }

  /** What was committed in a term is in the log of every leader of a later term. */
  #leaderCompleteness(id: string, { role, term }: RaftStatus, { base, entries }: LogView): void {
    if (role !== "leader") return;
    for (const { entry, inTerm } of this.#appliedAt.values()) {
      if (entry.index <= base) continue;
      if (inTerm < term && entries[entry.index - base - 1]?.term !== entry.term) {
        throw new Error(`Leader Completeness: ${id} leads term ${term} without entry ${entry.index}:${entry.term}`);
      }
    }
  }
}
