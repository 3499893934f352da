// Snapshots in memory: the shortest correct adapter, meant to be copied. A snapshot takes its place in one assignment, so
// there is never half of one to be seen.

import {
  crc32,
  QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "@quorate/contracts";
import { type MemoryDisk, memoryDisk, type MemorySnapshot } from "./disk.ts";

/** A snapshot store that keeps the latest snapshot in `disk` and nothing beyond the life of the process. */
export function memorySnapshotStore(disk: MemoryDisk = memoryDisk()): SnapshotStore {
  return new MemorySnapshotStore({ disk, isClosed: false });
}

/** What a store, its writers and its readers share. */
type Shared = { readonly disk: MemoryDisk; isClosed: boolean };

class MemorySnapshotStore implements SnapshotStore {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async load(): Promise<StoredSnapshot | undefined> {
    refuseIfClosed(this.#shared.isClosed);
    return this.#shared.disk.snapshot?.stored;
  }

  async create(position: SnapshotPosition): Promise<SnapshotWriter> {
    refuseIfClosed(this.#shared.isClosed);
    refuseIfStale(position, this.#shared.disk);
    return new MemorySnapshotWriter(this.#shared, position);
  }

  async openLatest(): Promise<SnapshotReader | undefined> {
    refuseIfClosed(this.#shared.isClosed);
    const { snapshot } = this.#shared.disk;
    return snapshot && new MemorySnapshotReader(this.#shared, snapshot);
  }

  async close(): Promise<void> {
    this.#shared.isClosed = true;
  }
}

class MemorySnapshotWriter implements SnapshotWriter {
  readonly #shared: Shared;
  readonly #position: SnapshotPosition;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #isOver = false;

  constructor(shared: Shared, position: SnapshotPosition) {
    this.#shared = shared;
    this.#position = position;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    refuseIfClosed(this.#isOver || this.#shared.isClosed);
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  async commit(expected?: { readonly sizeBytes: number; readonly checksum: number }): Promise<StoredSnapshot> {
    refuseIfClosed(this.#isOver || this.#shared.isClosed);
    const content = joined(this.#chunks, this.#sizeBytes);
    this.#end();
    const stored = { ...this.#position, sizeBytes: content.length, checksum: crc32(content) };
    if (expected !== undefined) refuseIfOther(stored, expected);
    refuseIfStale(stored, this.#shared.disk);
    this.#shared.disk.snapshot = { stored, content };
    return stored;
  }

  async abort(): Promise<void> {
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#chunks = [];
  }
}

class MemorySnapshotReader implements SnapshotReader {
  readonly snapshot: StoredSnapshot;
  readonly #shared: Shared;
  readonly #content: Uint8Array;
  #isClosed = false;

  constructor(shared: Shared, { stored, content }: MemorySnapshot) {
    this.snapshot = stored;
    this.#shared = shared;
    this.#content = content;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    refuseIfClosed(this.#isClosed || this.#shared.isClosed);
    return this.#content.subarray(offsetBytes, offsetBytes + lengthBytes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const content = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    content.set(chunk, at);
    at += chunk.length;
  }
  return content;
}

function refuseIfClosed(isClosed: boolean): void {
  if (!isClosed) return;
  throw new QuorateError({
    code: "QUORATE_CLOSED",
    message: "The snapshot store, writer or reader has been closed.",
    hint: "Open it anew; what is closed does not come back.",
  });
}

function refuseIfStale({ index }: SnapshotPosition, disk: MemoryDisk): void {
  const latestIndex = disk.snapshot?.stored.index ?? 0;
  if (index > latestIndex) return;
  throw new QuorateError({
    code: "QUORATE_SNAPSHOT_STALE",
    message: `A snapshot at index ${index} goes no further than the latest one, at ${latestIndex}.`,
    hint: "Use the latest one; there is nothing to do.",
  });
}

function refuseIfOther(
  stored: StoredSnapshot,
  expected: { readonly sizeBytes: number; readonly checksum: number },
): void {
  if (stored.sizeBytes === expected.sizeBytes && stored.checksum === expected.checksum) return;
  const { sizeBytes, checksum } = expected;
  throw new QuorateError({
    code: "QUORATE_SNAPSHOT_CORRUPT",
    message:
      `Expected a snapshot of ${sizeBytes} bytes with checksum ${checksum}, ` +
      `found ${stored.sizeBytes} bytes with checksum ${stored.checksum}.`,
    hint: "Write or receive the snapshot again. The one before it is still there.",
  });
}
