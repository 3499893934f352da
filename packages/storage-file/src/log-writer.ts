// Puts writes on disk in call order with as few flushes as the disk's pace allows: while one group is being written and
// synced, whatever arrives is encoded into the next (group commit). Nothing is ever rewritten: a failed flush ends the writer.

import { join } from "node:path";
import { type EntryId, type HardState, isQuorateError, type LogWrite } from "@quorate/contracts";
import type { EntryIndex, EntryPlace } from "./entry-index.ts";
import { queueFull, storageFailed, writeTooLarge } from "./errors.ts";
import type { OpenFile } from "./file-system.ts";
import { BATCH_HEADER_BYTES, batchKinds, recordKinds, SEGMENT_HEADER_BYTES } from "./format.ts";
import type { HardStateSlots } from "./hard-state-slots.ts";
import type { FileLogEvent } from "./options.ts";
import {
  baseRecord,
  type BatchRecord,
  bodyBytesOf,
  compactionRecords,
  hardStateRecord,
  recordsOf,
  tipRecord,
} from "./records.ts";
import { SegmentSupply } from "./segment-supply.ts";
import { LogSegment, segmentFileName, type SegmentPlace } from "./segment-files.ts";
import { GroupBuffer, WriteGroup } from "./write-group.ts";

/** Behind every batch there is room for a seal and for the end of the segment. */
const reservedBytes = 2 * BATCH_HEADER_BYTES;
const segmentGranuleBytes = 4096;
/** Offsets in a segment are 32-bit numbers; this leaves a wide margin. */
export const MAX_WRITE_BYTES: number = 1024 * 1024 * 1024;

/** Where a log ends, and what its next batch must refer to. */
export type LogEnd = {
  readonly segment: LogSegment;
  /** Where the next batch begins. */
  readonly offset: number;
  /** Checksum that ended the last batch; 0 if there is none. */
  readonly crc: number;
  /** Number of the last batch; 0 if there is none. */
  readonly sequence: number;
  /** Whether the last batch says that all before it is durable. */
  readonly isSealed: boolean;
  /** The segment after this one, if its file is there. */
  readonly spare: LogSegment | undefined;
};

export type LogWriterOptions = {
  readonly segmentBytes: number;
  readonly maxQueuedBytes: number;
  readonly sealAfterMs: number;
  readonly onEvent: (event: FileLogEvent) => void;
};

export class LogWriter {
  readonly #place: SegmentPlace;
  readonly #options: LogWriterOptions;
  readonly #index: EntryIndex;
  readonly #slots: HardStateSlots;
  readonly #supply: SegmentSupply;
  readonly #onFailure: (cause: unknown) => unknown;
  #hardState: HardState;
  // The end of the log as it will be when everything in the queue is written.
  #segment: LogSegment;
  #offset: number;
  #crc: number;
  #sequence: number;
  #isSealed: boolean;
  #next: LogSegment | undefined;
  /** In order; the first one is being written while `#isWriting`. */
  #groups: WriteGroup[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #isScheduled = false;
  #hasFailed = false;
  #file: { readonly segmentId: number; readonly file: OpenFile } | undefined;
  #sealTimer: ReturnType<typeof setTimeout> | undefined;
  #spareBuffer: GroupBuffer | undefined;

