// The snapshot store port on SQLite, in a database of its own beside the log's: a snapshot that is written block by block never
// makes a log entry wait for its transaction.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import {
  codeOf,
  QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "@quorate/contracts";
import { closed, failedWith, notLoaded, snapshotStale, writeRefused } from "./errors.ts";
import { checkDirectory, type SqliteSnapshotStoreOptions } from "./options.ts";
import { type InstalledSnapshot, snapshotDatabase, type SnapshotKey } from "./snapshot-format.ts";
import type { SnapshotOperation } from "./snapshot-protocol.ts";
import { SqliteSnapshotReader } from "./snapshot-reader.ts";
import { SqliteSnapshotWriter } from "./snapshot-writer.ts";
import { WorkerLink } from "./worker-link.ts";

const maxConfigurationBytes = 1024 * 1024;

/** What writers and readers need of their store. */
export type SnapshotHost = {
  readonly file: string;
  /** Throws if the store is closed, has failed or is not loaded. */
  check(): void;
  /** Takes a step in the database. Every failure but damage ends the store. */
  run(operation: SnapshotOperation): Promise<unknown>;
  /** Makes a snapshot whose blocks are all there the latest one; rejects if it is stale. */
  install(snapshot: InstalledSnapshot): Promise<void>;
  /** The writer or reader is over. */
  leave(part: SqliteSnapshotWriter | SqliteSnapshotReader): void;
};

/**
 * Durable snapshot storage in a SQLite database, for one server. The directory is made and claimed by `load`.
 *
 * A snapshot whose `commit` has resolved survives the end of the process and the loss of power, as far as the disk keeps
 * what it confirms.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if there is no directory.
 */
export function sqliteSnapshotStore(options: SqliteSnapshotStoreOptions): SnapshotStore {
  return openSqliteSnapshotStore(options);
}

/** The same with a database that may have only so many pages, which is what a full disk looks like. */
export function openSqliteSnapshotStore(options: SqliteSnapshotStoreOptions, maxPages?: number): SnapshotStore {
  return new SqliteSnapshotStore(checkDirectory(options), maxPages);
}

class SqliteSnapshotStore implements SnapshotStore, SnapshotHost {
  readonly file: string;
  readonly #directory: string;
  readonly #maxPages: number | undefined;
  readonly #writers = new Set<SqliteSnapshotWriter>();
  readonly #readers = new Set<SqliteSnapshotReader>();
  #link: WorkerLink | undefined;
  #loading: Promise<StoredSnapshot | undefined> | undefined;
  #isLoaded = false;
  #latest: InstalledSnapshot | undefined;
  /** Replaced while somebody still reads them. */
  readonly #replaced = new Set<SnapshotKey>();
  #lastNumber = 0;
  #failure: QuorateError | undefined;
  #closing: Promise<void> | undefined;
  /** Snapshots are installed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, maxPages: number | undefined) {
    this.#directory = directory;
    this.#maxPages = maxPages;
    this.file = join(directory, snapshotDatabase.fileName);
  }

  async load(): Promise<StoredSnapshot | undefined> {
    if (this.#closing !== undefined) throw new QuorateError(closed(this.file));
    if (this.#loading !== undefined) throw new QuorateError(notLoaded(this.file));
    this.#loading = this.#load();
    return this.#loading;
  }

  async create(position: SnapshotPosition): Promise<SnapshotWriter> {
    this.check();
    const { index, term, configuration } = position;
    if (!Number.isSafeInteger(index) || !Number.isSafeInteger(term) || term < 0) {
      throw new QuorateError(writeRefused(`a snapshot at index ${index} of term ${term}`));
    }
    if (Buffer.byteLength(JSON.stringify(configuration)) > maxConfigurationBytes) {
      throw new QuorateError(writeRefused("a configuration of more than a mebibyte"));
    }
    this.#refuseStale(index);
    this.#lastNumber += 1;
    const writer = new SqliteSnapshotWriter(this, position, { number: this.#lastNumber, id: randomUUID() });
    this.#writers.add(writer);
    return writer;
  }

  async openLatest(): Promise<SnapshotReader | undefined> {
    this.check();
    if (this.#latest === undefined) return undefined;
    const reader = new SqliteSnapshotReader(this, this.#latest);
    this.#readers.add(reader);
    return reader;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  check(): void {
    if (this.#closing !== undefined) throw new QuorateError(closed(this.file));
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isLoaded) throw new QuorateError(notLoaded(this.file));
  }

  async run(operation: SnapshotOperation): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const buffers = operation.type === "block" ? [operation.data.buffer as ArrayBuffer] : [];
    try {
      return await this.#link?.request({ type: "snapshots", operation }, buffers);
    } catch (error) {
      // Damage concerns that snapshot alone: a new one heals the store.
      if (codeOf(error) !== "QUORATE_SNAPSHOT_CORRUPT" || operation.type !== "read") this.#fail(error);
      throw this.#failure ?? error;
    }
  }

  install(snapshot: InstalledSnapshot): Promise<void> {
    const installed = this.#turn.then(async () => this.#installNow(snapshot));
    this.#turn = installed.catch(() => undefined);
    return installed;
  }

  async #installNow(snapshot: InstalledSnapshot): Promise<void> {
    this.#refuseStale(snapshot.stored.index);
    await this.run({ type: "install", snapshot });
    if (this.#latest !== undefined) this.#replaced.add(this.#latest.key);
    this.#latest = snapshot;
    this.#forgetUnread();
  }

  leave(part: SqliteSnapshotWriter | SqliteSnapshotReader): void {
    if (part instanceof SqliteSnapshotWriter) this.#writers.delete(part);
    else this.#readers.delete(part);
    this.#forgetUnread();
  }

  /** What is left of a replaced snapshot is deleted by the next `load` if this one does not come to it. */
  #forgetUnread(): void {
    for (const key of this.#replaced) {
      if ([...this.#readers].some((reader) => reader.key === key)) continue;
      this.#replaced.delete(key);
      this.run({ type: "forget", key }).catch(() => undefined);
    }
  }

  #refuseStale(index: number): void {
    const latestIndex = this.#latest?.stored.index ?? 0;
    if (index <= latestIndex) throw new QuorateError(snapshotStale({ index, latestIndex }));
  }

  async #load(): Promise<StoredSnapshot | undefined> {
    const start = {
      engine: "snapshots",
      directory: this.#directory,
      file: this.file,
      maxPages: this.#maxPages,
    } as const;
    this.#link = new WorkerLink(start);
    // The worker answers `load` with this.
    this.#latest = (await this.#link.load()) as InstalledSnapshot | undefined;
    this.#lastNumber = this.#latest?.key.number ?? 0;
    this.#isLoaded = true;
    return this.#latest?.stored;
  }

  #fail(error: unknown): void {
    if (codeOf(error) === "QUORATE_STORAGE_FAILED" && error instanceof QuorateError) this.#failure ??= error;
    this.#failure ??= new QuorateError(failedWith(error, { action: "go on with", path: this.file }));
  }

  async #close(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    // A commit that has begun is finished.
    await Promise.all([...this.#writers].map(async (writer) => writer.abort()));
    await Promise.all([...this.#readers].map(async (reader) => reader.close()));
    await this.#turn;
    await this.#link?.close();
  }
}
