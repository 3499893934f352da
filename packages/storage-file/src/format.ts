// The log's format on disk, version 2: sizes, positions and checksums, and nothing about files. FORMAT.md is the same in prose.
// All numbers are little-endian. A record's checksum continues the checksum before it, so that a record is valid only in
// its own place of its own log.

import { crc32 } from "node:zlib";
import type { EntryKind } from "@quorate/contracts";

export const FORMAT_VERSION = 2;
/** From this version on, term and vote stand a second time beside the segments. */
export const FIRST_VERSION_WITH_SLOTS = 2;

/** A segment begins with one page of its own, so that no write of a batch ever touches the header's sectors. */
export const SEGMENT_HEADER_BYTES = 4096;
export const BATCH_HEADER_BYTES = 52;
const RECORD_HEADER_BYTES = 24;
const CRC_BYTES = 4;
/** What a record takes besides its data. */
export const RECORD_OVERHEAD_BYTES: number = RECORD_HEADER_BYTES + CRC_BYTES;
export const LOG_ID_BYTES = 16;

/** What a batch is for. `write` carries a LogWrite; the others are the store's own. */
export const batchKinds = { write: 1, seal: 2, end: 3, checkpoint: 4 } as const;

/** What a record says. The first three are entries. */
export const recordKinds = {
  empty: 1,
  command: 2,
  configuration: 3,
  /** Term, and in the data who was voted for. */
  vote: 16,
  /** Term, and nobody was voted for. */
  noVote: 17,
  truncateFrom: 18,
  /** The entry before the first one of the log. */
  base: 19,
  /** The last entry at the time a segment begins. */
  tip: 20,
  /** The log's new base. Entries after it stay. */
  compaction: 21,
} as const;

const entryKinds: Readonly<Record<number, EntryKind>> = {
  [recordKinds.empty]: "empty",
  [recordKinds.command]: "command",
  [recordKinds.configuration]: "configuration",
};

/** The kind of entry that a record of this kind holds; undefined if it holds none. */
export function entryKindOf(recordKind: number): EntryKind | undefined {
  return entryKinds[recordKind];
}

export type SegmentHeader = {
  readonly version: number;
  readonly segmentId: number;
  /** Size of the file; all of it is written before the segment is used. */
  readonly sizeBytes: number;
  /** Drawn at random when the log is made; the same in all of its segments. */
  readonly logId: Uint8Array;
};

export type BatchHeader = {
  readonly kind: number;
  readonly recordCount: number;
  /** Size of the records that follow. */
  readonly bodyBytes: number;
  readonly segmentId: number;
  /** Where in the segment this header stands. */
  readonly offset: number;
  /** Checksum that ends the batch before this one; 0 for a log's first batch. */
  readonly previousCrc: number;
  /** Counts the batches of the log from 1. */
  readonly sequence: number;
  /** All batches up to this one were durable when this one was written: they cannot be a torn write. */
  readonly durableSequence: number;
};

export type RecordHeader = {
  readonly kind: number;
  readonly index: number;
  readonly term: number;
  readonly dataBytes: number;
};

const segmentMagic = Uint8Array.from("QUORATE\n", (character) => character.charCodeAt(0));
/** The first four bytes of every batch. */
export const batchMagic: Uint8Array = Uint8Array.of(0x51, 0xba, 0x7c, 0x48);
const batchMagicNumber = 0x487cba51;
const segmentHeaderCrcAt = 48;
const batchHeaderCrcAt = BATCH_HEADER_BYTES - CRC_BYTES;

/** The bytes that begin a segment, and the seed that ties its batches to it. */
export function encodeSegmentHeader(header: SegmentHeader): { readonly bytes: Uint8Array; readonly seed: number } {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(segmentMagic, 0);
  view.setUint32(8, header.version, true);
  view.setUint32(12, SEGMENT_HEADER_BYTES, true);
  setUint53(view, 16, header.segmentId);
  setUint53(view, 24, header.sizeBytes);
  bytes.set(header.logId, 32);
  const seed = crc32(bytes.subarray(0, segmentHeaderCrcAt));
  view.setUint32(segmentHeaderCrcAt, seed, true);
  return { bytes, seed };
}

