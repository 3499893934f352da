// The log storage port on a directory: opens it under a lock, recovers what is there, and ties writer, reader and index
// together. Its one state of failure is final: whatever went wrong, nothing more is promised until the store is opened anew.

import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import {
  codeOf,
  type Entry,
  type EntryId,
  isQuorateError,
  type LogRange,
  type LogStorage,
  type LogWrite,
  type QuorateError,
  type StoredState,
  type StoreIdentity,
} from "@quorate/contracts";
import { EntryIndex, type EntryPlace } from "./entry-index.ts";
import { alreadyInitialised, asStorageFailure, closed, notLoaded, storageFailed, writeRefused } from "./errors.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { LOG_ID_BYTES, SEGMENT_HEADER_BYTES } from "./format.ts";
import { type HardStateSlot, HardStateSlots, readHardStateSlots, refuseForgottenVote } from "./hard-state-slots.ts";
import { readIdentity, refuseOtherLog, type StoredIdentity, writeIdentity } from "./identity-file.ts";
import type { DirectoryLock } from "./lock.ts";
import { readEntries } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { checkOptions, type FileLogStorageOptions, type LogSettings } from "./options.ts";
import { MAX_VOTED_FOR_BYTES } from "./records.ts";
import { type RecoveredLog, recoverLog } from "./recovery.ts";
import { LogSegment, segmentFileName, sortNames } from "./segment-files.ts";
import { SegmentRemoval } from "./segment-removal.ts";

/**
 * Durable log storage in a directory, for one server. The directory is made and claimed by `load`.
 *
 * A resolved `write` survives the end of the process and the loss of power, as far as the disk keeps what it confirms.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if an option is out of its bounds.
 */
export function fileLogStorage(options: FileLogStorageOptions): LogStorage {
  return openFileLogStorage(options, nodeFileSystem);
}

/** The same on any file system. */
export function openFileLogStorage(options: FileLogStorageOptions, fileSystem: FileSystem): LogStorage {
  return new FileLogStorage(checkOptions(options), fileSystem);
}

/** What there is once `load` has succeeded. */
type LoadedLog = {
  readonly lock: DirectoryLock;
  readonly logId: Uint8Array;
  readonly index: EntryIndex;
  readonly writer: LogWriter;
  readonly removal: SegmentRemoval;
};

class FileLogStorage implements LogStorage {
  readonly supports = { durable: true, reservesSpace: true };
  readonly #settings: LogSettings;
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #isLoading = false;
  #loading: Promise<StoredState> | undefined;
  #log: LoadedLog | undefined;
  #identity: StoreIdentity | undefined;
  #initialising: Promise<void> | undefined;
  #failure: QuorateError | undefined;
  #closing: Promise<void> | undefined;
  readonly #reads = new Set<Promise<unknown>>();

  constructor(settings: LogSettings, fileSystem: FileSystem) {
    this.#settings = settings;
    this.#fileSystem = fileSystem;
    this.#directory = resolve(settings.directory);
  }

  get isShortOfSpace(): boolean {
    return this.#log?.writer.isShortOfSpace === true;
  }

