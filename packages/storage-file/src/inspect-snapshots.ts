// What snapshots a directory holds and whether they are intact: reads all of them, and never changes anything.

import { join, resolve } from "node:path";
import type { StoredSnapshot } from "@quorate/contracts";
import { type Damage, damageOf } from "./damage.ts";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { whileNobodyWrites } from "./inspect-log.ts";
import { openSnapshotFile, snapshotFileName, sortSnapshotNames, verifySnapshotFile } from "./snapshot-file.ts";

/** One snapshot file. */
export type SnapshotReport = {
  readonly file: string;
  readonly index: number;
  /** What its header says; undefined if the header cannot be read. */
  readonly stored: StoredSnapshot | undefined;
  /** Undefined if all of the file is intact. */
  readonly damage: Damage | undefined;
};

/** The snapshots of a directory. */
export type SnapshotsReport = {
  readonly directory: string;
  /** Ascending by index; a server starts from the last one. */
  readonly snapshots: readonly SnapshotReport[];
  /** Files of snapshots that were never finished; the next start removes them. */
  readonly unfinished: readonly string[];
};

/**
 * Reads and verifies all snapshots in a directory that no server has open, without changing anything. Damage is part of the
 * report, and never thrown.
 *
 * @throws QuorateError `QUORATE_DATA_LOCKED` if a server is running on the directory, since its snapshots come and go;
 * `QUORATE_STORAGE_FAILED` if a file cannot be read.
 */
export async function inspectFileSnapshots(options: { readonly directory: string }): Promise<SnapshotsReport> {
  return inspectSnapshotsOn(options.directory, nodeFileSystem);
}

/** The same on any file system. */
export async function inspectSnapshotsOn(path: string, fileSystem: FileSystem): Promise<SnapshotsReport> {
  const place = { fileSystem, directory: resolve(path) };
  return whileNobodyWrites(place, "snapshot-lock", async () => {
    const { indexes, unfinished } = sortSnapshotNames(await fileSystem.list(place.directory));
    const snapshots: SnapshotReport[] = [];
    for (const index of indexes) snapshots.push(await inspectOne(place, index));
    return { directory: place.directory, snapshots, unfinished };
  });
}

async function inspectOne(
  place: { readonly fileSystem: FileSystem; readonly directory: string },
  index: number,
): Promise<SnapshotReport> {
  const file = join(place.directory, snapshotFileName(index));
  let stored: StoredSnapshot | undefined;
  try {
    const snapshot = await openSnapshotFile(place, index);
    stored = snapshot.header.stored;
    await verifySnapshotFile(place.fileSystem, snapshot);
    return { file, index, stored, damage: undefined };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    return { file, index, stored, damage };
  }
}
