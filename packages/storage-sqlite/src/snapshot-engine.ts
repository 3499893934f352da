// The snapshots in SQL, run by the worker: blocks come in one by one, and a single row makes them the latest snapshot.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { snapshotCorrupt } from "./errors.ts";
import { openDatabase } from "./open-database.ts";
import { Refusal } from "./refusal.ts";
import {
  blockBytes,
  blockChecksum,
  blockIds,
  decodeLatest,
  encodeLatest,
  type InstalledSnapshot,
  snapshotDatabase,
  type SnapshotKey,
} from "./snapshot-format.ts";
import type { SnapshotOperation } from "./snapshot-protocol.ts";

const queries = {
  state: "SELECT content, checksum FROM state WHERE id = 1",
  putState: "INSERT OR REPLACE INTO state (id, content, checksum) VALUES (1, ?, ?)",
  putBlock: "INSERT INTO blocks (block_id, checksum, data) VALUES (?, ?, ?)",
  block: "SELECT checksum, data FROM blocks WHERE block_id = ?",
  count: "SELECT count(*) AS blocks FROM blocks WHERE block_id >= ? AND block_id < ?",
  forget: "DELETE FROM blocks WHERE block_id >= ? AND block_id < ?",
  forgetOthers: "DELETE FROM blocks WHERE block_id < ? OR block_id >= ?",
} as const;

/** Open snapshots. Each statement that changes something is a transaction of its own. */
export class SnapshotEngine {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<keyof typeof queries, StatementSync>>;
  readonly #isFresh: boolean;

  constructor(place: { readonly directory: string; readonly maxPages?: number | undefined }) {
    const { database, file, isFresh } = openDatabase(snapshotDatabase, place);
    this.file = file;
    this.#database = database;
    this.#isFresh = isFresh;
    const prepared = Object.entries(queries).map(([name, sql]) => [name, database.prepare(sql)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof queries, StatementSync>;
  }

  /** Checks all of the latest snapshot, and only then deletes what is not part of it. */
  load(): InstalledSnapshot | undefined {
    if (this.#isFresh) this.#statements.putState.run(...encodeLatest(undefined));
    const state = decodeLatest(this.#statements.state.get());
    if (state === undefined) throw this.#corrupt("the state with its checksum", "something else");
    const latest = state.latest ?? undefined;
    if (latest !== undefined) this.#verify(latest);
    const { first, end } = latest === undefined ? { first: 0, end: 0 } : blockIds(latest.key);
    this.#statements.forgetOthers.run(first, end);
    return latest;
  }

  /** Takes one step; a read gives the bytes. */
  run(operation: SnapshotOperation): Uint8Array | undefined {
    switch (operation.type) {
      case "block": {
        const { key, blockNumber, data } = operation;
        const id = blockIds(key).first + blockNumber;
        this.#statements.putBlock.run(id, blockChecksum(key, blockNumber, data), data);
        return undefined;
      }
      case "install":
        this.#statements.putState.run(...encodeLatest(operation.snapshot));
        return undefined;
      case "forget": {
        const { first, end } = blockIds(operation.key);
        this.#statements.forget.run(first, end);
        return undefined;
      }
      case "read":
        return this.#read(operation.snapshot, operation);
    }
  }

  close(): void {
    this.#database.close();
  }

  #verify({ key, stored }: InstalledSnapshot): void {
    const expected = Math.ceil(stored.sizeBytes / blockBytes);
    const { first, end } = blockIds(key);
    const blocks = this.#statements.count.get(first, end)?.["blocks"];
    if (blocks !== expected) throw this.#corrupt(`${expected} blocks of the latest snapshot`, String(blocks));
    let checksum = 0;
    let sizeBytes = 0;
    for (let blockNumber = 0; blockNumber < expected; blockNumber += 1) {
      const data = this.#block(key, blockNumber);
      checksum = crc32(data, checksum);
      sizeBytes += data.length;
    }
    if (sizeBytes === stored.sizeBytes && checksum === stored.checksum) return;
    throw this.#corrupt(
      `${stored.sizeBytes} bytes with checksum ${stored.checksum}`,
      `${sizeBytes} bytes with checksum ${checksum}`,
    );
  }

  #read(
    { key }: InstalledSnapshot,
    { offsetBytes, lengthBytes }: { readonly offsetBytes: number; readonly lengthBytes: number },
  ): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    for (let done = 0; done < lengthBytes; ) {
      const at = offsetBytes + done;
      const start = at % blockBytes;
      const part = this.#block(key, Math.floor(at / blockBytes)).subarray(start, start + lengthBytes - done);
      if (part.length === 0) throw this.#corrupt(`content at ${at}`, "the end of its block");
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  #block(key: SnapshotKey, blockNumber: number): Uint8Array {
    const row = this.#statements.block.get(blockIds(key).first + blockNumber);
    const data = row?.["data"];
    if (data instanceof Uint8Array && row?.["checksum"] === blockChecksum(key, blockNumber, data)) return data;
    throw this.#corrupt(`block ${blockNumber} as it was written`, row === undefined ? "no such row" : "other bytes");
  }

  #corrupt(expected: string, found: string): Refusal {
    return new Refusal(snapshotCorrupt({ file: this.file, expected, found }));
  }
}
