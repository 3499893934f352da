// A batch header is valid in its own place alone: not at another offset, not in another segment, not in another log.

import { expect, test } from "vitest";
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchKinds,
  encodeSegmentHeader,
  getBatchHeader,
  putBatchHeader,
  viewOf,
} from "../src/format.ts";

const sizeBytes = 64 * 1024;
const logId = new Uint8Array(16).fill(7);
const { seed } = encodeSegmentHeader({ version: 1, segmentId: 3, sizeBytes, logId });
const header: BatchHeader = {
  kind: batchKinds.write,
  recordCount: 0,
  bodyBytes: 0,
  segmentId: 3,
  offset: 100,
  previousCrc: 1,
  sequence: 2 ** 40,
  durableSequence: 2 ** 40 - 1,
};

function encoded(at: number, what: BatchHeader = header): { bytes: Uint8Array; view: DataView; at: number } {
  const bytes = new Uint8Array(at + BATCH_HEADER_BYTES);
  const place = { bytes, view: viewOf(bytes), at };
  putBatchHeader(place, what, seed);
  return place;
}

test("a batch header in its place is read as it was written", () => {
  expect(getBatchHeader(encoded(100), { segmentId: 3, seed })).toMatchObject({ header });
});

test("a batch header at another offset is refused", () => {
  expect(getBatchHeader(encoded(200), { segmentId: 3, seed })).toEqual({ problem: "a batch of segment 3, offset 100" });
});

test("a batch header that names another segment is refused", () => {
  const other = encoded(100, { ...header, segmentId: 4 });
  expect(getBatchHeader(other, { segmentId: 3, seed })).toEqual({ problem: "a batch of segment 4, offset 100" });
});

test("a batch header of another log is refused", () => {
  const other = encodeSegmentHeader({ version: 1, segmentId: 3, sizeBytes, logId: new Uint8Array(16).fill(8) });
  const problem = "a batch header that fails its checksum";
  expect(getBatchHeader(encoded(100), { segmentId: 3, seed: other.seed })).toEqual({ problem });
});
