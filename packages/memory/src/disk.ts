// What stores leave behind when their server ends, as plain data: in tests it stands in for the disk.

import type { Entry, EntryId, HardState, StoredSnapshot, StoreIdentity } from "@quorate/contracts";

/** What a log storage and a snapshot store leave behind. Give the same one to the next ones to play a restart. */
export type MemoryDisk = {
  identity: StoreIdentity | undefined;
  hardState: HardState;
  /** The entry before the first one. */
  base: EntryId;
  /** The entry with index i is at position i - base.index - 1. */
  readonly entries: Entry[];
  /** The latest snapshot. */
  snapshot: MemorySnapshot | undefined;
};

/** A snapshot and its content. */
export type MemorySnapshot = { readonly stored: StoredSnapshot; readonly content: Uint8Array };

/** An empty disk. */
export function memoryDisk(): MemoryDisk {
  return {
    identity: undefined,
    hardState: { term: 0, votedFor: undefined },
    base: { index: 0, term: 0 },
    entries: [],
    snapshot: undefined,
  };
}
