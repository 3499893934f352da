// What a directory's log holds and whether it is intact, for people and their tools: reads, and never changes anything.

import { join, resolve } from "node:path";
import { type Entry, type EntryId, type HardState, isQuorateError, type StoreIdentity } from "@quorate/contracts";
import { type Damage, damageOf } from "./damage.ts";
import type { EntryIndex } from "./entry-index.ts";
import { dataLocked, storageFailed } from "./errors.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { readHardStateSlots, refuseForgottenVote } from "./hard-state-slots.ts";
import { readIdentity, refuseOtherLog } from "./identity-file.ts";
import type { LockName } from "./lock.ts";
import { readEntries } from "./log-reader.ts";
import { type ReadSegment, recoverLog } from "./recovery.ts";
import { segmentFileName, sortNames } from "./segment-files.ts";

/** One segment file. */
export type SegmentReport = {
  readonly file: string;
  readonly sizeBytes: number;
  /** Bytes that are valid, from the beginning of the file. */
  readonly usedBytes: number;
  /** `spare`: made ahead, not used yet. `unread`: behind damage, and not looked at. */
  readonly state: "used" | "spare" | "unread";
  /** Entries of the log that stand in it; undefined if there are none. */
  readonly entries: { readonly firstIndex: number; readonly lastIndex: number } | undefined;
};

/** What a log holds; if it is damaged, what could be read before the damage. */
export type LogReport = {
  readonly directory: string;
  readonly identity: StoreIdentity | undefined;
  readonly hardState: HardState;
  /** The entry before the log's first one; of a damaged log, before the first one that can be read. */
  readonly base: EntryId;
  /** The last entry, or the last one before the damage; the base if there is none. */
  readonly last: EntryId;
  readonly configurations: readonly Entry[];
  readonly segments: readonly SegmentReport[];
  /** Remains of a write that a crash tore and that was never acknowledged; the next start removes them. */
  readonly torn: { readonly file: string; readonly offset: number; readonly bytes: number } | undefined;
  /** Whether the log ends with the mark that tells rot in its last write from a torn write. */
  readonly isSealed: boolean;
  /** Undefined if the log is intact. */
  readonly damage: Damage | undefined;
};

/** An entry and where it stands. */
export type ReportedEntry = Entry & { readonly file: string; readonly offset: number };

/** What `inspectFileLog` gives: the report, and the entries to look at. */
export type LogInspection = {
  readonly report: LogReport;
  /** The entries with these indexes, as far as the log holds them, in order. */
  entries(range: { readonly firstIndex: number; readonly lastIndex: number }): AsyncIterable<ReportedEntry>;
};

const readAtOnceBytes = 1024 * 1024;

type Place = { readonly fileSystem: FileSystem; readonly directory: string };

/**
 * Reads and verifies all of the log in a directory that no server has open, without changing anything. Damage is part of the
 * report, and never thrown.
 *
 * @throws QuorateError `QUORATE_DATA_LOCKED` if a server is running on the directory, since its log moves while it is read;
 * `QUORATE_STORAGE_FAILED` if a file cannot be read.
 */
export async function inspectFileLog(options: { readonly directory: string }): Promise<LogInspection> {
  return inspectLogOn(options.directory, nodeFileSystem);
}

/** The same on any file system. */
export async function inspectLogOn(path: string, fileSystem: FileSystem): Promise<LogInspection> {
  const place = { fileSystem, directory: resolve(path) };
  return whileNobodyWrites(place, "lock", async () => inspect(place));
}

/** Runs a look at a directory; refuses if somebody had it open before or after. */
export async function whileNobodyWrites<Result>(
  { fileSystem, directory }: Place,
  lockName: LockName,
  look: () => Promise<Result>,
): Promise<Result> {
  const refuse = async (): Promise<void> => {
    const holder = await fileSystem.holder(directory, lockName);
    if (holder !== undefined) throw dataLocked({ directory, holder });
  };
  try {
    await refuse();
    const result = await look();
    await refuse();
    return result;
  } catch (cause) {
    if (isQuorateError(cause)) throw cause;
    throw storageFailed({ action: "inspect", path: directory, cause });
  }
}

async function inspect(place: Place): Promise<LogInspection> {
  const names = await place.fileSystem.list(place.directory);
  const { segmentIds } = sortNames(names);
  const read: (Omit<ReadSegment, "replay"> & { readonly file: string })[] = [];
  let last: ReadSegment | undefined;
  const take = (found: ReadSegment): void => {
    const { segment, logId, offset, sequence, isSpare } = found;
    const file = join(place.directory, segmentFileName(segment.segmentId));
    read.push({ segment, logId, offset, sequence, isSpare, file });
    last = found;
  };
  const identity = await orDamage(readIdentity(place, names));
  const log = await orDamage(recoverLog(place, segmentIds, take));
  const slot = await orDamage(readHardStateSlots(place, names));
  const replay = last?.replay;
  const index = log.value?.index ?? replay?.index;
  const segments = segmentIds.map((id): SegmentReport => {
    const found = read.find(({ segment }) => segment.segmentId === id);
    const file = join(place.directory, segmentFileName(id));
    if (found === undefined) return { file, sizeBytes: 0, usedBytes: 0, state: "unread", entries: undefined };
    const { sizeBytes } = found.segment;
    const state = found.isSpare ? "spare" : "used";
    return { file, sizeBytes, usedBytes: found.offset, state, entries: index?.entriesIn(id) };
  });
  const { tornBytes = 0, offset = 0, segment } = log.value ?? {};
  const tornFile = join(place.directory, segmentFileName(segment?.segmentId ?? 1));
  const report: LogReport = {
    directory: place.directory,
    identity: identity.value?.identity,
    hardState: replay?.hardState ?? { term: 0, votedFor: undefined },
    base: index?.baseOfPlaces ?? { index: 0, term: 0 },
    last: { index: index?.lastIndex ?? 0, term: index?.lastTerm ?? 0 },
    configurations: replay?.configurations ?? [],
    segments,
    torn: tornBytes > 0 ? { file: tornFile, offset, bytes: tornBytes } : undefined,
    isSealed: log.value?.isSealed ?? false,
    damage:
      log.damage ??
      identity.damage ??
      slot.damage ??
      damageFoundBy(() => {
        if (identity.value !== undefined) refuseOtherLog(place, identity.value, log.value);
        refuseForgottenVote(place, slot.value, log.value);
      }),
  };
  return { report, entries: (range) => entriesOf(place, index, range) };
}

async function orDamage<Value>(
  reading: Promise<Value>,
): Promise<{ readonly value: Value | undefined; readonly damage: Damage | undefined }> {
  try {
    return { value: await reading, damage: undefined };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    return { value: undefined, damage };
  }
}

function damageFoundBy(check: () => void): Damage | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return damageOf(error);
  }
}

async function* entriesOf(
  place: Place,
  index: EntryIndex | undefined,
  range: { readonly firstIndex: number; readonly lastIndex: number },
): AsyncIterable<ReportedEntry> {
  if (index === undefined) return;
  const lastIndex = Math.min(range.lastIndex, index.lastIndex);
  for (let next = Math.max(range.firstIndex, index.baseOfPlaces.index + 1); next <= lastIndex; ) {
    const source = { place, index, findGroup: () => undefined };
    for (const entry of await readEntries(source, { firstIndex: next, lastIndex, maxBytes: readAtOnceBytes })) {
      const { segmentId, offset } = index.placeAt(entry.index);
      yield { ...entry, file: join(place.directory, segmentFileName(segmentId)), offset };
      next = entry.index + 1;
    }
  }
}
