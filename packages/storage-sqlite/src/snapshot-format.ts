// What the snapshots' database looks like. Content is kept in blocks; a block's number and snapshot are part of its key and of its
// checksum. One row of state says which snapshot is the latest: blocks of any other were never finished, or are replaced.

import { crc32 } from "node:zlib";
import type { StoredSnapshot } from "@quorate/contracts";
import { snapshotCorrupt } from "./errors.ts";
import type { DatabaseKind } from "./open-database.ts";

/** The database of the snapshots. */
export const snapshotDatabase: DatabaseKind = {
  fileName: "snapshots.sqlite",
  // "QrtS"
  applicationId: 0x51727453,
  formatVersion: 1,
  tables: [
    "CREATE TABLE state (id INTEGER PRIMARY KEY, content TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE blocks (block_id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL) STRICT",
  ],
  damaged: snapshotCorrupt,
};

/** Bytes of content in every block but the last. */
export const blockBytes: number = 64 * 1024;
/** Blocks that a snapshot may have: a tebibyte. */
const maxBlocks = 2 ** 24;

/** A snapshot's name in the database. */
export type SnapshotKey = {
  readonly number: number;
  /** Drawn at random: blocks of two snapshots are never taken for each other's. */
  readonly id: string;
};

/** A snapshot that is complete. */
export type InstalledSnapshot = { readonly key: SnapshotKey; readonly stored: StoredSnapshot };

/** Keys of a snapshot's blocks, from `first` inclusive to `end` exclusive. */
export function blockIds({ number }: Pick<SnapshotKey, "number">): { readonly first: number; readonly end: number } {
  return { first: number * maxBlocks, end: (number + 1) * maxBlocks };
}

export function blockChecksum({ id }: SnapshotKey, blockNumber: number, data: Uint8Array): number {
  return crc32(data, crc32(`${id} ${blockNumber}`));
}

/** The latest snapshot, or none, as content and checksum of the state's row. */
export function encodeLatest(latest: InstalledSnapshot | undefined): readonly [content: string, checksum: number] {
  const content = JSON.stringify({ latest: latest ?? null });
  return [content, crc32(content)];
}

/** What the state's row says; undefined if the row is not what was written. */
export function decodeLatest(
  row: Readonly<Record<string, unknown>> | undefined,
): { readonly latest: InstalledSnapshot | null } | undefined {
  const content = row?.["content"];
  if (typeof content !== "string" || crc32(content) !== row?.["checksum"]) return undefined;
  // The checksum says that this is what `encodeLatest` made.
  return JSON.parse(content) as { readonly latest: InstalledSnapshot | null };
}
