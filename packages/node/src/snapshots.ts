// How often snapshots are taken, how much of the log stays behind them, and how the latest one is read.

import type { SnapshotReader, SnapshotStore } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";

/** How often snapshots are taken and how much of the log stays behind them. */
export type SnapshotOptions = {
  readonly store: SnapshotStore;
  /** Take one after this many entries. Default 20 000. */
  readonly everyEntries?: number;
  /** Take one after this many bytes of entries, if that comes first. Default 64 MiB. */
  readonly everyBytes?: number;
  /** Entries that stay in the log behind a snapshot, for peers that lag a little. Default 10 000. */
  readonly retainEntries?: number;
  /** Bytes of entries that stay in the log behind a snapshot, if that is less. Default 32 MiB. */
  readonly retainBytes?: number;
  /**
   * Bytes of entries that stay in the log for a peer that is being sent an older snapshot. Beyond it the log is cut, and the
   * peer is sent a newer snapshot as well. Default 256 MiB.
   */
  readonly pinnedBytes?: number;
};

/** Bytes asked of the store at once. */
const READ_BYTES = 256 * 1024;

/** The whole content of the latest snapshot. Rejects with `QUORATE_SNAPSHOT_CORRUPT`. */
export async function readSnapshot(store: SnapshotStore): Promise<Uint8Array> {
  const reader = await store.openLatest();
  if (reader === undefined) throw missing();
  try {
    return await readAll(reader);
  } finally {
    await reader.close();
  }
}

async function readAll(reader: SnapshotReader): Promise<Uint8Array> {
  const { sizeBytes } = reader.snapshot;
  const content = new Uint8Array(sizeBytes);
  for (let offset = 0; offset < sizeBytes; ) {
    const chunk = await reader.read(offset, READ_BYTES);
    if (chunk.byteLength === 0) throw missing();
    content.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return content;
}

function missing(): QuorateError {
  return new QuorateError({
    code: "QUORATE_SNAPSHOT_CORRUPT",
    message: "the latest snapshot ends before its end",
    hint: "remove the data directory and let the other servers bring this one up to date",
  });
}