  constructor(parts: {
    readonly place: SegmentPlace;
    readonly options: LogWriterOptions;
    readonly index: EntryIndex;
    readonly slots: HardStateSlots;
    readonly hardState: HardState;
    readonly end: LogEnd;
    /** Called once, before the writes that failed with it reject; returns what they reject with. */
    readonly onFailure: (cause: unknown) => unknown;
  }) {
    this.#place = parts.place;
    this.#options = parts.options;
    this.#index = parts.index;
    this.#slots = parts.slots;
    this.#hardState = parts.hardState;
    this.#onFailure = parts.onFailure;
    this.#supply = new SegmentSupply({
      onFailed: (error) => this.#warn(error),
      onSpaceReturned: ({ segmentId }) =>
        parts.options.onEvent({ type: "spaceReturned", file: join(parts.place.directory, segmentFileName(segmentId)) }),
    });
    this.#segment = parts.end.segment;
    this.#offset = parts.end.offset;
    this.#crc = parts.end.crc;
    this.#sequence = parts.end.sequence;
    this.#isSealed = parts.end.isSealed;
    this.#next = parts.end.spare;
  }

  /** The segment that the log ends in when everything in the queue is written. */
  get segmentId(): number {
    return this.#segment.segmentId;
  }

  /** Whether the disk has no space for what comes after the present segment. */
  get isShortOfSpace(): boolean {
    return this.#supply.isShortOfSpace;
  }

  /** Encodes the write, updates the index, and resolves when it and all before it are durable. The write must fit the log. */
  write(write: LogWrite): Promise<void> {
    const records = recordsOf(write, this.#index.lastIndex);
    if (records.length === 0 && write.entries.length === 0) return this.flushed();
    const bodyBytes = bodyBytesOf(records, write.entries);
    if (bodyBytes > MAX_WRITE_BYTES) {
      return Promise.reject(writeTooLarge({ bytes: bodyBytes, maxBytes: MAX_WRITE_BYTES }));
    }
    // One write is always taken, however large: otherwise a low limit would stop the log for good.
    const { maxQueuedBytes } = this.#options;
    if (this.#queuedBytes > 0 && this.#queuedBytes + bodyBytes > maxQueuedBytes) {
      return Promise.reject(queueFull({ queuedBytes: this.#queuedBytes, maxQueuedBytes }));
    }
    const group = this.#addBatch({ kind: batchKinds.write, records, write, bodyBytes });
    if (write.hardState !== undefined) {
      this.#hardState = write.hardState;
      group.hardState = { value: write.hardState, sequence: this.#sequence };
    }
    return group.promise;
  }

  /** Moves the base of the log and of the index; resolves when that and all writes before it are durable. */
  compact(base: EntryId): Promise<void> {
    if (base.index <= this.#index.base.index) return this.flushed();
    const records = compactionRecords(base, this.#index);
    const bodyBytes = bodyBytesOf(records, []);
    return this.#addBatch({ kind: batchKinds.write, records, write: undefined, bodyBytes, newBase: base }).promise;
  }

  /** Resolves when everything in the queue is durable. */
  flushed(): Promise<void> {
    return this.#groups.at(-1)?.promise ?? Promise.resolve();
  }

  /** If nothing is queued, records durably that everything before is durable: damage to it is then no torn write. */
  async seal(): Promise<void> {
    // A seal vouches for what was durable before its own group, so it must not share one with a write.
    if (this.#groups.length > 0 || this.#isSealed || this.#hasFailed || this.#sequence === 0) return;
    await this.#addBatch({ kind: batchKinds.seal, records: [], write: undefined, bodyBytes: 0 }).promise;
  }

  /** The group in the queue that holds the record at this place; undefined if it is on disk. */
  findGroup(place: EntryPlace): WriteGroup | undefined {
    return this.#groups.find((group) => group.holds(place.segmentId, place.offset));
  }

  /** The segment that the log ends in has a file. */
  async ensureSegment(): Promise<void> {
    await this.#segment.make();
  }

  /**
   * Waits for the queue, but not for space, seals the log and closes the file. Never rejects: who waits for a write has been
   * told.
   */
  async close(): Promise<void> {
    this.#supply.close();
    await this.flushed().catch(() => undefined);
    await this.seal().catch(() => undefined);
    clearTimeout(this.#sealTimer);
    await this.#segment.settled();
    await this.#next?.settled();
    await this.#file?.file.close().catch(() => undefined);
    this.#file = undefined;
  }

  #addBatch(batch: {
    readonly kind: number;
    readonly records: readonly BatchRecord[];
    readonly write: LogWrite | undefined;
    readonly bodyBytes: number;
    readonly newBase?: EntryId;
  }): WriteGroup {
    if (batch.kind === batchKinds.write) this.#makeRoom(BATCH_HEADER_BYTES + batch.bodyBytes);
    if (this.#offset === SEGMENT_HEADER_BYTES && batch.kind !== batchKinds.checkpoint) this.#addCheckpoint();
    const group = this.#openGroup();
    const { buffer } = group;
    const sizeBefore = buffer.length;
    const entries = batch.write?.entries ?? [];
    this.#sequence += 1;
    buffer.beginBatch(
      {
        kind: batch.kind,
        recordCount: batch.records.length + entries.length,
        bodyBytes: batch.bodyBytes,
        segmentId: this.#segment.segmentId,
        offset: this.#offset,
        previousCrc: this.#crc,
        sequence: this.#sequence,
        durableSequence: group.durableSequence,
      },
      this.#segment.seed,
    );
    for (const record of batch.records) buffer.addRecord(record);
    if (batch.write?.truncateFrom !== undefined) this.#index.truncateFrom(batch.write.truncateFrom);
    if (batch.newBase !== undefined) {
      if (!this.#index.has(batch.newBase)) this.#index.truncateFrom(this.#index.base.index + 1);
      this.#index.compactTo(batch.newBase);
    }
    const { segmentId } = this.#segment;
    for (const entry of entries) {
      const offset = group.offset + buffer.length;
      buffer.addRecord({ kind: recordKinds[entry.kind], index: entry.index, term: entry.term, data: entry.data });
      this.#index.append({ term: entry.term, segmentId, offset, dataBytes: entry.data.length });
    }
    this.#crc = buffer.crc;
    this.#offset = group.offset + buffer.length;
    this.#queuedBytes += buffer.length - sizeBefore;
    this.#isSealed = batch.kind === batchKinds.seal;
    this.#schedule();
    return group;
  }

  /** Makes each segment understandable without those before it, which compaction deletes. */
  #addCheckpoint(): void {
    const tip = tipRecord({ index: this.#index.lastIndex, term: this.#index.lastTerm });
    const records = [baseRecord(this.#index.base), tip, hardStateRecord(this.#hardState)];
    const bodyBytes = bodyBytesOf(records, []);
    this.#addBatch({ kind: batchKinds.checkpoint, records, write: undefined, bodyBytes });
  }

  /** Ends the segment if the batch does not fit into it, and gets the next one ready before it is needed. */
  #makeRoom(batchBytes: number): void {
    const checkpointBytes = 1024 + BATCH_HEADER_BYTES;
    const needed = batchBytes + reservedBytes + (this.#offset === SEGMENT_HEADER_BYTES ? checkpointBytes : 0);
    if (this.#offset + needed <= this.#segment.sizeBytes) {
      if (this.#offset + needed > this.#segment.sizeBytes / 2) this.#prepareNext(0);
      return;
    }
    const next = this.#prepareNext(SEGMENT_HEADER_BYTES + checkpointBytes + batchBytes + reservedBytes);
    this.#addBatch({ kind: batchKinds.end, records: [], write: undefined, bodyBytes: 0 }).next = next;
    this.#segment = next;
    this.#offset = SEGMENT_HEADER_BYTES;
    this.#next = undefined;
  }

  #prepareNext(neededBytes: number): LogSegment {
    if (this.#next === undefined || this.#next.sizeBytes < neededBytes) {
      const wanted = Math.max(this.#options.segmentBytes, neededBytes);
      this.#next = LogSegment.planned(this.#place, {
        segmentId: this.#segment.segmentId + 1,
        sizeBytes: Math.ceil(wanted / segmentGranuleBytes) * segmentGranuleBytes,
        previous: this.#segment,
        replaced: this.#next,
      });
      this.#supply.prepare(this.#next);
    }
    return this.#next;
  }

  /** There is time to free space: half a segment is left, more or less. */
  #warn(error: unknown): void {
    const { path, reason } = isQuorateError(error) ? error.details : { path: "", reason: error };
    const remainingBytes = Math.max(0, this.#segment.sizeBytes - this.#offset);
    const hint =
      `Free space on the disk that holds the directory: ${remainingBytes} bytes can still be written. A leader takes no more ` +
      "commands until then; nothing has to be restarted.";
    const facts = { file: String(path), reason: String(reason), remainingBytes, hint };
    this.#options.onEvent({ type: "nextSegmentFailed", ...facts });
  }

  #openGroup(): WriteGroup {
    const last = this.#groups.at(-1);
    const isBeingWritten = this.#isWriting && this.#groups.length === 1;
    if (last !== undefined && !isBeingWritten && !last.isFull) return last;
    const buffer = this.#spareBuffer ?? new GroupBuffer();
    this.#spareBuffer = undefined;
    const group = new WriteGroup({
      segment: this.#segment,
      offset: this.#offset,
      durableSequence: this.#sequence,
      buffer,
    });
    this.#groups.push(group);
    return group;
  }

  /** Starts writing at the end of this turn, so that the writes of one turn share a flush. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => void this.#writeGroups());
  }

  async #writeGroups(): Promise<void> {
    this.#isWriting = true;
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      try {
        await this.#writeGroup(group);
      } catch (cause) {
        this.#fail(cause);
        return;
      }
      this.#groups.shift();
      this.#queuedBytes -= group.buffer.length;
      if (group.buffer.isWorthKeeping) {
        this.#spareBuffer = group.buffer;
        group.buffer.clear();
      }
      group.resolve();
    }
    this.#isWriting = false;
    this.#isScheduled = false;
    this.#sealWhenQuiet();
  }

  async #writeGroup(group: WriteGroup): Promise<void> {
    // The end of a segment promises that the next one exists.
    if (group.next !== undefined) await this.#supply.made(group.next);
    const { segmentId } = group.segment;
    const path = join(this.#place.directory, segmentFileName(segmentId));
    if (this.#file?.segmentId !== segmentId) {
      await this.#supply.made(group.segment);
      await this.#file?.file.close();
      this.#file = undefined;
      this.#file = { segmentId, file: await this.#open(path) };
    }
    try {
      await this.#file.file.write(group.buffer.written, group.offset);
      await this.#file.file.datasync();
    } catch (cause) {
      throw storageFailed({ action: "write and sync", path, cause });
    }
    if (group.hardState !== undefined) await this.#slots.record(group.hardState.value, group.hardState.sequence);
  }

  async #open(path: string): Promise<OpenFile> {
    try {
      return await this.#place.fileSystem.open(path, "writeThrough");
    } catch (cause) {
      throw storageFailed({ action: "open the segment", path, cause });
    }
  }

  /** A flush that failed is never repeated: the system may have dropped what it could not write. */
  #fail(cause: unknown): void {
    this.#hasFailed = true;
    const failure = this.#onFailure(cause);
    const groups = this.#groups;
    this.#groups = [];
    for (const group of groups) group.reject(failure);
  }

  #sealWhenQuiet(): void {
    if (this.#isSealed) return;
    if (this.#sealTimer === undefined) {
      this.#sealTimer = setTimeout(() => void this.seal().catch(() => undefined), this.#options.sealAfterMs);
      this.#sealTimer.unref();
    } else {
      this.#sealTimer.refresh();
    }
  }
}
