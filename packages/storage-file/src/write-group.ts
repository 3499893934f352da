// A group of batches that goes to disk with one write and one sync, encoded as it is filled: when the disk is free, the bytes
// are ready. Everybody whose write is in the group waits for the same promise.

import type { HardState } from "@quorate/contracts";
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  putBatchHeader,
  putRecord,
  RECORD_OVERHEAD_BYTES,
  viewOf,
} from "./format.ts";
import type { LogSegment } from "./segment-files.ts";

/** Above this size a group takes no further batch. */
export const GROUP_FULL_BYTES: number = 4 * 1024 * 1024;
const smallestBufferBytes = 64 * 1024;
/** Buffers up to this size are kept for the next group. */
const largestKeptBytes = 1024 * 1024;

/** Growing space for the bytes of a group. */
export class GroupBuffer {
  #bytes: Uint8Array = new Uint8Array(smallestBufferBytes);
  #view: DataView = viewOf(this.#bytes);
  #length = 0;
  /** Checksum that ended the latest record or header. */
  #crc = 0;

  get length(): number {
    return this.#length;
  }

  get crc(): number {
    return this.#crc;
  }

  get isWorthKeeping(): boolean {
    return this.#bytes.length <= largestKeptBytes;
  }

  /** What has been written so far; a view that the next `clear` takes back. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Begins a batch; exactly `header.recordCount` records must follow. */
  beginBatch(header: BatchHeader, seed: number): void {
    this.#reserve(BATCH_HEADER_BYTES + header.bodyBytes);
    this.#crc = putBatchHeader({ bytes: this.#bytes, view: this.#view, at: this.#length }, header, seed);
    this.#length += BATCH_HEADER_BYTES;
  }

  addRecord(record: {
    readonly kind: number;
    readonly index: number;
    readonly term: number;
    readonly data: Uint8Array;
  }): void {
    this.#crc = putRecord({ bytes: this.#bytes, view: this.#view, at: this.#length }, record, this.#crc);
    this.#length += RECORD_OVERHEAD_BYTES + record.data.length;
  }

  #reserve(additionalBytes: number): void {
    const needed = this.#length + additionalBytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.written);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

/** One write to disk and those who wait for it. */
export class WriteGroup {
  readonly segment: LogSegment;
  /** Where in the segment the group begins. */
  readonly offset: number;
  /** Batches up to this one are durable when the group is written. */
  readonly durableSequence: number;
  readonly buffer: GroupBuffer;
  /** Set when the group's last batch ends its segment: the file of the next one must be there before. */
  next: LogSegment | undefined;
  /** The last term and vote among its records, if there are any, and the number of their batch. */
  hardState: { readonly value: HardState; readonly sequence: number } | undefined;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;

  constructor(start: {
    readonly segment: LogSegment;
    readonly offset: number;
    readonly durableSequence: number;
    readonly buffer: GroupBuffer;
  }) {
    this.segment = start.segment;
    this.offset = start.offset;
    this.durableSequence = start.durableSequence;
    this.buffer = start.buffer;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
    // A group may hold nothing but the store's own batches, and then nobody listens.
    promise.catch(() => undefined);
  }

  get isFull(): boolean {
    return this.next !== undefined || this.buffer.length >= GROUP_FULL_BYTES;
  }

  /** Whether a place of the log is among this group's bytes. */
  holds(segmentId: number, offset: number): boolean {
    return segmentId === this.segment.segmentId && offset >= this.offset && offset < this.offset + this.buffer.length;
  }

  /** A copy of the bytes between two offsets of the segment. */
  bytesBetween(start: number, end: number): Uint8Array {
    return this.buffer.written.slice(start - this.offset, end - this.offset);
  }
}
