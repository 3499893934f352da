// The port that keeps snapshots of the state machine: written in chunks, visible only when complete and durable, read in
// chunks. Thesis chapter 5.

import type { Configuration } from "@quorate/core";

/** The last entry that a snapshot contains, and who belonged to the cluster as of that entry. */
export type SnapshotPosition = {
  /** At least 1. */
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
};

/** A complete, durable snapshot. */
export type StoredSnapshot = SnapshotPosition & {
  readonly sizeBytes: number;
  /** CRC-32 of the whole content, as an unsigned number; see `crc32`. */
  readonly checksum: number;
};

/**
 * A snapshot in the making. Nobody else sees it until `commit` has resolved. After `commit` or `abort` it is over: further
 * calls of `write` and `commit` reject with `QUORATE_CLOSED`.
 */
export type SnapshotWriter = {
  /** Bytes written so far; a transfer that was interrupted goes on here. */
  readonly sizeBytes: number;
  /** Appends a chunk, which is not changed afterwards by either side. One call at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes the snapshot durable and then the latest one. Rejects and keeps the older one, with `QUORATE_SNAPSHOT_CORRUPT` if
   * `expected` does not fit what was written, and with `QUORATE_SNAPSHOT_STALE` if another writer has meanwhile made one
   * that goes as far. What was written is forgotten then.
   */
  commit(expected?: { readonly sizeBytes: number; readonly checksum: number }): Promise<StoredSnapshot>;
  /** Forgets it. Idempotent; does nothing after `commit`. */
  abort(): Promise<void>;
};

/** An open snapshot; stays readable until closed, even when a newer one has taken its place. */
export type SnapshotReader = {
  readonly snapshot: StoredSnapshot;
  /**
   * Up to `lengthBytes` from `offsetBytes` on; fewer at the end, none behind it. Never other bytes than were written:
   * rejects with `QUORATE_SNAPSHOT_CORRUPT` instead. `QUORATE_CLOSED` once the reader or the store is closed.
   */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Idempotent. */
  close(): Promise<void>;
};

/**
 * Storage of one server's snapshots.
 *
 * - At any time there is at most one latest snapshot; the one before it is deleted only when the new one is durable.
 * - A crash leaves either the old or the new latest snapshot, whole. What was not committed is gone after `load`.
 * - Several snapshots may be written and read at the same time: a server may take its own while it receives another's.
 * - Fail closed like `LogStorage`: after a failed write everything rejects with `QUORATE_STORAGE_FAILED` until the store is
 *   opened anew. An adapter that can give back the space that an unfinished snapshot took may reject with
 *   `QUORATE_STORAGE_FULL` on a full disk: that snapshot is forgotten, and everything else goes on.
 */
export type SnapshotStore = {
  /**
   * Cleans up and verifies; the latest snapshot, if there is one. Called once, first. Rejects with
   * `QUORATE_SNAPSHOT_CORRUPT` rather than guess, and with `QUORATE_DATA_LOCKED` if somebody else has the store open.
   */
  load(): Promise<StoredSnapshot | undefined>;
  /** Begins a snapshot. Its index must be above that of the latest one (`QUORATE_SNAPSHOT_STALE`). */
  create(position: SnapshotPosition): Promise<SnapshotWriter>;
  /** Opens the latest snapshot; undefined if there is none. */
  openLatest(): Promise<SnapshotReader | undefined>;
  /** Aborts what is being written and releases everything. Idempotent. Later calls reject with `QUORATE_CLOSED`. */
  close(): Promise<void>;
};