/** The header that begins these bytes and its seed, or what is wrong with it. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): { readonly header: SegmentHeader; readonly seed: number } | { readonly problem: string } {
  if (bytes.length < SEGMENT_HEADER_BYTES) return { problem: `${bytes.length} bytes` };
  if (segmentMagic.some((byte, position) => bytes[position] !== byte)) return { problem: "other leading bytes" };
  const view = viewOf(bytes);
  const seed = crc32(bytes.subarray(0, segmentHeaderCrcAt));
  if (view.getUint32(segmentHeaderCrcAt, true) !== seed) return { problem: "a header that fails its checksum" };
  const header = {
    version: view.getUint32(8, true),
    segmentId: getUint53(view, 16),
    sizeBytes: getUint53(view, 24),
    logId: bytes.slice(32, 32 + LOG_ID_BYTES),
  };
  return { header, seed };
}

/** Writes a batch header at `at` and returns its checksum, with which the checksums of its records continue. */
export function putBatchHeader(
  target: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  header: BatchHeader,
  seed: number,
): number {
  const { bytes, view, at } = target;
  view.setUint32(at, batchMagicNumber, true);
  view.setUint32(at + 4, header.kind, true);
  view.setUint32(at + 8, header.recordCount, true);
  view.setUint32(at + 12, header.bodyBytes, true);
  setUint53(view, at + 16, header.segmentId);
  view.setUint32(at + 24, header.offset, true);
  view.setUint32(at + 28, header.previousCrc, true);
  setUint53(view, at + 32, header.sequence);
  setUint53(view, at + 40, header.durableSequence);
  const crc = crc32(bytes.subarray(at, at + batchHeaderCrcAt), seed);
  view.setUint32(at + batchHeaderCrcAt, crc, true);
  return crc;
}

/** The batch header at `at` if it belongs exactly there in the segment with this id and seed, or what is wrong with it. */
export function getBatchHeader(
  source: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  segment: { readonly segmentId: number; readonly seed: number },
): { readonly header: BatchHeader; readonly crc: number } | { readonly problem: string } {
  const { bytes, view, at } = source;
  if (at + BATCH_HEADER_BYTES > bytes.length) return { problem: "the end of the file" };
  if (view.getUint32(at, true) !== batchMagicNumber) return { problem: "bytes that do not begin a batch" };
  const crc = crc32(bytes.subarray(at, at + batchHeaderCrcAt), segment.seed);
  if (view.getUint32(at + batchHeaderCrcAt, true) !== crc) return { problem: "a batch header that fails its checksum" };
  const header = {
    kind: view.getUint32(at + 4, true),
    recordCount: view.getUint32(at + 8, true),
    bodyBytes: view.getUint32(at + 12, true),
    segmentId: getUint53(view, at + 16),
    offset: view.getUint32(at + 24, true),
    previousCrc: view.getUint32(at + 28, true),
    sequence: getUint53(view, at + 32),
    durableSequence: getUint53(view, at + 40),
  };
  if (header.segmentId !== segment.segmentId || header.offset !== at) {
    return { problem: `a batch of segment ${header.segmentId}, offset ${header.offset}` };
  }
  return { header, crc };
}

/** Writes a record at `at` and returns its checksum. */
export function putRecord(
  target: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  record: { readonly kind: number; readonly index: number; readonly term: number; readonly data: Uint8Array },
  previousCrc: number,
): number {
  const { bytes, view, at } = target;
  const dataBytes = record.data.length;
  view.setUint32(at, dataBytes, true);
  view.setUint32(at + 4, record.kind, true);
  setUint53(view, at + 8, record.index);
  setUint53(view, at + 16, record.term);
  bytes.set(record.data, at + RECORD_HEADER_BYTES);
  const crcAt = at + RECORD_HEADER_BYTES + dataBytes;
  const crc = crc32(bytes.subarray(at, crcAt), previousCrc);
  view.setUint32(crcAt, crc, true);
  return crc;
}

/** The header of the record at `at`, unchecked; undefined if there is no room for a record before `end`. */
export function getRecordHeader(
  source: { readonly view: DataView; readonly at: number },
  end: number,
): RecordHeader | undefined {
  const { view, at } = source;
  if (at + RECORD_OVERHEAD_BYTES > end) return undefined;
  const dataBytes = view.getUint32(at, true);
  if (at + RECORD_OVERHEAD_BYTES + dataBytes > end) return undefined;
  return {
    dataBytes,
    kind: view.getUint32(at + 4, true),
    index: getUint53(view, at + 8),
    term: getUint53(view, at + 16),
  };
}

/** The checksum of the record at `at` if it is intact after `previousCrc`. */
export function checkRecord(
  source: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  dataBytes: number,
  previousCrc: number,
): number | undefined {
  const { bytes, view, at } = source;
  const crcAt = at + RECORD_HEADER_BYTES + dataBytes;
  const crc = crc32(bytes.subarray(at, crcAt), previousCrc);
  return view.getUint32(crcAt, true) === crc ? crc : undefined;
}

/** Where the data of the record at `at` begins. */
export function dataStart(at: number): number {
  return at + RECORD_HEADER_BYTES;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function setUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

export function getUint53(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
