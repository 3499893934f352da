// The log in SQL, run by the worker. One group of calls is one transaction, and so one sync. The state row and the entries
// change together; what is read is checked against the chain of checksums before anybody sees it.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import type { Entry, EntryId, TermRun } from "@quorate/contracts";
import { logCorrupt } from "./errors.ts";
import {
  baseLink,
  type ChainLink,
  decodeState,
  encodeState,
  entryChecksum,
  freshState,
  hardStateOf,
  kindOf,
  logDatabase,
  type LogState,
} from "./log-format.ts";
import {
  type LogAnswer,
  type LogFound,
  type LogOperation,
  type PackedEntries,
  packEntries,
  unpackEntries,
} from "./log-protocol.ts";
import { moveWalIntoDatabase, openDatabase } from "./open-database.ts";
import { Refusal } from "./refusal.ts";

/** Rows that one transaction deletes besides its own work. */
const collectedAtOnce = 1000;

type Statements = Readonly<Record<keyof typeof queries, StatementSync>>;

const queries = {
  state: "SELECT content, checksum FROM state WHERE id = 1",
  putState: "INSERT OR REPLACE INTO state (id, content, checksum) VALUES (1, ?, ?)",
  range: "SELECT * FROM entries WHERE entry_index BETWEEN ? AND ? ORDER BY entry_index",
  link: "SELECT entry_index, term, checksum FROM entries WHERE entry_index = ?",
  first: "SELECT min(entry_index) AS first FROM entries",
  append: "INSERT INTO entries (entry_index, term, kind, checksum, data) VALUES (?, ?, ?, ?, ?)",
  truncate: "DELETE FROM entries WHERE entry_index >= ?",
  collect: "DELETE FROM entries WHERE entry_index <= ?",
} as const;

/** An open log. Every method throws what is wrong and is not called again after that. */
export class LogEngine {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #state: LogState;
  /** Index of the first row; rows up to the base are leftovers of compactions. */
  #firstRow = Number.POSITIVE_INFINITY;
  readonly #isFresh: boolean;

  constructor(place: { readonly directory: string; readonly maxPages?: number | undefined }) {
    const { database, file, isFresh } = openDatabase(logDatabase, place);
    this.file = file;
    this.#database = database;
    this.#statements = prepareAll(database);
    this.#state = freshState(randomUUID());
    this.#isFresh = isFresh;
  }

