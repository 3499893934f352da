// Where each entry of the log stands on disk, and of which term it is. Eight bytes per entry: a log of millions of entries
// has an index of megabytes, in arrays that the garbage collector does not have to walk.

import type { LogSummary, TermRun } from "@quorate/contracts";

const entriesPerChunk = 8192;

/** From `firstIndex` until the next run begins, entries stand in this segment. */
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
  /** Offset and data length of each entry, by turns. */
  readonly #chunks: Uint32Array[] = [];
  readonly #segmentRuns: SegmentRun[] = [];
  readonly #termRuns: TermRun[] = [];
  #lastIndex = 0;

  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Term of the last entry; 0 if there is none. */
  get lastTerm(): number {
    return this.#termRuns.at(-1)?.term ?? 0;
  }

  get summary(): LogSummary {
    return { base: { index: 0, term: 0 }, lastIndex: this.#lastIndex, termRuns: [...this.#termRuns] };
  }

  /** Adds the entry after the last one. */
  append(place: EntryPlace): void {
    const index = this.#lastIndex + 1;
    if (this.#termRuns.at(-1)?.term !== place.term) this.#termRuns.push({ firstIndex: index, term: place.term });
    if (this.#segmentRuns.at(-1)?.segmentId !== place.segmentId) {
      this.#segmentRuns.push({ firstIndex: index, segmentId: place.segmentId });
    }
    const { chunk, position } = this.#slotOf(index);
    chunk[position] = place.offset;
    chunk[position + 1] = place.dataBytes;
    this.#lastIndex = index;
  }

  /** Removes the entry at this index and all after it. */
  truncateFrom(index: number): void {
    this.#lastIndex = Math.min(this.#lastIndex, index - 1);
    dropRunsFrom(this.#termRuns, index);
    dropRunsFrom(this.#segmentRuns, index);
    this.#chunks.length = Math.min(this.#chunks.length, Math.ceil(this.#lastIndex / entriesPerChunk));
  }

  /** Term of the entry at an index of the log; 0 for the position before the first one. */
  termAt(index: number): number {
    return runAt(this.#termRuns, index)?.term ?? 0;
  }

  /** The place of an entry of the log. */
  placeAt(index: number): EntryPlace {
    const { chunk, position } = this.#slotOf(index);
    return {
      term: this.termAt(index),
      segmentId: runAt(this.#segmentRuns, index)?.segmentId ?? 0,
      offset: chunk[position] ?? 0,
      dataBytes: chunk[position + 1] ?? 0,
    };
  }

  #slotOf(index: number): { readonly chunk: Uint32Array; readonly position: number } {
    const number = Math.floor((index - 1) / entriesPerChunk);
    let chunk = this.#chunks[number];
    if (chunk === undefined) {
      chunk = new Uint32Array(2 * entriesPerChunk);
      this.#chunks[number] = chunk;
    }
    return { chunk, position: 2 * ((index - 1) % entriesPerChunk) };
  }
}

function dropRunsFrom(runs: { readonly firstIndex: number }[], index: number): void {
  while ((runs.at(-1)?.firstIndex ?? 0) >= index) runs.pop();
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
