// Disks that are full, directories that cannot be used, files that are not ours, and calls beyond the limits: each is refused with
// cause and remedy, and what was acknowledged stays.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { sqliteLogStorage, sqliteSnapshotStore } from "../src/index.ts";
import { openSqliteLogStorage } from "../src/log-storage.ts";
import { openSqliteSnapshotStore } from "../src/snapshot-store.ts";
import { codeOfRejection, command, findIn, rejectionOf } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const fewPages = 40;

describe("a full disk", () => {
  test("fails every write in flight and every later call, and the store opens again with all that was acknowledged", async () => {
    const directory = temporaryDirectory();
    const storage = openSqliteLogStorage({ directory }, fewPages);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    const writes = [2, 3].map(async (index) => rejectionOf(storage.write({ entries: [command(index, 1, 150_000)] })));
    for (const error of await Promise.all(writes)) {
      expect(error).toMatchObject({
        code: "QUORATE_STORAGE_FAILED",
        outcome: "unknown",
        message: expect.stringMatching(/log\.sqlite: ENOSPC/),
        hint: expect.stringContaining("Free space"),
      });
    }
    const range = { firstIndex: 1, lastIndex: 1, maxBytes: 1 };
    expect(await codeOfRejection(storage.read(range))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.write({ entries: [] }))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.compact({ index: 1, term: 1 }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
    expect(await codeOfRejection(storage.read(range))).toBe("QUORATE_CLOSED");
    const again = sqliteLogStorage({ directory });
    expect((await findIn(again)).entries).toEqual([command(1, 1)]);
    await again.write({ entries: [command(2, 1, 150_000)] });
    await again.close();
  });

  test("fails a snapshot, and the one before it stays", async () => {
    const directory = temporaryDirectory();
    const configuration = { voters: ["n1"], learners: [] };
    const store = openSqliteSnapshotStore({ directory }, fewPages);
    await store.load();
    const first = await store.create({ index: 1, term: 1, configuration });
    await first.write(new Uint8Array(1000).fill(1));
    const stored = await first.commit();
    const second = await store.create({ index: 2, term: 1, configuration });
    expect(await rejectionOf(second.write(new Uint8Array(300_000)))).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      hint: expect.stringContaining("Free space"),
    });
    expect(await codeOfRejection(store.openLatest())).toBe("QUORATE_STORAGE_FAILED");
    await store.close();
    const again = sqliteSnapshotStore({ directory });
    expect(await again.load()).toEqual(stored);
    await again.close();
  });
});

describe("a place that cannot be used is refused with a remedy:", () => {
  test.runIf(process.platform === "linux")("a directory that cannot be written to", async () => {
    // Not even the system's administrator can make files there.
    const error = await rejectionOf(sqliteLogStorage({ directory: "/sys" }).load());
    expect(error).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      message: expect.stringMatching(/Could not open \/sys\/log\.sqlite: (EACCES|EROFS)/),
      hint: expect.stringMatching(/read and write|mounted writable/),
    });
  });

  test("a path through a file", async () => {
    const error = await rejectionOf(sqliteLogStorage({ directory: "/dev/null/data" }).load());
    expect(error).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      hint: expect.stringContaining("a part of this path is a file"),
    });
  });

  test("a directory in the database's place", async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, "log.sqlite"));
    const error = await rejectionOf(sqliteLogStorage({ directory }).load());
    expect(error).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      hint: expect.stringContaining("the directory that"),
    });
  });
});