  async load(): Promise<StoredState> {
    if (this.#closing !== undefined) throw closed(this.#directory);
    if (this.#isLoading) throw notLoaded(this.#directory);
    this.#isLoading = true;
    this.#loading = this.#load();
    return this.#loading;
  }

  async initialise(identity: StoreIdentity): Promise<void> {
    const { writer, logId } = this.#opened();
    if (this.#identity !== undefined) throw alreadyInitialised(this.#identity);
    this.#identity = identity;
    this.#initialising = this.#writeIdentity({ identity, logId: Buffer.from(logId).toString("hex") }, writer);
    await this.#initialising;
  }

  write(write: LogWrite): Promise<void> {
    try {
      const { writer, index } = this.#opened();
      const misfit = describeMisfit(write, index);
      if (misfit !== undefined) throw writeRefused(misfit);
      return writer.write(write);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async read(range: LogRange): Promise<readonly Entry[]> {
    const { index, writer } = this.#opened();
    const source = { place: this.#place, index, findGroup: (place: EntryPlace) => writer.findGroup(place) };
    const reading = readEntries(source, range);
    this.#reads.add(reading);
    try {
      return await reading;
    } catch (error) {
      if (codeOf(error) !== "QUORATE_OUT_OF_RANGE") this.#fail(error);
      throw error;
    } finally {
      this.#reads.delete(reading);
    }
  }

  compact(base: EntryId): Promise<void> {
    try {
      const { writer, index, removal } = this.#opened();
      const misfit = describeInvalidBase(base);
      if (misfit !== undefined) throw writeRefused(misfit);
      const durable = writer.compact(base);
      // As of this call, not as of when it is durable: what is called later may not be durable by then.
      const neededId = index.firstSegmentId ?? writer.segmentId;
      void durable.then(
        () => removal.removeBefore(neededId),
        () => undefined,
      );
      return durable;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #place(): { readonly fileSystem: FileSystem; readonly directory: string } {
    return { fileSystem: this.#fileSystem, directory: this.#directory };
  }

  #opened(): LoadedLog {
    if (this.#closing !== undefined) throw closed(this.#directory);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#log === undefined) throw notLoaded(this.#directory);
    return this.#log;
  }

  async #load(): Promise<StoredState> {
    const lock = await this.#claim();
    try {
      const { identity, recovered, slot } = await this.#recover();
      this.#identity = identity?.identity;
      const logId = recovered?.logId ?? slot?.logId ?? randomBytes(LOG_ID_BYTES);
      const index = recovered?.index ?? new EntryIndex();
      const hardState = recovered?.hardState ?? { term: 0, votedFor: undefined };
      const place = { ...this.#place, logId, lock };
      const slots = new HardStateSlots(this.#place, logId, slot);
      const fresh = { segmentId: 1, sizeBytes: this.#settings.segmentBytes };
      const writer = new LogWriter({
        place,
        options: this.#settings,
        index,
        slots,
        hardState,
        end: {
          segment: recovered ? LogSegment.existing(recovered.segment) : LogSegment.planned(place, fresh),
          offset: recovered?.offset ?? SEGMENT_HEADER_BYTES,
          crc: recovered?.crc ?? 0,
          sequence: recovered?.sequence ?? 0,
          isSealed: recovered?.isSealed ?? false,
          spare: recovered?.spare && LogSegment.existing(recovered.spare),
        },
        onFailure: (cause) => this.#fail(cause),
      });
      const state = { hardState, log: index.summary, configurations: recovered?.configurations ?? [] };
      // What was found is what a later crash must find again. The slot speaks of what is durable.
      try {
        await writer.seal();
        await slots.record(hardState, recovered?.hardStateSequence ?? 0);
      } catch (error) {
        await writer.close();
        throw error;
      }
      const removal = new SegmentRemoval({
        place,
        firstSegmentId: recovered?.firstSegmentId ?? 1,
        readsInFlight: () => Promise.allSettled(this.#reads),
        onFailure: (cause) => this.#fail(cause),
      });
      removal.removeBefore(index.firstSegmentId ?? writer.segmentId);
      this.#log = { lock, logId, index, writer, removal };
      return { identity: this.#identity, ...state };
    } catch (error) {
      await lock.release();
      throw asStorageFailure(error, { action: "open the log in", path: this.#directory });
    }
  }

  async #claim(): Promise<DirectoryLock> {
    try {
      await this.#fileSystem.makeDirectory(this.#directory);
      return await this.#fileSystem.lock(this.#directory, "lock");
    } catch (error) {
      throw asStorageFailure(error, { action: "open the directory", path: this.#directory });
    }
  }

  /** Reads the directory, and removes what a crash left unfinished. */
  async #recover(): Promise<{
    readonly identity: StoredIdentity | undefined;
    readonly recovered: RecoveredLog | undefined;
    readonly slot: HardStateSlot | undefined;
  }> {
    const names = await this.#fileSystem.list(this.#directory);
    const { segmentIds, unfinished } = sortNames(names);
    const identity = await readIdentity(this.#place, names);
    const recovered = await recoverLog(this.#place, segmentIds);
    const slot = await readHardStateSlots(this.#place, names);
    if (identity !== undefined) refuseOtherLog(this.#place, identity, recovered);
    refuseForgottenVote(this.#place, slot, recovered);
    for (const name of unfinished) await this.#fileSystem.remove(join(this.#directory, name));
    if (recovered !== undefined && recovered.tornBytes > 0) await this.#removeTornWrite(recovered);
    await this.#makeDurable(recovered);
    return { identity, recovered, slot };
  }

  /** Zeroes what is behind the end, so that no part of it can ever be taken for a continuation. */
  async #removeTornWrite({ segment, offset, tornBytes }: RecoveredLog): Promise<void> {
    const path = join(this.#directory, segmentFileName(segment.segmentId));
    const file = await this.#fileSystem.open(path, "write");
    try {
      await file.write(new Uint8Array(tornBytes), offset);
      await file.datasync();
    } finally {
      await file.close();
    }
    this.#settings.onEvent({ type: "tornWriteRemoved", file: path, offset, bytes: tornBytes });
  }

  /**
   * What can be read need not be durable: a process may have died between a write and its sync, and the system still has
   * the bytes. Before the state is reported, everything that it rests on is synced; the seal then syncs the last segment.
   */
  async #makeDurable(recovered: RecoveredLog | undefined): Promise<void> {
    await this.#fileSystem.syncDirectory(this.#directory);
    const isUnused = recovered?.offset === SEGMENT_HEADER_BYTES;
    if (recovered === undefined || !isUnused || recovered.segment.segmentId === 1) return;
    const before = join(this.#directory, segmentFileName(recovered.segment.segmentId - 1));
    const file = await this.#fileSystem.open(before, "write");
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #writeIdentity(stored: StoredIdentity, writer: LogWriter): Promise<void> {
    try {
      // An identity says that there is a log.
      await writer.ensureSegment();
      await writeIdentity(this.#place, stored);
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** From now on everything is refused; returns why. */
  #fail(cause: unknown): QuorateError {
    const isFinal = isQuorateError(cause) && cause.code === "QUORATE_STORAGE_FAILED";
    this.#failure ??= isFinal
      ? cause
      : storageFailed({ action: "go on with", path: this.#directory, cause: rootOf(cause) });
    return this.#failure;
  }

  async #close(): Promise<void> {
    await this.#loading?.catch(() => undefined);
    await this.#initialising?.catch(() => undefined);
    await this.#log?.writer.close();
    await this.#log?.removal.settled();
    await this.#log?.lock.release();
  }
}

/** The system's error, if one is behind it: its code says what to do. */
function rootOf(cause: unknown): unknown {
  return isQuorateError(cause) && cause.cause !== undefined ? cause.cause : cause;
}

/** Why the write does not fit the log, or undefined if it does. */
function describeMisfit(write: LogWrite, index: EntryIndex): string | undefined {
  const truncateFrom = write.truncateFrom ?? index.lastIndex + 1;
  const firstIndex = index.base.index + 1;
  if (!Number.isInteger(truncateFrom) || truncateFrom < firstIndex || truncateFrom > index.lastIndex + 1) {
    return `a truncation from ${truncateFrom} in a log of ${firstIndex} to ${index.lastIndex}`;
  }
  let lastIndex = truncateFrom - 1;
  let lastTerm = index.termAt(lastIndex);
  for (const entry of write.entries) {
    if (entry.index !== lastIndex + 1) return `entry ${entry.index} after entry ${lastIndex}`;
    if (!(entry.term >= lastTerm)) return `entry ${entry.index} of term ${entry.term} after one of term ${lastTerm}`;
    lastIndex = entry.index;
    lastTerm = entry.term;
  }
  const votedForBytes = Buffer.byteLength(write.hardState?.votedFor ?? "");
  return votedForBytes <= MAX_VOTED_FOR_BYTES ? undefined : `a vote for a name of ${votedForBytes} bytes`;
}

function describeInvalidBase({ index, term }: EntryId): string | undefined {
  const isValid = Number.isSafeInteger(index) && index >= 0 && Number.isSafeInteger(term) && term >= 0;
  return isValid ? undefined : `a base of index ${index} and term ${term}`;
}
