// Takes the records of a log in order and keeps what they add up to: where the entries are, term, vote and configurations.

import type { Entry, HardState } from "@quorate/contracts";
import type { EntryIndex } from "./entry-index.ts";
import { entryKindOf, recordKinds } from "./format.ts";
import type { ScannedRecord } from "./segment-scan.ts";

export class LogReplay {
  readonly index: EntryIndex;
  #hardState: HardState = { term: 0, votedFor: undefined };
  readonly #configurations: Entry[] = [];
  #problem: string | undefined;

  constructor(index: EntryIndex) {
    this.index = index;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get configurations(): readonly Entry[] {
    return this.#configurations;
  }

  /** Why a record made no sense after those before it. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Takes the next record; returns what is wrong with it, or undefined. */
  take(record: ScannedRecord): string | undefined {
    this.#problem = this.#apply(record);
    return this.#problem;
  }

  #apply(record: ScannedRecord): string | undefined {
    const { kind, index, term } = record;
    if (entryKindOf(kind) !== undefined) return this.#applyEntry(record);
    switch (kind) {
      case recordKinds.vote:
        this.#hardState = { term, votedFor: new TextDecoder().decode(record.data) };
        return undefined;
      case recordKinds.noVote:
        this.#hardState = { term, votedFor: undefined };
        return undefined;
      case recordKinds.truncateFrom:
        return this.#applyTruncation(index);
      case recordKinds.base:
        return index === 0 && term === 0 ? undefined : `a log that begins after entry ${index}`;
      case recordKinds.tip:
        if (index === this.index.lastIndex && term === this.index.lastTerm) return undefined;
        return `a segment that continues entry ${index} of term ${term} after entry ${this.index.lastIndex}`;
      default:
        return `a record of kind ${kind}`;
    }
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

  #applyTruncation(index: number): string | undefined {
    if (index < 1 || index > this.index.lastIndex) return `a truncation from ${index} of ${this.index.lastIndex}`;
    this.index.truncateFrom(index);
    while ((this.#configurations.at(-1)?.index ?? 0) >= index) this.#configurations.pop();
    return undefined;
  }
}
