// Opens a database so that it keeps its promises: locked for this process alone, flushed at every commit, and checked, page by
// page, before anything in it is believed. Each setting is read back: SQLite ignores a pragma that it cannot obey.
//
// Nothing in this process may open and close the database file beside SQLite: the system would drop the lock with it.

import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ErrorFacts } from "@quorate/contracts";
import { formatUnsupported, storageFailed } from "./errors.ts";
import { Refusal } from "./refusal.ts";
import { findWalDamage } from "./wal-check.ts";

/** What a database is for, and how it says so. */
export type DatabaseKind = {
  readonly fileName: string;
  /** Stored in the file: tells our databases from everybody else's, and one kind from another. */
  readonly applicationId: number;
  readonly formatVersion: number;
  /** The statements that make the tables, exactly as SQLite keeps them. */
  readonly tables: readonly string[];
  readonly damaged: (facts: { readonly file: string; readonly expected: string; readonly found: string }) => ErrorFacts;
};

/** A database that is open and was found whole. */
export type OpenedDatabase = { readonly database: DatabaseSync; readonly file: string; readonly isFresh: boolean };

/** Opens or makes the database; throws what is wrong with it, and leaves nothing open then. */
export function openDatabase(
  kind: DatabaseKind,
  { directory, maxPages }: { readonly directory: string; readonly maxPages?: number | undefined },
): OpenedDatabase {
  const file = join(directory, kind.fileName);
  makeDirectory(directory);
  refuseOrphanedWal(kind, file);
  refuseDamagedWal(kind, file);
  const database = new DatabaseSync(file);
  try {
    lock(database);
    const isFresh = isUnused(database);
    if (!isFresh) checkFormat(database, kind, file);
    configure(database, file);
    if (isFresh) createTables(database, kind);
    else checkPages(database, kind, file);
    makeDurable(database, file);
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
    return { database, file, isFresh };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Moves everything from the write-ahead log into the database, durably, and empties the former. */
export function moveWalIntoDatabase(database: DatabaseSync, file: string): void {
  const { busy, log } = firstRow(database, "PRAGMA wal_checkpoint(TRUNCATE)");
  if (busy === 0 && log === 0) return;
  throw new Refusal(storageFailed({ action: "empty the write-ahead log of", path: file, reason: "EIO" }));
}

/** The first row of what a statement gives; empty if there is none. */
export function firstRow(database: DatabaseSync, sql: string): Readonly<Record<string, unknown>> {
  return database.prepare(sql).get() ?? {};
}

/** A directory that is made now must not be lost with the power. */
function makeDirectory(directory: string): void {
  const firstMade = mkdirSync(directory, { recursive: true });
  if (firstMade === undefined) return;
  for (let made = directory; made.length >= firstMade.length; made = dirname(made)) syncDirectory(dirname(made));
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** SQLite deletes a write-ahead log whose database is missing or empty: durable writes would go unnoticed. */
function refuseOrphanedWal(kind: DatabaseKind, file: string): void {
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeOf(file) > 0 || sizeOf(`${file}-wal`) === 0) return;
  const found = "a write-ahead log without its database";
  throw new Refusal(kind.damaged({ file, expected: "a database", found }));
}

/**
 * Before SQLite opens the database: when it closes it again, it moves what is left of the write-ahead log into the database
 * and deletes the log. The next opener would find nothing wrong.
 */
function refuseDamagedWal(kind: DatabaseKind, file: string): void {
  const damage = findWalDamage(`${file}-wal`);
  if (damage === undefined) return;
  // Without the lock, what looks damaged may be what somebody is writing just now.
  refuseIfLocked(file);
  throw new Refusal(kind.damaged({ file: `${file}-wal`, ...damage }));
}

/** Throws SQLite's error if somebody has the database open. A connection that only reads leaves the files as they are. */
function refuseIfLocked(file: string): void {
  const probe = new DatabaseSync(file, { readOnly: true });
  try {
    firstRow(probe, "PRAGMA schema_version");
  } finally {
    probe.close();
  }
}

/** The lock is the system's, so it ends with the process, whatever the way. With it no file of shared memory is needed. */
function lock(database: DatabaseSync): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN IMMEDIATE");
  database.exec("COMMIT");
}

function isUnused(database: DatabaseSync): boolean {
  const { application_id: id } = firstRow(database, "PRAGMA application_id");
  const { user_version: version } = firstRow(database, "PRAGMA user_version");
  const { tables } = firstRow(database, "SELECT count(*) AS tables FROM sqlite_schema");
  return id === 0 && version === 0 && tables === 0;
}

function checkFormat(database: DatabaseSync, kind: DatabaseKind, file: string): void {
  const refuse = (expected: string, found: string): never => {
    throw new Refusal(kind.damaged({ file, expected, found }));
  };
  const { application_id: id } = firstRow(database, "PRAGMA application_id");
  if (id !== kind.applicationId) refuse(`application id ${kind.applicationId}`, `${String(id)}: a foreign database`);
  const { user_version: version } = firstRow(database, "PRAGMA user_version");
  if (typeof version === "number" && version > kind.formatVersion) {
    throw new Refusal(formatUnsupported({ file, version, supported: kind.formatVersion }));
  }
  if (version !== kind.formatVersion) refuse(`format version ${kind.formatVersion}`, String(version));
  const tables = database.prepare("SELECT sql FROM sqlite_schema ORDER BY rowid").all();
  const found = tables.map(({ sql }) => String(sql));
  if (found.join(";") !== kind.tables.join(";")) refuse("the tables of this format", found.join("; ") || "no table");
}

function configure(database: DatabaseSync, file: string): void {
  const settings = [
    { pragma: "journal_mode", value: "WAL", found: "wal" },
    // Every commit is flushed. Set after the journal mode: a build may keep a weaker default for write-ahead logs.
    { pragma: "synchronous", value: "FULL", found: 2 },
    { pragma: "locking_mode", value: "EXCLUSIVE", found: "exclusive" },
    // Where a flush does not reach the platter without it (macOS).
    { pragma: "fullfsync", value: "ON", found: 1 },
    { pragma: "checkpoint_fullfsync", value: "ON", found: 1 },
    { pragma: "mmap_size", value: "0", found: 0 },
    { pragma: "cell_size_check", value: "ON", found: 1 },
  ];
  for (const { pragma, value, found } of settings) {
    database.exec(`PRAGMA ${pragma} = ${value}`);
    const actual = firstRow(database, `PRAGMA ${pragma}`)[pragma];
    // Builds without memory mapping do not know its setting.
    if (actual === found || (pragma === "mmap_size" && actual === undefined)) continue;
    const reason = `SQLite keeps ${pragma} at ${String(actual)} instead of ${value}`;
    throw new Refusal(storageFailed({ action: "use", path: file, reason }));
  }
}

function createTables(database: DatabaseSync, { applicationId, formatVersion, tables }: DatabaseKind): void {
  database.exec("BEGIN IMMEDIATE");
  for (const table of tables) database.exec(table);
  database.exec(`PRAGMA application_id = ${applicationId}`);
  database.exec(`PRAGMA user_version = ${formatVersion}`);
  database.exec("COMMIT");
}

/** SQLite has no checksums of its own; but a page that is in two places, or in none, would be overwritten. */
function checkPages(database: DatabaseSync, kind: DatabaseKind, file: string): void {
  const { integrity_check: verdict } = firstRow(database, "PRAGMA integrity_check(1)");
  if (verdict !== "ok") throw new Refusal(kind.damaged({ file, expected: "pages in order", found: String(verdict) }));
  const { auto_vacuum: autoVacuum } = firstRow(database, "PRAGMA auto_vacuum");
  if (autoVacuum === 0) return;
  throw new Refusal(kind.damaged({ file, expected: "no page map", found: `auto_vacuum ${String(autoVacuum)}` }));
}

/**
 * What can be read need not be durable: a process may have died between a write and its sync. Before anything is reported,
 * all of it is synced, and the directory with it.
 */
function makeDurable(database: DatabaseSync, file: string): void {
  moveWalIntoDatabase(database, file);
  syncDirectory(dirname(file));
}
