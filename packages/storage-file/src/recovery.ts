// What the segments of a log say after a restart or a crash: the state, and where to go on. A write that never was
// acknowledged may be torn, and is dropped; anything else that is not as it was written is refused.

import { join } from "node:path";
import type { Entry, HardState } from "@quorate/contracts";
import { EntryIndex } from "./entry-index.ts";
import { formatUnsupported, logCorrupt, storageFailed } from "./errors.ts";
import { type FileSystem, readBytes } from "./file-system.ts";
import {
  batchKinds,
  decodeSegmentHeader,
  FIRST_VERSION_WITH_SLOTS,
  FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
} from "./format.ts";
import { LogReplay } from "./log-replay.ts";
import { type Segment, segmentFileName } from "./segment-files.ts";
import {
  endOfContent,
  findProofOfDurability,
  findStateBefore,
  type ScanState,
  type SegmentScan,
  scanSegment,
} from "./segment-scan.ts";

export type RecoveredLog = {
  readonly logId: Uint8Array;
  /** The oldest segment that is there. */
  readonly firstSegmentId: number;
  readonly index: EntryIndex;
  readonly hardState: HardState;
  /** Number of the last batch that says term and vote; 0 if none does. */
  readonly hardStateSequence: number;
  /** Whether slots of term and vote were kept when one of the segments was made. */
  readonly hasSlots: boolean;
  readonly configurations: readonly Entry[];
  /** The segment that the log ends in. */
  readonly segment: Segment;
  readonly offset: number;
  readonly crc: number;
  readonly sequence: number;
  readonly isSealed: boolean;
  /** The segment after it, if its file is there. */
  readonly spare: Segment | undefined;
  /** Bytes behind the end of the log that a torn write left behind; 0 if there are none. */
  readonly tornBytes: number;
};

type Place = { readonly fileSystem: FileSystem; readonly directory: string };
type OpenedSegment = {
  readonly segment: Segment;
  readonly version: number;
  readonly logId: Uint8Array;
  readonly bytes: Uint8Array;
};
/** What was found in a segment up to its end or to the first thing that is wrong with it, and in all segments before. */
export type ReadSegment = {
  readonly segment: Segment;
  readonly logId: Uint8Array;
  /** Where what is valid ends. */
  readonly offset: number;
  readonly sequence: number;
  /** Whether it is a segment that was made ahead and has not been used. */
  readonly isSpare: boolean;
  readonly replay: LogReplay;
};

type ScannedSegment = { readonly segment: Segment; readonly scan: SegmentScan; readonly tornBytes: number };

/**
 * Reads the segments with these ascending ids; undefined if there are none. Changes nothing. `onRead` is told of each
 * segment before it is judged.
 */
export async function recoverLog(
  place: Place,
  segmentIds: readonly number[],
  onRead: (read: ReadSegment) => void = () => {},
): Promise<RecoveredLog | undefined> {
  const firstSegmentId = segmentIds[0] ?? 1;
  const replay = new LogReplay(new EntryIndex(), { hasFirstSegment: firstSegmentId === 1 });
  let logId: Uint8Array | undefined;
  let hasSlots = false;
  let last: ScannedSegment | undefined;
  let spare: Segment | undefined;
  for (const [position, segmentId] of segmentIds.entries()) {
    const expectedId = firstSegmentId + position;
    if (segmentId !== expectedId) throw segmentMissing(place, expectedId, `segment ${segmentId}`);
    const opened = await openSegment(place, { segmentId, logId });
    logId = opened.logId;
    hasSlots ||= opened.version >= FIRST_VERSION_WITH_SLOTS;
    if (last !== undefined && last.scan.lastKind !== batchKinds.end) {
      onRead({ ...opened, ...unused(last), isSpare: true, replay });
      refuseUsed(place, opened, last);
      // More than one may have been made ahead of a full queue; whatever comes after the first is made anew.
      spare ??= opened.segment;
      continue;
    }
    last = scanOpened(place, { opened, state: last?.scan ?? stateBefore(place, opened), replay, onRead });
    if (!replay.hasBeginning) throw checkpointMissing(place, segmentId, last.scan.problem);
  }
  if (logId === undefined || last === undefined) return undefined;
  const { segment, scan, tornBytes } = last;
  if (scan.lastKind === batchKinds.end) throw segmentMissing(place, segment.segmentId + 1, "the end of the log");
  refuseMissingEntries(place, { firstSegmentId, index: replay.index });
  return {
    logId,
    firstSegmentId,
    index: replay.index,
    hardState: replay.hardState,
    hardStateSequence: replay.hardStateSequence,
    hasSlots,
    configurations: replay.configurations,
    segment,
    offset: scan.offset,
    crc: scan.crc,
    sequence: scan.sequence,
    isSealed: scan.lastKind === batchKinds.seal,
    spare,
    tornBytes,
  };
}

/** What the first segment that is there continues. Segments before it are deleted only when its checkpoint is durable. */
function stateBefore(place: Place, opened: OpenedSegment): ScanState {
  const { segmentId } = opened.segment;
  if (segmentId === 1) return { crc: 0, sequence: 0 };
  const state = findStateBefore(opened);
  if (state !== undefined) return state;
  throw checkpointMissing(place, segmentId, "none");
}

