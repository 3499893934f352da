// The snapshots of one node: taken when the log has grown enough, restored at start, sent to peers that lag too far, and
// received from a leader. Thesis chapter 5.

import type { SnapshotPosition, SnapshotReader, SnapshotStore, StoredSnapshot } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";

/** How often snapshots are taken and how much of the log stays behind them. */
export type SnapshotOptions = {
  readonly store: SnapshotStore;
  /** Take one after this many entries. Default 20 000. */
  readonly everyEntries?: number;
  /** Entries that stay in the log behind a snapshot, for peers that lag a little. Default 10 000. */
  readonly retainEntries?: number;
};

/** Bytes handed to the store at once. */
const WRITE_BYTES = 256 * 1024;

/** Takes snapshots of one state machine, one at a time. */
export class SnapshotTaker {
  readonly #store: SnapshotStore;
  readonly #everyEntries: number;
  #latestIndex: number;
  #isTaking = false;

  constructor({ store, everyEntries = 20_000 }: SnapshotOptions, latestIndex: number) {
    this.#store = store;
    this.#everyEntries = everyEntries;
    this.#latestIndex = latestIndex;
  }

  /** True if it is time for a snapshot. Asked again whenever one is finished, so that no wish is lost meanwhile. */
  isDue(lastApplied: number): boolean {
    return !this.#isTaking && lastApplied - this.#latestIndex >= this.#everyEntries;
  }

  /** Notes a snapshot that came from elsewhere. */
  noteLatest(index: number): void {
    this.#latestIndex = Math.max(this.#latestIndex, index);
  }

  /** Stores `bytes` as the state as of `position`; resolves when durable. */
  async take(position: SnapshotPosition, bytes: Uint8Array): Promise<StoredSnapshot> {
    this.#isTaking = true;
    try {
      const writer = await this.#store.create(position);
      for (let offset = 0; offset < bytes.length; offset += WRITE_BYTES) {
        await writer.write(bytes.subarray(offset, offset + WRITE_BYTES));
      }
      const stored = await writer.commit();
      this.noteLatest(stored.index);
      return stored;
    } finally {
      this.#isTaking = false;
    }
  }
}

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
    const chunk = await reader.read(offset, WRITE_BYTES);
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
