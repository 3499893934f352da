// Damage to what was durable is never taken for a torn write, and never read as data.

import { beforeAll, describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { logCorrupt } from "../src/errors.ts";
import { LogEngine } from "../src/log-engine.ts";
import { packEntries, unpackEntries } from "../src/log-protocol.ts";
import { sqliteLogStorage } from "../src/index.ts";
import { factsOf } from "../src/refusal.ts";
import { findWalDamage } from "../src/wal-check.ts";
import { copyOf, copyWith, flipped } from "./copies.ts";
import { codeOfRejection, command, findIn, rejectionOf } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const identity = { clusterId: "c", nodeId: "n1", incarnation: "i", configuration: { voters: ["n1"], learners: [] } };

/** A closed log, and one whose process died with five commits in its write-ahead log. */
let closedLog: string;
let crashedLog: string;

beforeAll(async () => {
  closedLog = temporaryDirectory();
  const storage = sqliteLogStorage({ directory: closedLog, sealAfterMs: 60_000 });
  await storage.load();
  await storage.initialise(identity);
  await storage.write({ hardState: { term: 2, votedFor: "n1" }, entries: [command(1, 1, 3000), command(2, 1)] });
  await storage.compact({ index: 1, term: 1 });
  for (let index = 3; index <= 5; index += 1) await storage.write({ entries: [command(index, 2, 100)] });
  crashedLog = copyOf(closedLog);
  await storage.close();
});

/** What a log holds, in one line, or the code of its refusal. */
function look(directory: string): string {
  let engine: LogEngine | undefined;
  try {
    engine = new LogEngine({ directory });
    const { hasLeftovers: _, ...found } = engine.load();
    const { base, lastIndex } = found.log;
    const read = { type: "read", firstIndex: base.index + 1, lastIndex, maxBytes: 1_000_000 } as const;
    const entries = lastIndex > base.index ? engine.run([read]).reads.map(unpackEntries) : [];
    return JSON.stringify({ found, entries });
  } catch (error) {
    const file = join(directory, "log.sqlite");
    const damaged = (found: string) => logCorrupt({ file, expected: "a sound database", found });
    return factsOf(error, { action: "open", file, damaged }).code;
  } finally {
    engine?.close();
  }
}

/** Turns over every so many bits of a file; counts what each look came to. */
function flipBits(directory: string, name: string, step: number): ReadonlyMap<string, number> {
  const outcomes = new Map<string, number>();
  const bits = readFileSync(join(directory, name)).length * 8;
  for (let bit = 0; bit < bits; bit += step) {
    const outcome = look(copyWith(directory, name, (bytes) => flipped(bytes, bit)));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

describe("a flipped bit", () => {
  test("of a closed log is refused, or it is harmless", () => {
    const outcomes = flipBits(closedLog, "log.sqlite", 331);
    const allowed = new Set([look(copyOf(closedLog)), "QUORATE_LOG_CORRUPT", "QUORATE_FORMAT_UNSUPPORTED"]);
    expect([...outcomes.keys()].filter((outcome) => !allowed.has(outcome))).toEqual([]);
    expect(outcomes.get("QUORATE_LOG_CORRUPT")).toBeGreaterThan(20);
  });

  test("of the first hundred bytes, which SQLite rules itself by, is refused, or it is harmless", () => {
    const whole = look(copyOf(closedLog));
    for (let bit = 0; bit < 800; bit += 3) {
      const outcome = look(copyWith(closedLog, "log.sqlite", (bytes) => flipped(bytes, bit)));
      expect([whole, "QUORATE_LOG_CORRUPT", "QUORATE_FORMAT_UNSUPPORTED"], `bit ${bit}`).toContain(outcome);
    }
  });

  test("of the write-ahead log is refused before its last two commits, and never changes an older one", () => {
    const name = "log.sqlite-wal";
    const bytes = readFileSync(join(crashedLog, name));
    const frameBytes = 24 + 4096;
    const frames = (bytes.length - 32) / frameBytes;
    // A commit of this log is two pages or more; those before the last two commits are beyond doubt.
    const certain = 32 + (frames - 5) * frameBytes;
    expect(certain).toBeGreaterThan(3 * frameBytes);
    for (let bit = 0; bit < certain * 8; bit += 331) {
      const outcome = look(copyWith(crashedLog, name, (whole) => flipped(whole, bit)));
      expect(outcome, `bit ${bit}`).toBe("QUORATE_LOG_CORRUPT");
    }
  });
});

describe("rows", () => {
  const changes = [
    { what: "a changed term", sql: "UPDATE entries SET term = 3 WHERE entry_index = 5" },
    { what: "a changed kind", sql: "UPDATE entries SET kind = 'empty' WHERE entry_index = 3" },
    { what: "a changed byte", sql: "UPDATE entries SET data = zeroblob(100) WHERE entry_index = 4" },
    { what: "a missing last row", sql: "DELETE FROM entries WHERE entry_index = 5" },
    { what: "a missing row", sql: "DELETE FROM entries WHERE entry_index = 3" },
    { what: "no rows at all", sql: "DELETE FROM entries" },
    {
      what: "a row too many",
      sql: "INSERT INTO entries SELECT 6, term, kind, checksum, data FROM entries WHERE entry_index = 5",
    },
    {
      what: "two rows that changed places",
      sql: "UPDATE entries SET entry_index = 9 - entry_index + 900 WHERE entry_index IN (4, 5); UPDATE entries SET entry_index = entry_index - 900 WHERE entry_index > 900",
    },
    { what: "another vote", sql: "UPDATE state SET content = replace(content, '\"n1\"', '\"n2\"')" },
    { what: "no state", sql: "DELETE FROM state" },
    { what: "another table", sql: "CREATE TABLE more (x)" },
    { what: "no application id", sql: "PRAGMA application_id = 0" },
  ];
  test.each(changes)("are refused with $what", ({ sql }) => {
    const copy = copyOf(closedLog);
    const database = new DatabaseSync(join(copy, "log.sqlite"));
    database.exec(sql);
    database.close();
    expect(look(copy)).toBe("QUORATE_LOG_CORRUPT");
    // Nor does it heal by being looked at.
    expect(look(copy)).toBe("QUORATE_LOG_CORRUPT");
  });

  test("of another log in the same place are refused", async () => {
    const other = temporaryDirectory();
    const storage = sqliteLogStorage({ directory: other });
    await storage.load();
    await storage.write({ entries: [command(1, 1, 3000), command(2, 1)] });
    await storage.close();
    const copy = copyOf(closedLog);
    const database = new DatabaseSync(join(copy, "log.sqlite"));
    database.exec(`ATTACH '${join(other, "log.sqlite")}' AS other`);
    database.exec(
      "UPDATE entries SET checksum = (SELECT checksum FROM other.entries WHERE entry_index = 2) WHERE entry_index = 2",
    );
    database.close();
    expect(look(copy)).toBe("QUORATE_LOG_CORRUPT");
  });

  test("that rot while the log is open are not read as data, and end the store", async () => {
    const copy = copyOf(closedLog);
    const database = new DatabaseSync(join(copy, "log.sqlite"));
    database.exec("UPDATE entries SET data = zeroblob(100) WHERE entry_index = 4");
    database.close();
    const engine = new LogEngine({ directory: copy });
    const read = { type: "read", firstIndex: 3, lastIndex: 5, maxBytes: 1_000_000 } as const;
    expect(() => engine.run([read])).toThrowError(/entry 2|entry 4 as it was written/);
    engine.close();
  });
});

describe("the write-ahead log of a crashed process", () => {
  test("is whole, and is found to be", async () => {
    expect(findWalDamage(join(crashedLog, "log.sqlite-wal"))).toBeUndefined();
    expect((await findIn(sqliteLogStorage({ directory: copyOf(crashedLog) }))).entries).toHaveLength(4);
  });

  test("is dropped from its torn end on", () => {
    const bytes = readFileSync(join(crashedLog, "log.sqlite-wal"));
    const outcomes = new Set<string>();
    for (let cut = bytes.length; cut > bytes.length - 2 * 4120; cut -= 257) {
      const found = look(copyWith(crashedLog, "log.sqlite-wal", (whole) => whole.subarray(0, cut)));
      outcomes.add(/"lastIndex":(\d+)/.exec(found)?.[1] ?? found);
    }
    expect(outcomes).toEqual(new Set(["5", "4"]));
  });

  test("is refused, and stays as it is, if its header or its database is gone", async () => {
    const name = "log.sqlite-wal";
    const headless = copyWith(crashedLog, name, (bytes) => bytes.fill(0, 0, 32));
    const bytes = readFileSync(join(headless, name));
    const error = await rejectionOf(sqliteLogStorage({ directory: headless }).load());
    expect(error).toMatchObject({ code: "QUORATE_LOG_CORRUPT", message: expect.stringContaining("log.sqlite-wal") });
    expect(readFileSync(join(headless, name))).toEqual(bytes);
    const orphaned = copyWith(crashedLog, "log.sqlite", () => new Uint8Array(0));
    expect(await codeOfRejection(sqliteLogStorage({ directory: orphaned }).load())).toBe("QUORATE_LOG_CORRUPT");
  });
});

test("a quiet log is sealed by itself: everything is in the database, and its write-ahead log is empty", async () => {
  const directory = temporaryDirectory();
  const storage = sqliteLogStorage({ directory, sealAfterMs: 1 });
  await storage.load();
  await storage.write({ entries: [command(1, 1)] });
  const wal = join(directory, "log.sqlite-wal");
  await expect.poll(() => readFileSync(wal).length, { timeout: 20_000 }).toBe(0);
  await storage.write({ entries: [command(2, 1)] });
  await storage.close();
});

test("entries keep their bytes on the way to the worker, views of one larger buffer included", () => {
  const larger = Uint8Array.from({ length: 100 }, (_, at) => at);
  const entries = [10, 40].map((start, offset) => ({
    ...command(1 + offset, 1),
    data: larger.subarray(start, start + 20),
  }));
  const packed = packEntries(entries);
  expect(packed.bytes.buffer.byteLength).toBe(40);
  expect(unpackEntries(packed)).toEqual(entries);
});
