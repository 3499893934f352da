// What the log's database looks like: its tables, and the checksums that SQLite does not have. Each entry's checksum covers its
// place and the checksum before it, so that rows which rot, vanish or move are found out; the state names both ends of that chain.

import { crc32 } from "node:zlib";
import type { Entry, EntryKind, HardState, StoreIdentity } from "@quorate/contracts";
import { logCorrupt } from "./errors.ts";
import type { DatabaseKind } from "./open-database.ts";

/** The database of a log. */
export const logDatabase: DatabaseKind = {
  fileName: "log.sqlite",
  // "QrtL"
  applicationId: 0x5172744c,
  formatVersion: 1,
  tables: [
    "CREATE TABLE state (id INTEGER PRIMARY KEY, content TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE entries (entry_index INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind TEXT NOT NULL, " +
      "checksum INTEGER NOT NULL, data BLOB NOT NULL) STRICT",
  ],
  damaged: logCorrupt,
};

/** A place in the log, and the checksum of everything up to there. */
export type ChainLink = { readonly index: number; readonly term: number; readonly checksum: number };

/** Everything but the entries: one row, rewritten with every transaction. */
export type LogState = {
  /** Drawn at random when the log is made: entries of two logs never fit together. */
  readonly logId: string;
  readonly identity: StoreIdentity | null;
  readonly term: number;
  /** Null for no vote: JSON knows no undefined. */
  readonly votedFor: string | null;
  /** Before the first entry. */
  readonly base: ChainLink;
  /** The last entry, or the base if there is none. */
  readonly last: ChainLink;
};

const kindCodes: Readonly<Record<EntryKind, number>> = { command: 1, configuration: 2, empty: 3 };

/** A kind as it was stored; undefined if it is none. */
export function kindOf(text: unknown): EntryKind | undefined {
  return typeof text === "string" && Object.hasOwn(kindCodes, text) ? (text as EntryKind) : undefined;
}

/** What the chain of a log begins with. */
export function baseLink(logId: string, { index, term }: { readonly index: number; readonly term: number }): ChainLink {
  return { index, term, checksum: crc32(`${logId} ${index} ${term}`) };
}

const header = new DataView(new ArrayBuffer(28));
const headerBytes = new Uint8Array(header.buffer);

/** The checksum of an entry that follows one with this checksum. */
export function entryChecksum(previous: number, { index, term, kind, data }: Entry): number {
  header.setUint32(0, previous);
  header.setFloat64(4, index);
  header.setFloat64(12, term);
  header.setUint32(20, kindCodes[kind]);
  header.setUint32(24, data.length);
  return crc32(data, crc32(headerBytes));
}

export function freshState(logId: string): LogState {
  const base = baseLink(logId, { index: 0, term: 0 });
  return { logId, identity: null, term: 0, votedFor: null, base, last: base };
}

export function hardStateOf({ term, votedFor }: LogState): HardState {
  return { term, votedFor: votedFor ?? undefined };
}

/** The state as the content and checksum of its row. */
export function encodeState(state: LogState): readonly [content: string, checksum: number] {
  const content = JSON.stringify(state);
  return [content, crc32(content)];
}

/** The state of a row; undefined if the row is not what was written. */
export function decodeState(row: Readonly<Record<string, unknown>> | undefined): LogState | undefined {
  const content = row?.["content"];
  if (typeof content !== "string" || crc32(content) !== row?.["checksum"]) return undefined;
  // The checksum says that this is what `encodeState` made.
  return JSON.parse(content) as LogState;
}
