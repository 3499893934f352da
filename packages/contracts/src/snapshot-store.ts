// The port that keeps snapshots of the state machine: written in chunks, visible only when complete and durable, read in
// chunks. Thesis chapter 5.

import type { Configuration } from "@quorate/core";

/** The last entry that a snapshot contains, and who belonged to the cluster as of that entry. */
export type SnapshotPosition = {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
};

/** A complete, durable snapshot. */
export type StoredSnapshot = SnapshotPosition & {
  readonly sizeBytes: number;
  /** CRC-32 of the whole content, as an unsigned number. */
  readonly checksum: number;
};

/** A snapshot in the making. Nobody else sees it until `commit` has resolved. */
export type SnapshotWriter = {
  /** Bytes written so far; a transfer that was interrupted goes on here. */
  readonly sizeBytes: number;
  /** Appends a chunk. One call at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Makes the snapshot durable and then the latest one. Rejects with `QUORATE_SNAPSHOT_CORRUPT` and keeps the older one if
   * `expected` does not fit what was written.
   */
  commit(expected?: { readonly sizeBytes: number; readonly checksum: number }): Promise<StoredSnapshot>;
  /** Forgets it. Idempotent; does nothing after `commit`. */
  abort(): Promise<void>;
};

/** An open snapshot; stays readable until closed, even when a newer one has taken its place. */
export type SnapshotReader = {
  readonly snapshot: StoredSnapshot;
  /** Up to `lengthBytes` from `offsetBytes` on; fewer at the end, none behind it. Verified against damage. */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /** Idempotent. */
  close(): Promise<void>;
};

/**
 * Storage of one server's snapshots.
 *
 * - At any time there is at most one latest snapshot; the one before it is deleted only when the new one is durable.
 * - A crash leaves either the old or the new latest snapshot, whole. What was not committed is gone after `load`.
 * - Fail closed like `LogStorage`: after a failed write everything rejects with `QUORATE_STORAGE_FAILED`.
 */
export type SnapshotStore = {
  /** Cleans up and verifies; the latest snapshot, if there is one. Called once, first. Rejects with `QUORATE_SNAPSHOT_CORRUPT`. */
  load(): Promise<StoredSnapshot | undefined>;
  /** Begins a snapshot. Its index must be above that of the latest one (`QUORATE_SNAPSHOT_STALE`). */
  create(position: SnapshotPosition): Promise<SnapshotWriter>;
  /** Opens the latest snapshot; undefined if there is none. */
  openLatest(): Promise<SnapshotReader | undefined>;
  /** Aborts what is being written and releases everything. Idempotent. */
  close(): Promise<void>;
};
