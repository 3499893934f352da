// The records of a batch that are not entries: what else a LogWrite says, and what a segment must begin with.

import type { Entry, EntryId, HardState, LogWrite } from "@quorate/contracts";
import { RECORD_OVERHEAD_BYTES, recordKinds } from "./format.ts";

/** Longest `votedFor` in UTF-8. */
export const MAX_VOTED_FOR_BYTES = 512;

export type BatchRecord = {
  readonly kind: number;
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
};

const nothing = new Uint8Array(0);

/** What a write says besides its entries; empty if that is nothing. */
export function recordsOf(write: LogWrite, lastIndex: number): readonly BatchRecord[] {
  const records: BatchRecord[] = [];
  if (write.hardState !== undefined) records.push(hardStateRecord(write.hardState));
  if (write.truncateFrom !== undefined && write.truncateFrom <= lastIndex) {
    records.push({ kind: recordKinds.truncateFrom, index: write.truncateFrom, term: 0, data: nothing });
  }
  return records;
}

export function hardStateRecord({ term, votedFor }: HardState): BatchRecord {
  if (votedFor === undefined) return { kind: recordKinds.noVote, index: 0, term, data: nothing };
  return { kind: recordKinds.vote, index: 0, term, data: new TextEncoder().encode(votedFor) };
}

export function baseRecord({ index, term }: EntryId): BatchRecord {
  return { kind: recordKinds.base, index, term, data: nothing };
}

/** What a compaction says. A log that does not hold the new base is emptied first, so that a reader needs no judgement. */
export function compactionRecords(
  base: EntryId,
  log: { readonly base: EntryId; readonly lastIndex: number; has(entry: EntryId): boolean },
): readonly BatchRecord[] {
  const compaction = { kind: recordKinds.compaction, index: base.index, term: base.term, data: nothing };
  if (log.has(base) || log.lastIndex === log.base.index) return [compaction];
  return [{ kind: recordKinds.truncateFrom, index: log.base.index + 1, term: 0, data: nothing }, compaction];
}

export function tipRecord({ index, term }: EntryId): BatchRecord {
  return { kind: recordKinds.tip, index, term, data: nothing };
}

/** Size of a batch with these records and entries, without its header. */
export function bodyBytesOf(records: readonly BatchRecord[], entries: readonly Entry[]): number {
  let bytes = 0;
  for (const record of records) bytes += RECORD_OVERHEAD_BYTES + record.data.length;
  for (const entry of entries) bytes += RECORD_OVERHEAD_BYTES + entry.data.length;
  return bytes;
}
