// The log storage port on SQLite. Calls are checked here, in call order, and wait until the worker is free; then all that wait
// become one transaction and one sync. Whatever goes wrong, nothing more is promised until the store is opened anew.

import { join } from "node:path";
import {
  codeOf,
  type Entry,
  type EntryId,
  type ErrorFacts,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "@quorate/contracts";
import {
  alreadyInitialised,
  closed,
  failedWith,
  notLoaded,
  outOfRange,
  queueFull,
  writeRefused,
  writeTooLarge,
} from "./errors.ts";
import { logDatabase } from "./log-format.ts";
import { LogOutline } from "./log-outline.ts";
import { type LogAnswer, type LogFound, type LogOperation, packEntries, unpackEntries } from "./log-protocol.ts";
import { checkOptions, type LogSettings, type SqliteLogStorageOptions } from "./options.ts";
import { WorkerLink } from "./worker-link.ts";

/** A group takes no further call above this size. */
const groupFullBytes = 4 * 1024 * 1024;
/** SQLite takes no larger value than a billion bytes. */
const maxWriteBytes = 512 * 1024 * 1024;
/** What an entry costs besides its data while it waits. */
const entryOverheadBytes = 64;

/**
 * Durable log storage in a SQLite database, for one server. The directory is made and claimed by `load`.
 *
 * A resolved `write` survives the end of the process and the loss of power, as far as the disk keeps what it confirms.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if an option is out of its bounds.
 */
export function sqliteLogStorage(options: SqliteLogStorageOptions): LogStorage {
  return openSqliteLogStorage(options);
}

/** The same with a database that may have only so many pages, which is what a full disk looks like. */
export function openSqliteLogStorage(options: SqliteLogStorageOptions, maxPages?: number): LogStorage {
  return new SqliteLogStorage(checkOptions(options), maxPages);
}

type Call = {
  readonly operation: LogOperation;
  readonly bytes: number;
  /** Gets the entries of a read, and nothing otherwise. */
  readonly resolve: (entries: readonly Entry[]) => void;
  readonly reject: (error: unknown) => void;
};

class SqliteLogStorage implements LogStorage {
  readonly supports = { durable: true, reservesSpace: false };
  readonly #settings: LogSettings;
  readonly #maxPages: number | undefined;
  readonly #file: string;
  #link: WorkerLink | undefined;
  #loading: Promise<StoredState> | undefined;
  #outline: LogOutline | undefined;
  #identity: StoreIdentity | undefined;
  #failure: QuorateError | undefined;
  #closing: Promise<void> | undefined;
  #waiting: Call[] = [];
  #waitingBytes = 0;
  /** The work on everything that was called so far; undefined if there is none. */
  #working: Promise<void> | undefined;
  #hasLeftovers = false;
  #isSealed = true;
  #sealTimer: NodeJS.Timeout | undefined;

  constructor(settings: LogSettings, maxPages: number | undefined) {
    this.#settings = settings;
    this.#maxPages = maxPages;
    this.#file = join(settings.directory, logDatabase.fileName);
  }

  async load(): Promise<StoredState> {
    if (this.#closing !== undefined) throw new QuorateError(closed(this.#file));
    if (this.#loading !== undefined) throw new QuorateError(notLoaded(this.#file));
    this.#loading = this.#load();
    return this.#loading;
  }

  initialise(identity: StoreIdentity): Promise<void> {
    return this.#change(() => {
      if (this.#identity !== undefined) throw new QuorateError(alreadyInitialised(this.#identity));
      this.#identity = identity;
      return { operation: { type: "initialise", identity }, bytes: 0 };
    });
  }

  write(write: LogWrite): Promise<void> {
    return this.#change((outline) => {
      const misfit = outline.misfitOf(write);
      if (misfit !== undefined) throw new QuorateError(writeRefused(misfit));
      const { hardState, truncateFrom } = write;
      const bytes = write.entries.reduce((sum, { data }) => sum + data.length + entryOverheadBytes, 0);
      this.#refuseTooMuch(bytes);
      outline.write(write);
      const operation = { type: "write", hardState, truncateFrom, entries: packEntries(write.entries) } as const;
      return { operation, bytes };
    });
  }

  async read(range: LogRange): Promise<readonly Entry[]> {
    const outline = this.#opened();
    const outside = outline.describeOutside(range);
    if (outside !== undefined) throw new QuorateError(outOfRange(outside));
    const { firstIndex, lastIndex, maxBytes } = range;
    return this.#enqueue({ operation: { type: "read", firstIndex, lastIndex, maxBytes }, bytes: 0 });
  }

  compact(base: EntryId): Promise<void> {
    return this.#change((outline) => {
      const { index, term } = base;
      if (!Number.isSafeInteger(index) || index < 0 || !Number.isSafeInteger(term) || term < 0) {
        throw new QuorateError(writeRefused(`a base of index ${index} and term ${term}`));
      }
      const effect = outline.compact({ index, term });
      // Even what changes nothing resolves after the calls before it.
      if (effect === "ignored") return { operation: { type: "collect" }, bytes: 0 };
      return { operation: { type: "compact", base: { index, term }, keepsEntries: effect === "keeps" }, bytes: 0 };
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #opened(): LogOutline {
    if (this.#closing !== undefined) throw new QuorateError(closed(this.#file));
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#outline === undefined) throw new QuorateError(notLoaded(this.#file));
    return this.#outline;
  }

  async #load(): Promise<StoredState> {
    const { directory } = this.#settings;
    this.#link = new WorkerLink({ engine: "log", directory, file: this.#file, maxPages: this.#maxPages });
    // The worker answers `load` with this.
    const found = (await this.#link.load()) as LogFound;
    this.#outline = new LogOutline(found.log);
    this.#identity = found.identity;
    this.#hasLeftovers = found.hasLeftovers;
    if (this.#hasLeftovers) this.#startWork();
    const { identity, hardState, log, configurations } = found;
    return { identity, hardState, log, configurations };
  }

  /** Checks and notes a call before it waits; what the check throws is the call's failure. */
  async #change(check: (outline: LogOutline) => Pick<Call, "operation" | "bytes">): Promise<void> {
    await this.#enqueue(check(this.#opened()));
  }

  #refuseTooMuch(bytes: number): void {
    if (bytes > maxWriteBytes) throw new QuorateError(writeTooLarge({ bytes, maxBytes: maxWriteBytes }));
    const queuedBytes = this.#waitingBytes + bytes;
    const { maxQueuedBytes } = this.#settings;
    // A single write may be larger than the limit of those that wait.
    if (this.#waitingBytes === 0 || queuedBytes <= maxQueuedBytes) return;
    throw new QuorateError(queueFull({ queuedBytes, maxQueuedBytes }));
  }

  #enqueue({ operation, bytes }: Pick<Call, "operation" | "bytes">): Promise<readonly Entry[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Entry[]>();
    this.#waiting.push({ operation, bytes, resolve, reject });
    this.#waitingBytes += bytes;
    this.#startWork();
    return promise;
  }

  #startWork(): void {
    clearTimeout(this.#sealTimer);
    this.#working ??= this.#work();
  }

  /** Sends group after group until nobody waits; compacted rows are deleted while there is nothing else to do. */
  async #work(): Promise<void> {
    // What is called in the same turn joins the first group.
    await Promise.resolve();
    while (this.#failure === undefined && (this.#waiting.length > 0 || this.#hasLeftovers)) {
      await this.#sendGroup(this.#takeGroup());
      if (this.#closing !== undefined && this.#waiting.length === 0) break;
    }
    this.#working = undefined;
    if (this.#failure === undefined && !this.#isSealed && this.#closing === undefined) this.#sealLater();
  }

  /** Calls in order, as many as make a group. */
  #takeGroup(): readonly Call[] {
    let bytes = 0;
    const end = this.#waiting.findIndex((call) => {
      bytes += call.bytes;
      return bytes >= groupFullBytes;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end + 1);
  }

  async #sendGroup(calls: readonly Call[]): Promise<void> {
    const operations = calls.map(({ operation }) => operation);
    try {
      const answer = await this.#run(operations.length === 0 ? [{ type: "collect" }] : operations);
      const reads = answer.reads.values();
      for (const { operation, resolve } of calls) {
        const packed = operation.type === "read" ? reads.next().value : undefined;
        resolve(packed === undefined ? [] : unpackEntries(packed));
      }
    } catch (error) {
      this.#fail(error);
      // Damage is what a read has found; to everybody else the store has failed.
      for (const { operation, reject } of calls) reject(operation.type === "read" ? error : this.#failure);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    }
    this.#waitingBytes -= calls.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async #run(operations: readonly LogOperation[]): Promise<LogAnswer> {
    const buffers = operations.flatMap((operation) =>
      operation.type === "write" ? operation.entries.bytes.buffer : [],
    );
    // The worker answers groups of calls with this; packed bytes have buffers of their own.
    const answer = (await this.#link?.request({ type: "log", operations }, buffers as ArrayBuffer[])) as LogAnswer;
    this.#hasLeftovers = answer.hasLeftovers;
    if (operations.some(({ type }) => type !== "read")) this.#isSealed = operations.at(-1)?.type === "seal";
    return answer;
  }

  #sealLater(): void {
    this.#sealTimer = setTimeout(() => {
      this.#working ??= this.#seal();
    }, this.#settings.sealAfterMs);
    this.#sealTimer.unref();
  }

  async #seal(): Promise<void> {
    await this.#run([{ type: "seal" }]).catch((error: unknown) => this.#fail(error));
    await this.#work();
  }

  #fail(error: unknown): void {
    if (codeOf(error) === "QUORATE_STORAGE_FAILED" && error instanceof QuorateError) this.#failure ??= error;
    const facts: ErrorFacts = failedWith(error, { action: "go on with", path: this.#file });
    this.#failure ??= new QuorateError(facts);
  }

  async #close(): Promise<void> {
    clearTimeout(this.#sealTimer);
    await this.#loading?.catch(() => undefined);
    while (this.#working !== undefined) await this.#working;
    await this.#link?.close();
  }
}
