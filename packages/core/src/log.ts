// The replicated log as one server sees it: the terms of all entries in a few numbers, and the recent entries
// themselves. Older entries live in storage; asking for them here answers "not in memory".

import { assert } from "./errors.ts";
import type { Entry, EntryId, LogSummary, TermRun } from "./types.ts";

/** What an entry costs in memory besides its data; keeps a flood of empty entries from escaping the byte limits. */
const ENTRY_OVERHEAD_BYTES = 64;

/** The size that all limits count for an entry. */
export function sizeOf(entry: Entry): number {
  return entry.data.byteLength + ENTRY_OVERHEAD_BYTES;
}

/** The log of one server. Positions before `firstIndex` were compacted; `base` is the last of them. */
export class RaftLog {
  #base: EntryId;
  /** Ascending; covers base.index + 1 to lastIndex. A log has few terms, so this stays small. */
  #runs: TermRun[];
  #lastIndex: number;
  /** The newest entries, consecutive, ending at lastIndex. Those before #cacheStart were evicted. */
  #cache: Entry[] = [];
  #cacheBytes = 0;
  /** The latest slice, so that peers at the same position share one array (and one encoding of it). */
  #sharedSlice: readonly Entry[] = [];

  constructor(summary: LogSummary) {
    this.#base = summary.base;
    this.#runs = [...summary.termRuns];
    this.#lastIndex = summary.lastIndex;
  }

  get base(): EntryId {
    return this.#base;
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get lastTerm(): number {
    return this.#runs.at(-1)?.term ?? this.#base.term;
  }

  /** The term of the entry at `index`, also for the base; undefined outside the log. */
  termAt(index: number): number | undefined {
    if (index < this.#base.index || index > this.#lastIndex) return undefined;
    for (let position = this.#runs.length - 1; position >= 0; position--) {
      const run = this.#runs[position];
      if (run !== undefined && run.firstIndex <= index) return run.term;
    }
    return this.#base.term;
  }

  /** True if this log has exactly this entry, and so (Log Matching) everything before it. Thesis 3.5. */
  contains(position: EntryId): boolean {
    return this.termAt(position.index) === position.term;
  }

  /** True if a log that ends with `candidate` has everything this one may have committed. Thesis 3.6.1. */
  isAtMostAsUpToDateAs(candidate: EntryId): boolean {
    if (candidate.term !== this.lastTerm) return candidate.term > this.lastTerm;
    return candidate.index >= this.#lastIndex;
  }

  /**
   * The last position that may match a log which has `position`: the largest index ≤ `position.index` whose term is
   * ≤ `position.term`. Skips a whole term at a time. Thesis 3.5, last paragraph.
   */
  lastPositionAtMost(position: EntryId): EntryId {
    let index = Math.min(position.index, this.#lastIndex);
    for (let at = this.#runs.length - 1; at >= 0; at--) {
      const run = this.#runs[at];
      if (run === undefined || run.firstIndex > index) continue;
      if (run.term <= position.term) return { index, term: run.term };
      index = run.firstIndex - 1;
    }
    return this.#base;
  }

  /** Adds entries right after the last one. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.#lastIndex + 1, () => `append of index ${entry.index} after ${this.#lastIndex}`);
      assert(entry.term >= this.lastTerm, () => `append of term ${entry.term} after term ${this.lastTerm}`);
      if (entry.term !== this.#runs.at(-1)?.term) this.#runs.push({ firstIndex: entry.index, term: entry.term });
      this.#cache.push(entry);
      this.#cacheBytes += sizeOf(entry);
      this.#lastIndex = entry.index;
    }
  }

  /** Removes the entry at `index` and all after it. */
  truncateFrom(index: number): void {
    assert(index > this.#base.index, () => `truncation from ${index}, but the log begins at ${this.firstIndex}`);
    const kept = Math.max(0, this.#cache.length - (this.#lastIndex - index + 1));
    for (const entry of this.#cache.splice(kept)) this.#cacheBytes -= sizeOf(entry);
    while ((this.#runs.at(-1)?.firstIndex ?? 0) >= index) this.#runs.pop();
    this.#lastIndex = index - 1;
    this.#sharedSlice = [];
  }

  /** Begins after `base`: forgets everything up to it, and everything else too if `base` is not in this log. */
  rebase(base: EntryId): void {
    const hasBase = this.contains(base);
    const firstKept = this.#runs.findLastIndex(({ firstIndex }) => firstIndex <= base.index + 1);
    const kept = hasBase ? this.#runs.slice(Math.max(0, firstKept)) : [];
    this.#runs = kept
      .map(({ firstIndex, term }) => ({ firstIndex: Math.max(firstIndex, base.index + 1), term }))
      .filter(({ firstIndex }) => firstIndex <= this.#lastIndex);
    const dropped = hasBase ? Math.max(0, base.index + 1 - this.#cacheStart) : this.#cache.length;
    for (const entry of this.#cache.slice(0, dropped)) this.#cacheBytes -= sizeOf(entry);
    this.#cache = this.#cache.slice(dropped);
    this.#lastIndex = hasBase ? this.#lastIndex : base.index;
    this.#base = base;
    this.#sharedSlice = [];
  }

  /**
   * Entries from `firstIndex` to `lastIndex` (both inclusive), as many as fit into `maxBytes` but at least one;
   * undefined if the first of them is not in memory.
   */
  slice(firstIndex: number, lastIndex: number, maxBytes: number): readonly Entry[] | undefined {
    const start = firstIndex - this.#cacheStart;
    if (start < 0) return undefined;
    let end = start;
    let bytes = 0;
    for (; end <= lastIndex - this.#cacheStart; end++) {
      const entry = this.#cache[end];
      if (entry === undefined) break;
      bytes += sizeOf(entry);
      if (bytes > maxBytes && end > start) break;
    }
    return this.#share(start, end);
  }

  /** Forgets the oldest entries up to `index` while the rest exceeds `keepBytes`. */
  evict(index: number, keepBytes: number): void {
    // Shifting the array costs its length, so wait until a good part can go at once.
    if (this.#cacheBytes <= 2 * keepBytes || index < this.#cacheStart) return;
    let count = 0;
    for (const entry of this.#cache) {
      if (entry.index > index || this.#cacheBytes <= keepBytes) break;
      this.#cacheBytes -= sizeOf(entry);
      count += 1;
    }
    this.#cache = this.#cache.slice(count);
  }

  get #cacheStart(): number {
    return this.#lastIndex - this.#cache.length + 1;
  }

  #share(start: number, end: number): readonly Entry[] {
    const shared = this.#sharedSlice;
    const isSame = shared.length === end - start && shared.length > 0 && shared[0] === this.#cache[start];
    if (!isSame) this.#sharedSlice = this.#cache.slice(start, end);
    return this.#sharedSlice;
  }
}
