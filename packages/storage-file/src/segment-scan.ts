// Reads the bytes of one segment batch by batch and says where what is valid ends. Knows nothing of files, and does not judge:
// whether the end is a torn write or damage is decided in recovery.ts.

import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchKinds,
  batchMagic,
  checkRecord,
  dataStart,
  getBatchHeader,
  getRecordHeader,
  RECORD_OVERHEAD_BYTES,
  SEGMENT_HEADER_BYTES,
  viewOf,
} from "./format.ts";
import type { Segment } from "./segment-files.ts";

const zeros = new Uint8Array(4096);

/** What the next batch must continue. */
export type ScanState = {
  readonly crc: number;
  readonly sequence: number;
};

/** A record of a batch that is known to be whole. */
export type ScannedRecord = {
  readonly segmentId: number;
  readonly offset: number;
  /** Number of the batch that it is part of. */
  readonly sequence: number;
  readonly kind: number;
  readonly index: number;
  readonly term: number;
  /** A view into the segment's bytes. */
  readonly data: Uint8Array;
};

export type SegmentScan = ScanState & {
  /** Where the last valid batch ends. */
  readonly offset: number;
  /** Kind of the last valid batch of this segment; undefined if there is none. */
  readonly lastKind: number | undefined;
  /** Why the bytes at `offset` are not the next batch. */
  readonly problem: string;
};

/**
 * Scans a segment's batches up to its end batch or to the first that is not valid. `onRecord` takes the records of whole
 * batches alone; what it returns, if not undefined, is a problem with the record's sense and stops the scan.
 */
export function scanSegment(
  source: { readonly bytes: Uint8Array; readonly segment: Segment; readonly state: ScanState },
  onRecord: (record: ScannedRecord) => string | undefined,
): SegmentScan {
  const { bytes, segment } = source;
  const view = viewOf(bytes);
  let scan: SegmentScan = { ...source.state, offset: SEGMENT_HEADER_BYTES, lastKind: undefined, problem: "" };
  while (scan.lastKind !== batchKinds.end) {
    const at = scan.offset;
    const batch = readBatch({ bytes, view, at }, segment, scan);
    if ("problem" in batch) return { ...scan, problem: batch.problem };
    const problem = deliverRecords({ bytes, view, at }, batch.header, onRecord);
    if (problem !== undefined) return { ...scan, problem };
    scan = {
      crc: batch.crc,
      sequence: batch.header.sequence,
      offset: at + BATCH_HEADER_BYTES + batch.header.bodyBytes,
      lastKind: batch.header.kind,
      problem: "",
    };
  }
  return scan;
}

/** What the first batch of a segment says that it continues; undefined if its header is not valid. */
export function findStateBefore(source: {
  readonly bytes: Uint8Array;
  readonly segment: Segment;
}): ScanState | undefined {
  const { bytes, segment } = source;
  const found = getBatchHeader({ bytes, view: viewOf(bytes), at: SEGMENT_HEADER_BYTES }, segment);
  if ("problem" in found) return undefined;
  return { crc: found.header.previousCrc, sequence: found.header.sequence - 1 };
}

/** The first batch header behind `from` that says that the batch with this number was durable when it was written. */
export function findProofOfDurability(
  source: { readonly bytes: Uint8Array; readonly segment: Segment },
  { from, sequence }: { readonly from: number; readonly sequence: number },
): { readonly offset: number; readonly sequence: number } | undefined {
  const { bytes, segment } = source;
  const view = viewOf(bytes);
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = haystack.indexOf(batchMagic, from); at >= 0; at = haystack.indexOf(batchMagic, at + 1)) {
    const found = getBatchHeader({ bytes, view, at }, segment);
    if ("header" in found && found.header.durableSequence >= sequence) {
      return { offset: at, sequence: found.header.sequence };
    }
  }
  return undefined;
}

/** Where the last byte that is not zero stands, plus one; `from` if all bytes from there on are zero. */
export function endOfContent(bytes: Uint8Array, from: number): number {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length;
  // Most of a segment may be zeros: they are passed over page by page.
  for (let page = end - zeros.length; page >= from; page = end - zeros.length) {
    if (all.compare(zeros, 0, zeros.length, page, end) !== 0) break;
    end = page;
  }
  while (end > from && bytes[end - 1] === 0) end -= 1;
  return end;
}

/** The batch at a place if it is whole and continues the one before it. */
function readBatch(
  source: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  segment: Segment,
  state: ScanState,
): { readonly header: BatchHeader; readonly crc: number } | { readonly problem: string } {
  const { bytes, view, at } = source;
  const found = getBatchHeader(source, segment);
  if ("problem" in found) return found;
  const { header } = found;
  if (header.sequence !== state.sequence + 1) return { problem: `batch ${header.sequence}` };
  if (header.previousCrc !== state.crc) return { problem: `a batch ${header.sequence} that continues another log` };
  const end = at + BATCH_HEADER_BYTES + header.bodyBytes;
  if (end > bytes.length) return { problem: "a batch that is longer than the file" };
  let crc: number | undefined = found.crc;
  let next = at + BATCH_HEADER_BYTES;
  for (let count = 0; count < header.recordCount; count += 1) {
    const record = getRecordHeader({ view, at: next }, end);
    crc = record && crc !== undefined ? checkRecord({ bytes, view, at: next }, record.dataBytes, crc) : undefined;
    if (record === undefined || crc === undefined) {
      return { problem: `a batch whose record ${count + 1} of ${header.recordCount} fails its checksum` };
    }
    next += RECORD_OVERHEAD_BYTES + record.dataBytes;
  }
  if (next !== end) return { problem: `a batch whose records end at ${next} and not at ${end}` };
  return { header, crc };
}

function deliverRecords(
  { bytes, view, at }: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  header: BatchHeader,
  onRecord: (record: ScannedRecord) => string | undefined,
): string | undefined {
  const end = at + BATCH_HEADER_BYTES + header.bodyBytes;
  let next = at + BATCH_HEADER_BYTES;
  for (let count = 0; count < header.recordCount; count += 1) {
    const record = getRecordHeader({ view, at: next }, end);
    if (record === undefined) return "a batch that changed while it was read";
    const data = bytes.subarray(dataStart(next), dataStart(next) + record.dataBytes);
    const problem = onRecord({ segmentId: header.segmentId, sequence: header.sequence, offset: next, ...record, data });
    if (problem !== undefined) return problem;
    next += RECORD_OVERHEAD_BYTES + record.dataBytes;
  }
  return undefined;
}
