// The segment files of a log: their names, and how a new one comes into being. A segment gets its name only when it is whole,
// zero-filled to its full size and durable, so that appending to it changes no metadata and costs one flush of data.

import { isQuorateError } from "@quorate/contracts";
import { join } from "node:path";
import { notMade, storageFailed } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { encodeSegmentHeader, FORMAT_VERSION, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./format.ts";
import type { DirectoryLock } from "./lock.ts";

const segmentName = /^segment-(\d{10})\.log$/;
const unfinishedName = /^segment-\d{10}\.log\.tmp$/;
const zeros = new Uint8Array(512 * 1024);

/** The name of a segment's file. */
export function segmentFileName(segmentId: number): string {
  return `segment-${String(segmentId).padStart(10, "0")}.log`;
}

/** What of a directory's content belongs to the log. Everything else is left alone. */
export function sortNames(names: readonly string[]): {
  readonly segmentIds: readonly number[];
  readonly unfinished: readonly string[];
} {
  const segmentIds = names.flatMap((name) => {
    const digits = segmentName.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return {
    segmentIds: segmentIds.toSorted((left, right) => left - right),
    unfinished: names.filter((name) => unfinishedName.test(name)),
  };
}

/** A segment as the checksums of its batches know it. */
export type Segment = {
  readonly segmentId: number;
  readonly sizeBytes: number;
  /** Ties the checksums of its batches to it. */
  readonly seed: number;
};

/** Where segments are made, and under which claim. */
export type SegmentPlace = {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly logId: Uint8Array;
  readonly lock: DirectoryLock;
};

/** A segment that may not have a file yet: its bytes can be encoded before. */
export class LogSegment implements Segment {
  readonly segmentId: number;
  readonly sizeBytes: number;
  readonly seed: number;
  #make: () => Promise<void>;
  #made: Promise<void> | undefined;

  private constructor(segment: Segment, make: () => Promise<void>) {
    this.segmentId = segment.segmentId;
    this.sizeBytes = segment.sizeBytes;
    this.seed = segment.seed;
    this.#make = make;
  }

  /** A segment whose file is there. */
  static existing(segment: Segment): LogSegment {
    return new LogSegment(segment, () => Promise.resolve());
  }

  /**
   * A segment whose file `make` creates: after `previous`, so that a crash never leaves a gap between segments, and after
   * `replaced`, an unused one of the same name, has settled.
   */
  static planned(
    place: SegmentPlace,
    plan: {
      readonly segmentId: number;
      readonly sizeBytes: number;
      readonly previous?: LogSegment;
      readonly replaced?: LogSegment | undefined;
    },
  ): LogSegment {
    const { segmentId, sizeBytes, previous, replaced } = plan;
    const { seed } = encodeSegmentHeader({ version: FORMAT_VERSION, segmentId, sizeBytes, logId: place.logId });
    const segment = { segmentId, sizeBytes, seed };
    return new LogSegment(segment, async () => {
      await previous?.make();
      await replaced?.settled();
      await createSegment(place, segment);
    });
  }

  /** Resolves when the file is there, durably. After a failure the next call tries again, with a new file. */
  make(): Promise<void> {
    this.#made ??= this.#tryToMake();
    return this.#made;
  }

  /** Resolves when no work on the file is under way. */
  async settled(): Promise<void> {
    await this.#made?.catch(() => undefined);
  }

  async #tryToMake(): Promise<void> {
    try {
      await this.#make();
      // Lets go of the segments before this one.
      this.#make = () => Promise.resolve();
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }
}

async function createSegment(place: SegmentPlace, segment: Segment): Promise<void> {
  const { fileSystem, directory, logId, lock } = place;
  const path = join(directory, segmentFileName(segment.segmentId));
  try {
    if (!(await lock.isHeld())) throw new Error("the lock file was removed from the directory while it was in use");
    await writeUnfinished(fileSystem, path, { version: FORMAT_VERSION, logId, ...segment });
    await fileSystem.rename({ from: `${path}.tmp`, to: path });
    await fileSystem.syncDirectory(directory);
  } catch (cause) {
    throw isQuorateError(cause) ? cause : storageFailed({ action: "create the segment", path, cause });
  }
}

/** The segment under its temporary name. If there is no space for it, what there is of it goes: others may need that space. */
async function writeUnfinished(fileSystem: FileSystem, path: string, header: SegmentHeader): Promise<void> {
  try {
    await writeZeroed(fileSystem, { path: `${path}.tmp`, header });
  } catch (cause) {
    await fileSystem.remove(`${path}.tmp`).catch(() => undefined);
    throw notMade({ action: "create the segment", path, cause });
  }
}

async function writeZeroed(
  fileSystem: FileSystem,
  { path, header }: { readonly path: string; readonly header: SegmentHeader },
): Promise<void> {
  const file = await fileSystem.open(path, "create");
  try {
    await file.write(encodeSegmentHeader(header).bytes, 0);
    for (let at = SEGMENT_HEADER_BYTES; at < header.sizeBytes; at += zeros.length) {
      await file.write(zeros.subarray(0, Math.min(zeros.length, header.sizeBytes - at)), at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
