// What the main thread remembers of the log: where it begins and ends and which term each index has. Enough to refuse what does
// not fit at once, in call order, while the worker is still busy with earlier calls.

import type { EntryId, LogRange, LogSummary, LogWrite, TermRun } from "@quorate/contracts";

/** Longest name that can be voted for, in UTF-8. */
const maxVotedForBytes = 512;

export class LogOutline {
  #base: EntryId;
  #lastIndex: number;
  /** Ascending; the first may begin before the base. */
  #termRuns: readonly TermRun[];

  constructor({ base, lastIndex, termRuns }: LogSummary) {
    this.#base = base;
    this.#lastIndex = lastIndex;
    this.#termRuns = termRuns;
  }

  /** Why the write does not fit, or undefined if it does. */
  misfitOf(write: LogWrite): string | undefined {
    const truncateFrom = write.truncateFrom ?? this.#lastIndex + 1;
    if (!Number.isSafeInteger(truncateFrom) || truncateFrom <= this.#base.index || truncateFrom > this.#lastIndex + 1) {
      return `a truncation from ${truncateFrom} in a log of ${this.#range}`;
    }
    let last: EntryId = { index: truncateFrom - 1, term: this.#termAt(truncateFrom - 1) };
    for (const { index, term } of write.entries) {
      if (index !== last.index + 1) return `entry ${index} after entry ${last.index}`;
      if (!Number.isSafeInteger(term)) return `entry ${index} of term ${term}`;
      if (term < last.term) return `entry ${index} of term ${term} after one of term ${last.term}`;
      last = { index, term };
    }
    return misfitOfHardState(write.hardState);
  }

  /** Notes a write that fits. */
  write({ truncateFrom, entries }: LogWrite): void {
    if (truncateFrom !== undefined && truncateFrom <= this.#lastIndex) {
      this.#lastIndex = truncateFrom - 1;
      this.#termRuns = this.#termRuns.filter(({ firstIndex }) => firstIndex < truncateFrom);
    }
    let lastTerm = this.#termAt(this.#lastIndex);
    const begun: TermRun[] = [];
    for (const { index, term } of entries) {
      if (term !== lastTerm || index === this.#base.index + 1) begun.push({ firstIndex: index, term });
      lastTerm = term;
      this.#lastIndex = index;
    }
    if (begun.length > 0) this.#termRuns = [...this.#termRuns, ...begun];
  }

  /** Notes a compaction: `ignored` if the log begins there or later, else whether the entries behind the base stay. */
  compact(base: EntryId): "ignored" | "keeps" | "empties" {
    if (base.index <= this.#base.index) return "ignored";
    const keeps = base.index <= this.#lastIndex && this.#termAt(base.index) === base.term;
    this.#base = base;
    if (keeps) {
      // Of the runs that begin at or before the base, the last one may go on behind it.
      const reaching = this.#termRuns.findLastIndex(({ firstIndex }) => firstIndex <= base.index);
      this.#termRuns = this.#termRuns.slice(Math.max(0, reaching));
      return "keeps";
    }
    this.#lastIndex = base.index;
    this.#termRuns = [];
    return "empties";
  }

  /** What is wrong with a range, or undefined if all of it is in the log. */
  describeOutside({ firstIndex, lastIndex }: LogRange): string | undefined {
    const isInside = firstIndex > this.#base.index && firstIndex <= lastIndex && lastIndex <= this.#lastIndex;
    return isInside ? undefined : `entries ${firstIndex} to ${lastIndex} of a log of ${this.#range}`;
  }

  get #range(): string {
    return `${this.#base.index + 1} to ${this.#lastIndex}`;
  }

  #termAt(index: number): number {
    if (index === this.#base.index) return this.#base.term;
    return this.#termRuns.findLast(({ firstIndex }) => firstIndex <= index)?.term ?? this.#base.term;
  }
}

function misfitOfHardState(hardState: LogWrite["hardState"]): string | undefined {
  if (hardState === undefined) return undefined;
  const { term, votedFor } = hardState;
  if (!Number.isSafeInteger(term) || term < 0) return `term ${term}`;
  const bytes = Buffer.byteLength(votedFor ?? "");
  return bytes <= maxVotedForBytes ? undefined : `a vote for a name of ${bytes} bytes`;
}
