// What the log storage and its worker say to each other. Bytes of entries travel joined in one buffer that changes hands, so
// that no message copies the larger buffers which entries may be views of.

import type { Entry, EntryId, EntryKind, HardState, LogSummary, StoreIdentity } from "@quorate/contracts";

/**
 * Entries on their way: the data follow each other in `bytes`, and what else there is to say of each in `heads`, four numbers
 * an entry: index, term, kind, bytes of data. An object for each would cost more to hand over than to write.
 */
export type PackedEntries = { readonly heads: Float64Array; readonly bytes: Uint8Array };

/** One call, checked against the log as the calls before it leave it. */
export type LogOperation =
  | {
      readonly type: "write";
      readonly hardState: HardState | undefined;
      readonly truncateFrom: number | undefined;
      readonly entries: PackedEntries;
    }
  | { readonly type: "compact"; readonly base: EntryId; readonly keepsEntries: boolean }
  | { readonly type: "initialise"; readonly identity: StoreIdentity }
  | { readonly type: "read"; readonly firstIndex: number; readonly lastIndex: number; readonly maxBytes: number }
  /** Move what is in the write-ahead log into the database. */
  | { readonly type: "seal" }
  /** Delete some of the rows that a compaction left behind. */
  | { readonly type: "collect" };

/** What a group of calls came to. Reads are answered in their order. */
export type LogAnswer = {
  readonly reads: readonly PackedEntries[];
  /** Whether compacted rows remain to be deleted. */
  readonly hasLeftovers: boolean;
};

/** What `load` found. */
export type LogFound = {
  readonly identity: StoreIdentity | undefined;
  readonly hardState: HardState;
  readonly log: LogSummary;
  readonly configurations: readonly Entry[];
  readonly hasLeftovers: boolean;
};

const headNumbers = 4;
const kinds: readonly EntryKind[] = ["empty", "command", "configuration"];

/** Joins entries into buffers of their own. */
export function packEntries(entries: readonly Entry[]): PackedEntries {
  const size = entries.reduce((sum, { data }) => sum + data.length, 0);
  const heads = new Float64Array(entries.length * headNumbers);
  const bytes = new Uint8Array(size);
  let at = 0;
  let head = 0;
  for (const { index, term, kind, data } of entries) {
    heads[head] = index;
    heads[head + 1] = term;
    heads[head + 2] = kinds.indexOf(kind);
    heads[head + 3] = data.length;
    head += headNumbers;
    bytes.set(data, at);
    at += data.length;
  }
  return { heads, bytes };
}

/** The entries again; their data are views of the one buffer. */
export function unpackEntries({ heads, bytes }: PackedEntries): readonly Entry[] {
  const entries: Entry[] = [];
  const number = (place: number): number => heads[place] ?? 0;
  let at = 0;
  for (let head = 0; head < heads.length; head += headNumbers) {
    const end = at + number(head + 3);
    const kind = kinds[number(head + 2)] ?? "empty";
    entries.push({ index: number(head), term: number(head + 1), kind, data: bytes.subarray(at, end) });
    at = end;
  }
  return entries;
}
