// Takes the records of a log in order and keeps what they add up to: where the entries are, term, vote and configurations.

import type { Entry, EntryId, HardState } from "@quorate/contracts";
import type { EntryIndex } from "./entry-index.ts";
import { entryKindOf, recordKinds } from "./format.ts";
import type { ScannedRecord } from "./segment-scan.ts";

export class LogReplay {
  readonly index: EntryIndex;
  #hardState: HardState = { term: 0, votedFor: undefined };
  #hardStateSequence = 0;
  #configurations: Entry[] = [];
  #problem: string | undefined;
  /** The record that must say where a log begins whose first segments are gone. */
  #adopts: "base" | "tip" | undefined;

  constructor(index: EntryIndex, { hasFirstSegment }: { readonly hasFirstSegment: boolean }) {
    this.index = index;
    this.#adopts = hasFirstSegment ? undefined : "base";
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** Number of the last batch that says term and vote; 0 if none has. */
  get hardStateSequence(): number {
    return this.#hardStateSequence;
  }

  get configurations(): readonly Entry[] {
    return this.#configurations;
  }

  /** Why a record made no sense after those before it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Whether it is known where the log begins. */
  get hasBeginning(): boolean {
    return this.#adopts === undefined;
  }

  /** Takes the next record; returns what is wrong with it, or undefined. */
  take(record: ScannedRecord): string | undefined {
    this.#problem = this.#apply(record);
    return this.#problem;
  }

  #apply(record: ScannedRecord): string | undefined {
    const { kind, index, term } = record;
    if (this.#adopts !== undefined) return this.#adopt(record);
    if (entryKindOf(kind) !== undefined) return this.#applyEntry(record);
    switch (kind) {
      case recordKinds.vote:
        return this.#applyHardState(record, new TextDecoder().decode(record.data));
      case recordKinds.noVote:
        return this.#applyHardState(record, undefined);
      case recordKinds.truncateFrom:
        return this.#applyTruncation(index);
      case recordKinds.base:
        if (index === this.index.base.index && term === this.index.base.term) return undefined;
        return `a segment of a log that begins after entry ${index}, not after ${this.index.base.index}`;
      case recordKinds.tip:
        if (index === this.index.lastIndex && this.#mayBeLastTerm(term)) return undefined;
        return `a segment that continues entry ${index} of term ${term} after entry ${this.index.lastIndex}`;
      case recordKinds.compaction:
        return this.#applyCompaction({ index, term });
      default:
        return `a record of kind ${kind}`;
    }
  }

  /** The checkpoint of the first segment that is left is believed: nothing is there to compare it with. */
  #adopt({ kind, index, term }: ScannedRecord): string | undefined {
    if (this.#adopts === "base" && kind === recordKinds.base) {
      this.#adopts = "tip";
      this.index.compactTo({ index, term });
      return undefined;
    }
    if (this.#adopts !== "tip" || kind !== recordKinds.tip) return `a record of kind ${kind} instead of a checkpoint`;
    this.#adopts = undefined;
    this.index.assumeUpTo({ index, term });
    return undefined;
  }

  #mayBeLastTerm(term: number): boolean {
    const { lastTerm, isLastWithoutPlace } = this.index;
    return isLastWithoutPlace ? term >= lastTerm : term === lastTerm;
  }

  #applyEntry(record: ScannedRecord): string | undefined {
    const { index, term, segmentId, offset } = record;
    const kind = entryKindOf(record.kind);
    if (kind === undefined) return `a record of kind ${record.kind}`;
    if (index !== this.index.lastIndex + 1) return `entry ${index} after entry ${this.index.lastIndex}`;
    if (term < this.index.lastTerm) return `an entry of term ${term} after one of term ${this.index.lastTerm}`;
    this.index.append({ term, segmentId, offset, dataBytes: record.data.length });
    // A copy: the bytes of the segment are not kept.
    if (kind === "configuration") this.#configurations.push({ index, term, kind, data: record.data.slice() });
    return undefined;
  }

  #applyHardState({ term, sequence }: ScannedRecord, votedFor: string | undefined): undefined {
    this.#hardState = { term, votedFor };
    this.#hardStateSequence = sequence;
  }

  #applyTruncation(index: number): string | undefined {
    const { base, lastIndex } = this.index;
    if (index <= base.index || index > lastIndex) {
      return `a truncation from ${index} in a log of ${base.index + 1} to ${lastIndex}`;
    }
    this.index.truncateFrom(index);
    this.#configurations = this.#configurations.filter((entry) => entry.index < index);
    return undefined;
  }

  #applyCompaction(base: EntryId): string | undefined {
    if (base.index <= this.index.base.index)
      return `a compaction to ${base.index} after one to ${this.index.base.index}`;
    this.index.compactTo(base);
    this.#configurations = this.#configurations.filter((entry) => entry.index > base.index);
    return undefined;
  }
}
