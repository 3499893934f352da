// What the log storage and its worker say to each other. Bytes of entries travel joined in one buffer that changes hands, so
// that no message copies the larger buffers which entries may be views of.

import type { Entry, EntryId, EntryKind, HardState, LogSummary, StoreIdentity } from "@quorate/contracts";

/** An entry without its data. */
export type EntryHead = {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly dataBytes: number;
};

/** Entries on their way: the data follow each other in `bytes`. */
export type PackedEntries = { readonly heads: readonly EntryHead[]; readonly bytes: Uint8Array };

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

/** Joins the data of entries into a buffer of their own. */
export function packEntries(entries: readonly Entry[]): PackedEntries {
  const size = entries.reduce((sum, { data }) => sum + data.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  const heads = entries.map(({ index, term, kind, data }) => {
    bytes.set(data, at);
    at += data.length;
    return { index, term, kind, dataBytes: data.length };
  });
  return { heads, bytes };
}

/** The entries again; their data are views of the one buffer. */
export function unpackEntries({ heads, bytes }: PackedEntries): readonly Entry[] {
  let at = 0;
  return heads.map(({ index, term, kind, dataBytes }) => {
    const data = bytes.subarray(at, at + dataBytes);
    at += dataBytes;
    return { index, term, kind, data };
  });
}