function checkpointMissing(place: Place, segmentId: number, found: string): Error {
  const file = join(place.directory, segmentFileName(segmentId));
  const expected = "a checkpoint, because no segment before this one is there";
  return logCorrupt({ file, offset: SEGMENT_HEADER_BYTES, expected, found });
}

/** Segments go only when the log's base is behind all that they hold. */
function refuseMissingEntries(
  place: Place,
  { firstSegmentId, index }: { readonly firstSegmentId: number; readonly index: EntryIndex },
): void {
  if (!index.hasEntriesWithoutPlace) return;
  throw segmentMissing(place, firstSegmentId - 1, `a log that begins with entry ${index.base.index + 1}, without it`);
}

async function openSegment(
  place: Place,
  expected: { readonly segmentId: number; readonly logId: Uint8Array | undefined },
): Promise<OpenedSegment> {
  const { segmentId } = expected;
  const path = join(place.directory, segmentFileName(segmentId));
  const bytes = await readWhole(place.fileSystem, path);
  const refuse = (what: string, found: string): never => {
    throw logCorrupt({ file: path, offset: 0, expected: what, found });
  };
  const decoded = decodeSegmentHeader(bytes);
  if ("problem" in decoded) return refuse("a segment header", decoded.problem);
  const { header, seed } = decoded;
  const { version } = header;
  if (version > FORMAT_VERSION) throw formatUnsupported({ file: path, version, supported: FORMAT_VERSION });
  if (header.segmentId !== segmentId) return refuse(`segment ${segmentId}`, `segment ${header.segmentId}`);
  if (expected.logId !== undefined && Buffer.compare(header.logId, expected.logId) !== 0) {
    return refuse("a segment of the same log as the one before", "a segment of another log");
  }
  if (bytes.length !== header.sizeBytes) return refuse(`a file of ${header.sizeBytes} bytes`, `${bytes.length} bytes`);
  return { segment: { segmentId, sizeBytes: header.sizeBytes, seed }, version, logId: header.logId, bytes };
}

// How a torn write and damage are told apart: one group of batches is written at a time, and each batch carries the number
// of the last one that was durable before its group. So an invalid batch n is damage if any valid header with a
// durableSequence of n or more stands behind it, or if a segment behind it has been used; else it belongs to the last
// group, which a crash may tear anywhere. A seal, written when the log is quiet or closed, is such a proof for the last
// group too.
function scanOpened(
  place: Place,
  {
    opened,
    state,
    replay,
    onRead,
  }: {
    readonly opened: OpenedSegment;
    readonly state: ScanState;
    readonly replay: LogReplay;
    readonly onRead: (read: ReadSegment) => void;
  },
): ScannedSegment {
  const { bytes, segment } = opened;
  const file = join(place.directory, segmentFileName(segment.segmentId));
  const scan = scanSegment({ bytes, segment, state }, (record) => replay.take(record));
  onRead({ ...opened, offset: scan.offset, sequence: scan.sequence, isSpare: false, replay });
  if (scan.lastKind === batchKinds.end) return { segment, scan, tornBytes: 0 };
  const expected = `batch ${scan.sequence + 1}`;
  // The checksums hold but the content makes no sense: no crash does that.
  if (replay.problem !== undefined) {
    throw logCorrupt({ file, offset: scan.offset, expected, found: replay.problem });
  }
  const proof = findProofOfDurability(opened, { from: scan.offset, sequence: scan.sequence + 1 });
  if (proof !== undefined) {
    const found = `${scan.problem}, and batch ${proof.sequence} at offset ${proof.offset} says that it was durable`;
    throw logCorrupt({ file, offset: scan.offset, expected, found });
  }
  return { segment, scan, tornBytes: endOfContent(bytes, scan.offset) - scan.offset };
}

function unused({ scan }: ScannedSegment): { readonly offset: number; readonly sequence: number } {
  return { offset: SEGMENT_HEADER_BYTES, sequence: scan.sequence };
}

/** A segment is used only once the end of the one before it is durable. */
function refuseUsed(place: Place, { bytes, segment }: OpenedSegment, last: ScannedSegment): void {
  if (endOfContent(bytes, SEGMENT_HEADER_BYTES) === SEGMENT_HEADER_BYTES) return;
  throw logCorrupt({
    file: join(place.directory, segmentFileName(last.segment.segmentId)),
    offset: last.scan.offset,
    expected: `batch ${last.scan.sequence + 1}`,
    found: `${last.scan.problem}, although segment ${segment.segmentId} continues the log`,
  });
}

function segmentMissing(place: Place, segmentId: number, found: string): Error {
  const file = join(place.directory, segmentFileName(segmentId));
  return logCorrupt({ file, offset: 0, expected: `segment ${segmentId}`, found: `${found}: the file is missing` });
}

async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array> {
  try {
    return await readBytes(fileSystem, { path, position: 0 });
  } catch (cause) {
    throw storageFailed({ action: "read", path, cause });
  }
}