describe("a file that is not ours", () => {
  test("but has our name is refused and left as it is", async () => {
    const directory = temporaryDirectory();
    const text = "Not a database at all. ".repeat(300);
    writeFileSync(join(directory, "log.sqlite"), text);
    expect(await codeOfRejection(sqliteLogStorage({ directory }).load())).toBe("QUORATE_LOG_CORRUPT");
    expect(readFileSync(join(directory, "log.sqlite"), "utf8")).toBe(text);
  });

  test("a database of another program is refused and left as it is", async () => {
    const directory = temporaryDirectory();
    const file = join(directory, "log.sqlite");
    const other = new DatabaseSync(file);
    other.exec("CREATE TABLE songs (title TEXT)");
    other.close();
    const bytes = readFileSync(file);
    expect(await rejectionOf(sqliteLogStorage({ directory }).load())).toMatchObject({
      code: "QUORATE_LOG_CORRUPT",
      message: expect.stringContaining("a foreign database"),
    });
    expect(readFileSync(file)).toEqual(bytes);
  });

  test("the database of another kind of store is foreign too", async () => {
    const directory = temporaryDirectory();
    const snapshots = sqliteSnapshotStore({ directory });
    await snapshots.load();
    await snapshots.close();
    writeFileSync(join(directory, "log.sqlite"), readFileSync(join(directory, "snapshots.sqlite")));
    expect(await codeOfRejection(sqliteLogStorage({ directory }).load())).toBe("QUORATE_LOG_CORRUPT");
  });

  test("of a later version is refused as such", async () => {
    const directory = temporaryDirectory();
    const storage = sqliteLogStorage({ directory });
    await storage.load();
    await storage.close();
    const database = new DatabaseSync(join(directory, "log.sqlite"));
    database.exec("PRAGMA user_version = 2");
    database.close();
    expect(await rejectionOf(sqliteLogStorage({ directory }).load())).toMatchObject({
      code: "QUORATE_FORMAT_UNSUPPORTED",
      message: expect.stringContaining("format version 2"),
    });
  });
});

describe("limits", () => {
  test("writes beyond maxQueuedBytes are refused, change nothing, and may be sent again later", async () => {
    const storage = sqliteLogStorage({ directory: temporaryDirectory(), maxQueuedBytes: 1024 * 1024 });
    await storage.load();
    const first = storage.write({ entries: [command(1, 1, 700_000)] });
    expect(await codeOfRejection(storage.write({ entries: [command(2, 1, 700_000)] }))).toBe("QUORATE_BUSY");
    await first;
    await storage.write({ entries: [command(2, 1, 3_000_000)] });
    await storage.close();
  });

  test("a vote for a name that is too long, and terms that are no whole numbers, are refused", async () => {
    const storage = sqliteLogStorage({ directory: temporaryDirectory() });
    await storage.load();
    const votedFor = "n".repeat(513);
    const refused = [
      storage.write({ hardState: { term: 1, votedFor }, entries: [] }),
      storage.write({ hardState: { term: 1.5, votedFor: undefined }, entries: [] }),
      storage.write({ entries: [command(1, Number.NaN)] }),
      storage.compact({ index: -1, term: 0 }),
    ];
    expect(await Promise.all(refused.map(codeOfRejection))).toEqual(refused.map(() => "QUORATE_WRITE_REFUSED"));
    await storage.close();
  });

  test("before load, or a second time, nothing works", async () => {
    const storage = sqliteLogStorage({ directory: temporaryDirectory() });
    expect(await codeOfRejection(storage.write({ entries: [] }))).toBe("QUORATE_NOT_LOADED");
    await storage.load();
    expect(await codeOfRejection(storage.load())).toBe("QUORATE_NOT_LOADED");
    await storage.close();
  });

  test.each([
    [{ maxQueuedBytes: 0 }, "maxQueuedBytes must be a whole number of at least 1048576, not 0."],
    [{ sealAfterMs: 0 }, "sealAfterMs must be a whole number from 1 to 60000, not 0."],
    [{ sealAfterMs: 1.5 }, "sealAfterMs must be a whole number from 1 to 60000, not 1.5."],
    [{ directory: "" }, 'The option directory is "".'],
  ])("the option %o is refused with its bounds", (option, message) => {
    expect(() => sqliteLogStorage({ directory: "/nowhere", ...option })).toThrowError(
      expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID", message }),
    );
  });
});

test("compacted rows are deleted in the background, a thousand at a time, and their pages are used again", async () => {
  const directory = temporaryDirectory();
  const storage = sqliteLogStorage({ directory });
  await storage.load();
  for (let index = 1; index <= 5000; index += 1000) {
    await storage.write({ entries: Array.from({ length: 1000 }, (_, offset) => command(index + offset, 1)) });
  }
  await storage.compact({ index: 4990, term: 1 });
  await storage.write({ entries: [command(5001, 1)] });
  await storage.close();
  const before = sqliteLogStorage({ directory });
  expect((await findIn(before)).entries).toHaveLength(11);
  // Deleting goes on without anybody asking.
  await expect.poll(async () => (await before.read({ firstIndex: 4991, lastIndex: 4991, maxBytes: 1 })).length).toBe(1);
  await before.close();
  const database = new DatabaseSync(join(directory, "log.sqlite"));
  expect(database.prepare("SELECT count(*) AS rows FROM entries").get()?.["rows"]).toBeLessThan(5001);
  database.close();
});
