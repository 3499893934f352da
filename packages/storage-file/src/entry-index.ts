// Where each entry of the log stands on disk, and of which term it is. Eight bytes per entry: a log of millions of entries
// has an index of megabytes, in arrays that the garbage collector does not have to walk.

import type { EntryId, LogSummary, TermRun } from "@quorate/contracts";

const entriesPerChunk = 8192;
/** Segment ids begin at 1. */
const nowhere = 0;

/** From `firstIndex` until the next run begins, entries stand in this segment; 0 stands for one that is not there. */
type SegmentRun = { readonly firstIndex: number; readonly segmentId: number };

/** An entry that has been given its place. */
export type EntryPlace = {
  readonly term: number;
  readonly segmentId: number;
  /** Where in the segment the entry's record begins. */
  readonly offset: number;
  readonly dataBytes: number;
};

export class EntryIndex {
  /** Offset and data length of each entry, by turns; chunks by number, those before the base left out. */
  readonly #chunks = new Map<number, Uint32Array>();
  #segmentRuns: SegmentRun[] = [];
  #termRuns: TermRun[] = [];
  #base: EntryId = { index: 0, term: 0 };
  #lastIndex = 0;

  /** The entry before the first one of the log. */
  get base(): EntryId {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Term of the last entry, or of the base if there is none. */
  get lastTerm(): number {
    return this.#termRuns.at(-1)?.term ?? this.#base.term;
  }

  get summary(): LogSummary {
    return { base: this.#base, lastIndex: this.#lastIndex, termRuns: [...this.#termRuns] };
  }

  /** The segment of the first entry; undefined if there is no entry. No segment before it is needed. */
  get firstSegmentId(): number | undefined {
    return this.#segmentRuns[0]?.segmentId;
  }

  /** The entries that stand in a segment; undefined if none does. */
  entriesIn(segmentId: number): { readonly firstIndex: number; readonly lastIndex: number } | undefined {
    const first = this.#segmentRuns.findIndex((run) => run.segmentId === segmentId);
    const run = this.#segmentRuns[first];
    if (run === undefined) return undefined;
    const next = this.#segmentRuns[first + 1]?.firstIndex ?? this.#lastIndex + 1;
    return { firstIndex: run.firstIndex, lastIndex: next - 1 };
  }

  /** The entry before the first one whose place is known. */
  get baseOfPlaces(): EntryId {
    const firstIndex = this.#segmentRuns.find(({ segmentId }) => segmentId !== nowhere)?.firstIndex;
    if (!this.hasEntriesWithoutPlace) return this.#base;
    const index = firstIndex === undefined ? this.#lastIndex : firstIndex - 1;
    return { index, term: this.termAt(index) };
  }

  /** Whether there are entries that nobody has given a place. */
  get hasEntriesWithoutPlace(): boolean {
    return this.#segmentRuns[0]?.segmentId === nowhere;
  }

  /** Whether the last entry is one of those; its term is then at least `lastTerm`. */
  get isLastWithoutPlace(): boolean {
    return this.#segmentRuns.at(-1)?.segmentId === nowhere;
  }

  /** Adds the entry after the last one. */
  append(place: EntryPlace): void {
    const index = this.#lastIndex + 1;
    if (this.#termRuns.at(-1)?.term !== place.term) this.#termRuns.push({ firstIndex: index, term: place.term });
    if (this.#segmentRuns.at(-1)?.segmentId !== place.segmentId) {
      this.#segmentRuns.push({ firstIndex: index, segmentId: place.segmentId });
    }
    const number = chunkNumberOf(index);
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = new Uint32Array(2 * entriesPerChunk);
      this.#chunks.set(number, chunk);
    }
    const position = positionOf(index);
    chunk[position] = place.offset;
    chunk[position + 1] = place.dataBytes;
    this.#lastIndex = index;
  }

  /** Fills an empty log with entries of which nothing is known but the last. Their segments are gone. */
  assumeUpTo(tip: EntryId): void {
    const firstIndex = this.#base.index + 1;
    if (tip.index < firstIndex) return;
    if (tip.index > firstIndex) this.#termRuns.push({ firstIndex, term: this.#base.term });
    this.#termRuns.push({ firstIndex: tip.index, term: tip.term });
    this.#segmentRuns.push({ firstIndex, segmentId: nowhere });
    this.#lastIndex = tip.index;
  }

  /** Removes the entry at this index and all after it. The index is behind the base. */
  truncateFrom(index: number): void {
    this.#lastIndex = Math.min(this.#lastIndex, index - 1);
    dropRunsFrom(this.#termRuns, index);
    dropRunsFrom(this.#segmentRuns, index);
    this.#dropUnusedChunks();
  }

  /** Removes the entries up to and including the base; those after it stay. Without any, the log goes on after the base. */
  compactTo(base: EntryId): void {
    this.#base = base;
    this.#lastIndex = Math.max(this.#lastIndex, base.index);
    const isEmpty = this.#lastIndex === base.index;
    this.#termRuns = isEmpty ? [] : runsFrom(this.#termRuns, base.index + 1);
    this.#segmentRuns = isEmpty ? [] : runsFrom(this.#segmentRuns, base.index + 1);
    this.#dropUnusedChunks();
  }

  /** Term of the entry at an index of the log, or of the base. */
  termAt(index: number): number {
    return runAt(this.#termRuns, index)?.term ?? this.#base.term;
  }

  /** Whether this very entry is in the log. */
  has({ index, term }: EntryId): boolean {
    return index > this.#base.index && index <= this.#lastIndex && this.termAt(index) === term;
  }

  /** The place of an entry of the log. */
  placeAt(index: number): EntryPlace {
    const chunk = this.#chunks.get(chunkNumberOf(index));
    const position = positionOf(index);
    return {
      term: this.termAt(index),
      segmentId: runAt(this.#segmentRuns, index)?.segmentId ?? nowhere,
      offset: chunk?.[position] ?? 0,
      dataBytes: chunk?.[position + 1] ?? 0,
    };
  }

  #dropUnusedChunks(): void {
    const first = chunkNumberOf(this.#base.index + 1);
    const last = chunkNumberOf(this.#lastIndex);
    for (const number of this.#chunks.keys()) {
      if (number < first || number > last) this.#chunks.delete(number);
    }
  }
}

function chunkNumberOf(index: number): number {
  return Math.floor((index - 1) / entriesPerChunk);
}

function positionOf(index: number): number {
  return 2 * ((index - 1) % entriesPerChunk);
}

function dropRunsFrom(runs: { readonly firstIndex: number }[], index: number): void {
  while ((runs.at(-1)?.firstIndex ?? 0) >= index) runs.pop();
}

/** The runs as they are for a log that begins at this index; the last run reaches it. */
function runsFrom<Run extends { readonly firstIndex: number }>(runs: readonly Run[], index: number): Run[] {
  return runs
    .filter((_run, position) => (runs[position + 1]?.firstIndex ?? Number.POSITIVE_INFINITY) > index)
    .map((run) => (run.firstIndex < index ? { ...run, firstIndex: index } : run));
}

/** The run that an index falls into, by bisection. */
function runAt<Run extends { readonly firstIndex: number }>(runs: readonly Run[], index: number): Run | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.firstIndex ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return runs[low - 1];
}