  /** Reads and checks everything. */
  load(): LogFound {
    if (this.#isFresh) this.#transaction(() => this.#putState(this.#state));
    else this.#state = this.#storedState();
    this.#firstRow = this.#findFirstRow();
    const { identity, base, last } = this.#state;
    const termRuns: TermRun[] = [];
    const configurations: Entry[] = [];
    let end: ChainLink = base;
    for (const { entry, link } of this.#checkedRows(base, Number.MAX_SAFE_INTEGER)) {
      if (entry.term !== termRuns.at(-1)?.term) termRuns.push({ firstIndex: entry.index, term: entry.term });
      if (entry.kind === "configuration") configurations.push(entry);
      end = link;
    }
    if (end.index !== last.index || end.checksum !== last.checksum) {
      throw this.#corrupt(`a log that ends with entry ${last.index}`, `one that ends with entry ${end.index}`);
    }
    const log = { base: { index: base.index, term: base.term }, lastIndex: last.index, termRuns };
    const hasLeftovers = this.#hasLeftovers;
    return { identity: identity ?? undefined, hardState: hardStateOf(this.#state), log, configurations, hasLeftovers };
  }

  /** Does all of it in order, durably if anything is to be kept. */
  run(operations: readonly LogOperation[]): LogAnswer {
    const reads: PackedEntries[] = [];
    const changes = operations.some(({ type }) => type !== "read" && type !== "seal");
    const work = (): void => {
      for (const operation of operations) {
        if (operation.type === "read") reads.push(this.#read(operation));
        else this.#state = this.#perform(operation);
      }
      if (!changes) return;
      this.#putState(this.#state);
      this.#collect();
    };
    if (changes) this.#transaction(work);
    else work();
    if (operations.some(({ type }) => type === "seal")) moveWalIntoDatabase(this.#database, this.file);
    return { reads, hasLeftovers: this.#hasLeftovers };
  }

  close(): void {
    this.#database.close();
  }

  #perform(operation: Exclude<LogOperation, { readonly type: "read" }>): LogState {
    switch (operation.type) {
      case "write":
        return this.#write(operation);
      case "compact":
        return this.#compact(operation.base, operation.keepsEntries);
      case "initialise":
        return { ...this.#state, identity: operation.identity };
      case "seal":
      case "collect":
        return this.#state;
    }
  }

  #write({ hardState, truncateFrom, entries }: Extract<LogOperation, { readonly type: "write" }>): LogState {
    const state = this.#state;
    let { last } = state;
    if (truncateFrom !== undefined && truncateFrom <= last.index) {
      this.#statements.truncate.run(truncateFrom);
      last = this.#linkAt(truncateFrom - 1);
    }
    for (const entry of unpackEntries(entries)) {
      const { index, term, kind, data } = entry;
      const checksum = entryChecksum(last.checksum, entry);
      this.#statements.append.run(index, term, kind, checksum, data);
      last = { index, term, checksum };
      this.#firstRow = Math.min(this.#firstRow, index);
    }
    if (hardState === undefined) return { ...state, last };
    return { ...state, last, term: hardState.term, votedFor: hardState.votedFor ?? null };
  }

  /** Moves the base alone; the rows before it are deleted little by little, so that no write waits for it. */
  #compact(base: EntryId, keepsEntries: boolean): LogState {
    if (keepsEntries) return { ...this.#state, base: this.#linkAt(base.index) };
    this.#statements.truncate.run(base.index + 1);
    const link = baseLink(this.#state.logId, base);
    return { ...this.#state, base: link, last: link };
  }

  #linkAt(index: number): ChainLink {
    const { base } = this.#state;
    if (index === base.index) return base;
    const row = this.#statements.link.get(index);
    const [term, checksum] = [row?.["term"], row?.["checksum"]];
    if (typeof term === "number" && typeof checksum === "number") return { index, term, checksum };
    throw this.#corrupt(`entry ${index}`, "no such row");
  }

  #read({ firstIndex, lastIndex, maxBytes }: Extract<LogOperation, { readonly type: "read" }>): PackedEntries {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const { entry } of this.#checkedRows(this.#linkAt(firstIndex - 1), lastIndex)) {
      bytes += entry.data.length;
      if (entries.length > 0 && bytes > maxBytes) return packEntries(entries);
      entries.push(entry);
    }
    const end = entries.at(-1)?.index;
    if (end !== lastIndex) throw this.#corrupt(`entries up to ${lastIndex}`, `a last one at ${end ?? "no index"}`);
    return packEntries(entries);
  }

  /** The entries behind a place, each with its own; throws at the first row that is not as it was written. */
  *#checkedRows(after: ChainLink, lastIndex: number): Generator<{ readonly entry: Entry; readonly link: ChainLink }> {
    let previous = after;
    for (const row of this.#statements.range.iterate(after.index + 1, lastIndex)) {
      const { entry_index: index, term, data, checksum } = row;
      const kind = kindOf(row["kind"]);
      const expected = `entry ${previous.index + 1} as it was written`;
      if (index !== previous.index + 1) throw this.#corrupt(expected, `entry ${String(index)}`);
      if (typeof term !== "number" || term < previous.term || kind === undefined || !(data instanceof Uint8Array)) {
        throw this.#corrupt(expected, "other values");
      }
      const entry = { index, term, kind, data };
      if (checksum !== entryChecksum(previous.checksum, entry)) throw this.#corrupt(expected, "another checksum");
      previous = { index, term, checksum };
      yield { entry, link: previous };
    }
  }

  get #hasLeftovers(): boolean {
    return this.#firstRow <= this.#state.base.index;
  }

  #collect(): void {
    if (!this.#hasLeftovers) return;
    this.#statements.collect.run(Math.min(this.#state.base.index, this.#firstRow + collectedAtOnce - 1));
    this.#firstRow = this.#findFirstRow();
  }

  /** Of an empty table, a row that no base reaches. */
  #findFirstRow(): number {
    const first = this.#statements.first.get()?.["first"];
    return typeof first === "number" ? first : Number.POSITIVE_INFINITY;
  }

  #storedState(): LogState {
    const state = decodeState(this.#statements.state.get());
    if (state === undefined) throw this.#corrupt("the state with its checksum", "something else");
    return state;
  }

  #putState(state: LogState): void {
    this.#statements.putState.run(...encodeState(state));
  }

  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    work();
    this.#database.exec("COMMIT");
  }

  #corrupt(expected: string, found: string): Refusal {
    return new Refusal(logCorrupt({ file: this.file, expected, found }));
  }
}

function prepareAll(database: DatabaseSync): Statements {
  const prepared = Object.entries(queries).map(([name, sql]) => [name, database.prepare(sql)]);
  return Object.fromEntries(prepared) as Statements;
}
