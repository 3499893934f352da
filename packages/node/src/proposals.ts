// Proposals that wait for their end. Every one of them ends: committed, certainly lost, or unknown. Thesis 6.3 explains
// why "unknown" cannot be avoided, only retried safely.

import { RecentMap } from "@quorate/contracts";
import type { Entry, EntryId } from "@quorate/core";
import type { Proposed } from "./api.ts";
import { outcomeUnknown, proposalDropped } from "./errors.ts";
import type { Waiting } from "./waiting.ts";

/** The proposals of one node that are not decided yet, by index. */
export class Proposals<Result> {
  /** A later leadership may propose at an index that an earlier, undecided proposal still waits for. */
  readonly #byIndex = new RecentMap<{ readonly term: number; readonly caller: Waiting<Proposed<Result>> }[]>();

  get size(): number {
    return this.#byIndex.size;
  }

  add({ index, term }: EntryId, caller: Waiting<Proposed<Result>>): void {
    const others = this.#byIndex.get(index);
    if (others === undefined) this.#byIndex.set(index, [{ term, caller }]);
    else others.push({ term, caller });
  }

  /** `entry` is committed and applied; `result` is what the state machine answered, if it was a command. */
  decided(entry: Entry, result: Result | undefined): void {
    const waiting = this.#byIndex.get(entry.index);
    if (waiting === undefined) return;
    this.#byIndex.delete(entry.index);
    for (const { term, caller } of waiting) {
      if (term !== entry.term) caller.reject(proposalDropped(entry.index, term, entry.term));
      // The index and term identify the entry, so this is the very command that the caller proposed.
      else caller.resolve({ index: entry.index, term, result: result as Result });
    }
  }

  /** Leadership is lost: what the next leader does not decide soon is reported as unknown. */
  shortenDeadlines(deadlineMs: number): void {
    for (const waiting of this.#byIndex.values()) {
      for (const { caller } of waiting) caller.deadlineMs = Math.min(caller.deadlineMs, deadlineMs);
    }
  }

  /** Ends everything whose time is over, and forgets what its caller has given up. */
  expire(nowMs: number): void {
    for (const [index, waiting] of this.#byIndex.entries()) {
      // Most have time left: this is asked often, and of every proposal that is under way.
      if (waiting.every(({ caller }) => !caller.isSettled && nowMs < caller.deadlineMs)) continue;
      const open = waiting.filter(({ term, caller }) => {
        if (caller.isSettled) return false;
        if (nowMs < caller.deadlineMs) return true;
        caller.reject(outcomeUnknown(`index ${index} (term ${term}) was not committed in time`, { index, term }));
        return false;
      });
      if (open.length === 0) this.#byIndex.delete(index);
      else this.#byIndex.set(index, open);
    }
  }

  /** Ends everything. */
  rejectAll(error: () => Error): void {
    for (const waiting of this.#byIndex.values()) for (const { caller } of waiting) caller.reject(error());
    this.#byIndex.clear();
  }
}
