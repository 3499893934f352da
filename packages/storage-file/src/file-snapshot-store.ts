// The snapshot store port on a directory, usually that of the log: recovers the latest snapshot, lets one take the place of
// another, and deletes what is no longer needed. Like the log's, its state of failure is final.

import { join, resolve } from "node:path";
import {
  codeOf,
  isQuorateError,
  type QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "@quorate/contracts";
import {
  asStorageFailure,
  closed,
  invalidDirectory,
  notLoaded,
  snapshotStale,
  storageFailed,
  writeRefused,
} from "./errors.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import type { DirectoryLock } from "./lock.ts";
import {
  openSnapshotFile,
  type SnapshotFile,
  snapshotFileName,
  sortSnapshotNames,
  unfinishedFileName,
  verifySnapshotFile,
} from "./snapshot-file.ts";
import { headerBytesOf, MAX_HEADER_BYTES } from "./snapshot-format.ts";
import { FileSnapshotReader } from "./snapshot-reader.ts";
import { FileSnapshotWriter, type WriterHost } from "./snapshot-writer.ts";

/** Where snapshots are kept. */
export type FileSnapshotStoreOptions = {
  /** Made if missing. One server, one directory; that of its log will do. */
  readonly directory: string;
};

/**
 * Durable snapshot storage in a directory, for one server. The directory is made and claimed by `load`.
 *
 * A snapshot whose `commit` has resolved survives the end of the process and the loss of power, as far as the disk keeps
 * what it confirms.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if an option is out of its bounds.
 */
export function fileSnapshotStore(options: FileSnapshotStoreOptions): SnapshotStore {
  return openFileSnapshotStore(options, nodeFileSystem);
}

/** The same on any file system. */
export function openFileSnapshotStore({ directory }: FileSnapshotStoreOptions, fileSystem: FileSystem): SnapshotStore {
  if (typeof directory !== "string" || directory === "") {
    throw invalidDirectory(directory);
  }
  return new FileSnapshotStore(resolve(directory), fileSystem);
}

class FileSnapshotStore implements SnapshotStore, WriterHost {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly #writers = new Set<SnapshotWriter>();
  readonly #readers = new Set<SnapshotReader>();
  #loading: Promise<StoredSnapshot | undefined> | undefined;
  #lock: DirectoryLock | undefined;
  #latest: SnapshotFile | undefined;
  #begun = 0;
  #failure: QuorateError | undefined;
  #closing: Promise<void> | undefined;
  /** What changes or opens the latest snapshot takes its turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, fileSystem: FileSystem) {
    this.directory = directory;
    this.fileSystem = fileSystem;
  }

  async load(): Promise<StoredSnapshot | undefined> {
    if (this.#closing !== undefined) throw closed(this.directory);
    if (this.#loading !== undefined) throw notLoaded(this.directory);
    this.#loading = this.#load();
    return this.#loading;
  }

  create(position: SnapshotPosition): Promise<SnapshotWriter> {
    return this.#inTurn(async () => {
      this.check();
      const { index, term } = position;
      if (!Number.isSafeInteger(index) || !Number.isSafeInteger(term) || term < 0) {
        throw writeRefused(`a snapshot at index ${index} of term ${term}`);
      }
      if (headerBytesOf(position) > MAX_HEADER_BYTES) throw writeRefused("a configuration of more than a mebibyte");
      this.#refuseStale(index);
      this.#begun += 1;
      const writer = await FileSnapshotWriter.begin(this, position, unfinishedFileName(index, this.#begun));
      this.#writers.add(writer);
      return writer;
    });
  }

  openLatest(): Promise<SnapshotReader | undefined> {
    return this.#inTurn(async () => {
      this.check();
      if (this.#latest === undefined) return undefined;
      const { path } = this.#latest;
      const file = await this.fileSystem.open(path, "read").catch((cause: unknown) => {
        throw this.fail(storageFailed({ action: "open the snapshot", path, cause }));
      });
      const reader = new FileSnapshotReader(this, { ...this.#latest, file });
      this.#readers.add(reader);
      return reader;
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  check(): void {
    if (this.#closing !== undefined) throw closed(this.directory);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#lock === undefined) throw notLoaded(this.directory);
  }

  fail(cause: unknown): unknown {
    // Nothing but what was being written is lost, and that was nobody's yet.
    if (codeOf(cause) === "QUORATE_STORAGE_FULL") return cause;
    const isFinal = isQuorateError(cause) && cause.code === "QUORATE_STORAGE_FAILED";
    this.#failure ??= isFinal ? cause : storageFailed({ action: "go on with", path: this.directory, cause });
    return cause;
  }

  forget(writerOrReader: SnapshotWriter | SnapshotReader): void {
    if ("commit" in writerOrReader) this.#writers.delete(writerOrReader);
    else this.#readers.delete(writerOrReader);
  }

  install(temporary: string, { header }: Pick<SnapshotFile, "header">): Promise<void> {
    return this.#inTurn(async () => {
      this.#refuseStale(header.stored.index);
      const older = this.#latest;
      const path = join(this.directory, snapshotFileName(header.stored.index));
      try {
        if (!(await this.#lock?.isHeld())) {
          throw new Error("the lock file was removed from the directory while it was in use");
        }
        await this.fileSystem.rename({ from: temporary, to: path });
        await this.fileSystem.syncDirectory(this.directory);
        this.#latest = { path, header };
        if (older !== undefined) await this.fileSystem.remove(older.path);
      } catch (cause) {
        throw this.fail(storageFailed({ action: "install the snapshot", path, cause }));
      }
    });
  }

  #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #refuseStale(index: number): void {
    const latestIndex = this.#latest?.header.stored.index ?? 0;
    if (index <= latestIndex) throw snapshotStale({ index, latestIndex });
  }

  async #load(): Promise<StoredSnapshot | undefined> {
    const context = { action: "open the snapshots in", path: this.directory };
    let lock: DirectoryLock | undefined;
    try {
      await this.fileSystem.makeDirectory(this.directory);
      lock = await this.fileSystem.lock(this.directory, "snapshot-lock");
      this.#latest = await this.#recover();
      this.#lock = lock;
      return this.#latest?.header.stored;
    } catch (error) {
      await lock?.release();
      throw asStorageFailure(error, context);
    }
  }

  /** Verifies the latest snapshot, and only then removes what it replaces and what a crash left unfinished. */
  async #recover(): Promise<SnapshotFile | undefined> {
    const { indexes, unfinished } = sortSnapshotNames(await this.fileSystem.list(this.directory));
    const latestIndex = indexes.at(-1);
    const latest = latestIndex === undefined ? undefined : await openSnapshotFile(this, latestIndex);
    if (latest !== undefined) await verifySnapshotFile(this.fileSystem, latest);
    // The latest one may be there without being durable: its name may have come just before the crash.
    await this.fileSystem.syncDirectory(this.directory);
    const older = indexes.slice(0, -1).map(snapshotFileName);
    for (const name of [...unfinished, ...older]) await this.fileSystem.remove(join(this.directory, name));
    return latest;
  }

  async #close(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    await this.#turn;
    // A commit that has begun is finished.
    await Promise.all([...this.#writers].map(async (writer) => writer.abort()));
    await Promise.all([...this.#readers].map(async (reader) => reader.close()));
    await this.#lock?.release();
  }
}
