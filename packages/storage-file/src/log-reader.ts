// Reads entries back: finds the spans of bytes that hold them, takes what is still queued from memory, and checks every
// record against its checksum and against what the index says must be there.

import { join } from "node:path";
import type { Entry, LogRange } from "@quorate/contracts";
import type { EntryIndex, EntryPlace } from "./entry-index.ts";
import { logCorrupt, outOfRange, storageFailed } from "./errors.ts";
import { type FileSystem, readBytes } from "./file-system.ts";
import { checkRecord, dataStart, entryKindOf, getRecordHeader, RECORD_OVERHEAD_BYTES, viewOf } from "./format.ts";
import { segmentFileName } from "./segment-files.ts";
import type { WriteGroup } from "./write-group.ts";

/** Two entries with at most this much between them are read together. */
const readThroughBytes = 4096;
/** A record's checksum continues the four bytes before it. */
const seedBytes = 4;

type Place = { readonly fileSystem: FileSystem; readonly directory: string };
/** The group in the queue that holds the record at this place; undefined if the record is on disk. */
type FindGroup = (place: EntryPlace) => WriteGroup | undefined;

/** Entries that stand close together in one segment. */
type Span = {
  readonly segmentId: number;
  readonly firstIndex: number;
  readonly places: EntryPlace[];
  readonly start: number;
  end: number;
  readonly group: WriteGroup | undefined;
};

/** The entries of a range, as they are at the time of the call. */
export async function readEntries(
  { place, index, findGroup }: { readonly place: Place; readonly index: EntryIndex; readonly findGroup: FindGroup },
  range: LogRange,
): Promise<readonly Entry[]> {
  const { firstIndex, lastIndex } = range;
  const { base } = index;
  if (firstIndex <= base.index || lastIndex < firstIndex || lastIndex > index.lastIndex) {
    throw outOfRange(`entries ${firstIndex} to ${lastIndex} of a log of ${base.index + 1} to ${index.lastIndex}`);
  }
  // Everything that a later write could change is looked up before the first await.
  const spans = findSpans(index, { range, findGroup }).map((span) => ({
    span,
    queued: span.group?.bytesBetween(span.start, span.end),
  }));
  const entries: Entry[] = [];
  for (const { span, queued } of spans) {
    const bytes = queued ?? (await readSpan(place, span));
    decodeSpan({ span, bytes, file: join(place.directory, segmentFileName(span.segmentId)) }, entries);
  }
  return entries;
}

function findSpans(
  index: EntryIndex,
  { range, findGroup }: { readonly range: LogRange; readonly findGroup: FindGroup },
): readonly Span[] {
  const spans: Span[] = [];
  let dataBytes = 0;
  for (let at = range.firstIndex; at <= range.lastIndex; at += 1) {
    const place = index.placeAt(at);
    dataBytes += place.dataBytes;
    if (dataBytes > range.maxBytes && at > range.firstIndex) break;
    const end = place.offset + RECORD_OVERHEAD_BYTES + place.dataBytes;
    const group = findGroup(place);
    const span = spans.at(-1);
    const isNear = span?.segmentId === place.segmentId && place.offset - span.end <= readThroughBytes;
    if (span !== undefined && isNear && span.group === group) {
      span.places.push(place);
      span.end = end;
    } else {
      const start = place.offset - seedBytes;
      spans.push({ segmentId: place.segmentId, firstIndex: at, places: [place], start, end, group });
    }
  }
  return spans;
}

async function readSpan({ fileSystem, directory }: Place, span: Span): Promise<Uint8Array> {
  const path = join(directory, segmentFileName(span.segmentId));
  try {
    return await readBytes(fileSystem, { path, position: span.start, length: span.end - span.start });
  } catch (cause) {
    throw storageFailed({ action: "read", path, cause });
  }
}

function decodeSpan(
  { span, bytes, file }: { readonly span: Span; readonly bytes: Uint8Array; readonly file: string },
  entries: Entry[],
): void {
  const view = viewOf(bytes);
  for (const [position, place] of span.places.entries()) {
    const index = span.firstIndex + position;
    const at = place.offset - span.start;
    const header = getRecordHeader({ view, at }, bytes.length);
    const kind = header === undefined ? undefined : entryKindOf(header.kind);
    const isExpected =
      header?.index === index &&
      header.term === place.term &&
      header.dataBytes === place.dataBytes &&
      checkRecord({ bytes, view, at }, place.dataBytes, view.getUint32(at - seedBytes, true)) !== undefined;
    if (kind === undefined || !isExpected) {
      const expected = `entry ${index} of term ${place.term} with ${place.dataBytes} bytes of data`;
      throw logCorrupt({
        file,
        offset: place.offset,
        expected,
        found: "a record that is another or fails its checksum",
      });
    }
    const start = dataStart(at);
    entries.push({ index, term: place.term, kind, data: bytes.subarray(start, start + place.dataBytes) });
  }
}
