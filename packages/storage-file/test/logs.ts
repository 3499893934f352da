// What the tests of damage and failure share: small logs, and what a store on a test disk finds.

import type { Entry, EntryId, HardState, LogStorage, StoreIdentity } from "@quorate/contracts";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import type { FileLogEvent, FileLogStorageOptions } from "../src/options.ts";
import type { TestDisk } from "./test-disk.ts";

export type Found = {
  readonly identity: StoreIdentity | undefined;
  readonly hardState: HardState;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
};

/** A store on the disk with small segments, which is sealed when it is closed and not before. */
export function storageOn(disk: TestDisk, options: Partial<FileLogStorageOptions> = {}): LogStorage {
  const settings = { directory: "/disk", segmentBytes: 64 * 1024, sealAfterMs: 60_000, ...options };
  return openFileLogStorage(settings, disk.fileSystem);
}

/** Opens the disk, reads everything and closes it. Rejects if the store refuses the disk. */
export async function findOn(disk: TestDisk, onEvent: (event: FileLogEvent) => void = () => {}): Promise<Found> {
  const storage = storageOn(disk, { onEvent });
  try {
    return await findIn(storage);
  } finally {
    await storage.close();
  }
}

/** Loads a store and reads everything. */
export async function findIn(storage: LogStorage): Promise<Found> {
  const { identity, hardState, log } = await storage.load();
  const { base, lastIndex } = log;
  if (lastIndex === base.index) return { identity, hardState, base, entries: [] };
  const range = { firstIndex: base.index + 1, lastIndex, maxBytes: Number.MAX_SAFE_INTEGER };
  return { identity, hardState, base, entries: await storage.read(range) };
}

/** A command with `bytes` bytes that differ from one entry to the next. */
export function command(index: number, term: number, bytes = 40): Entry {
  return { index, term, kind: "command", data: new Uint8Array(bytes).fill((index * 31 + term) % 256) };
}

export function commands(range: {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly term: number;
  readonly bytes?: number;
}): readonly Entry[] {
  const { firstIndex, lastIndex, term, bytes } = range;
  return Array.from({ length: lastIndex - firstIndex + 1 }, (_, offset) => command(firstIndex + offset, term, bytes));
}

/** The code a promise rejects with; undefined if it resolves. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}
