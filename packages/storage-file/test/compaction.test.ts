// Compaction: the log begins later, keeps what follows, and gives its segments back, whatever moment a crash or a read chooses.

import { describe, expect, test } from "vitest";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import type { FileSystem } from "../src/file-system.ts";
import { endOfContent } from "../src/segment-scan.ts";
import { codeOfRejection, command, commands, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segmentName = /^segment-\d+\.log$/;
const name = (segmentId: number): string => `segment-${String(segmentId).padStart(10, "0")}.log`;

/** The ids of the segments that are there. */
function segmentIds(disk: TestDisk): readonly number[] {
  return disk.fileNames.filter((one) => segmentName.test(one)).map((one) => Number(one.slice(8, 18)));
}

/** A closed log of 60 entries of 5,000 bytes, about a dozen to a segment, compacted to entry 40. */
async function compactedLog(): Promise<TestDisk> {
  const disk = new TestDisk();
  const storage = storageOn(disk);
  await storage.load();
  for (const one of commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 })) {
    await storage.write({ entries: [one] });
  }
  await storage.compact({ index: 40, term: 1 });
  await storage.close();
  return disk;
}

const kept = commands({ firstIndex: 41, lastIndex: 60, term: 1, bytes: 5000 });

describe("a compacted log", () => {
  test("gives back the segments that hold nothing but what was compacted, and no other", async () => {
    const disk = await compactedLog();
    expect(Math.min(...segmentIds(disk))).toBe(4);
    expect(await findOn(disk)).toMatchObject({ base: { index: 40, term: 1 }, entries: kept });
  });

  test("goes on, segment after segment, and is found again after each step", async () => {
    const disk = await compactedLog();
    for (let index = 61; index <= 100; index += 1) {
      const storage = storageOn(disk);
      const { base, entries } = await findIn(storage);
      expect([base.index, entries.at(0)?.index, entries.at(-1)?.index]).toEqual([index - 21, index - 20, index - 1]);
      await storage.write({ entries: [command(index, 1, 5000)] });
      await storage.compact({ index: index - 20, term: 1 });
      await storage.close();
    }
  });

  test("takes a bounded number of segments, however long it goes on", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    let most = 0;
    for (let index = 1; index <= 1000; index += 1) {
      await storage.write({ entries: [command(index, 1, 4000)] });
      if (index % 25 === 0) await storage.compact({ index: index - 10, term: 1 });
      most = Math.max(most, segmentIds(disk).length);
    }
    await storage.close();
    // What is kept, what is compacted next, the segment that is made ahead, and those that are being deleted.
    expect(most).toBeLessThanOrEqual(6);
    expect(Math.max(...segmentIds(disk))).toBeGreaterThan(60);
    expect((await findOn(disk)).entries).toEqual(commands({ firstIndex: 991, lastIndex: 1000, term: 1, bytes: 4000 }));
  });

  test("that holds no entry keeps one segment, and what it knows besides", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    for (const one of commands({ firstIndex: 1, lastIndex: 60, term: 3, bytes: 5000 })) {
      await storage.write({ hardState: { term: 3, votedFor: "n2" }, entries: [one] });
    }
    await storage.compact({ index: 5000, term: 9 });
    await storage.close();
    expect(segmentIds(disk).length).toBeLessThanOrEqual(2);
    const reopened = storageOn(disk);
    expect(await reopened.load()).toMatchObject({
      hardState: { term: 3, votedFor: "n2" },
      log: { base: { index: 5000, term: 9 }, lastIndex: 5000, termRuns: [] },
    });
    await reopened.write({ entries: [command(5001, 9)] });
    await reopened.close();
    expect((await findOn(disk)).entries).toEqual([command(5001, 9)]);
  });

  test("needs no memory of what lies before it, however high its indexes are", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const base = { index: 2 ** 50, term: 2 ** 40 };
    await storage.compact(base);
    const log = commands({ firstIndex: 2 ** 50 + 1, lastIndex: 2 ** 50 + 20, term: 2 ** 40 });
    await storage.write({ entries: log });
    await storage.close();
    expect(await findOn(disk)).toMatchObject({ base, entries: log });
  });

  test("is compacted in call order with the writes around it, all in one sync", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [] });
    let syncs = 0;
    disk.onOperation = (operation, file) => {
      if (operation === "sync" && file.endsWith(".log")) syncs += 1;
    };
    await Promise.all([
      storage.write({ entries: commands({ firstIndex: 1, lastIndex: 5, term: 1 }) }),
      storage.compact({ index: 3, term: 1 }),
      storage.write({ truncateFrom: 5, entries: [command(5, 2)] }),
      storage.compact({ index: 4, term: 1 }),
    ]);
    expect(syncs).toBe(1);
    await storage.close();
    expect(await findOn(disk)).toMatchObject({ base: { index: 4, term: 1 }, entries: [command(5, 2)] });
  });

  test("refuses a base that is none", async () => {
    const storage = storageOn(new TestDisk());
    await storage.load();
    expect(await codeOfRejection(storage.compact({ index: 1.5, term: 1 }))).toBe("QUORATE_WRITE_REFUSED");
    expect(await codeOfRejection(storage.compact({ index: 1, term: -1 }))).toBe("QUORATE_WRITE_REFUSED");
    await storage.close();
  });
});

describe("segments that are no longer needed", () => {
  test("are deleted one after the other, oldest first, each durably before the next", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 });
    for (const one of log) await storage.write({ entries: [one] });
    const steps: string[] = [];
    disk.onOperation = (operation, file) => {
      if (operation === "remove" || operation === "syncDirectory") steps.push(`${operation} ${file}`);
    };
    await storage.compact({ index: 30, term: 1 });
    await storage.close();
    expect(steps.slice(0, 4)).toEqual([
      `remove ${name(1)}`,
      expect.stringMatching(/^sync/),
      `remove ${name(2)}`,
      expect.stringMatching(/^sync/),
    ]);
  });

  test("are not touched before the new base is durable", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 40, term: 1, bytes: 5000 });
    for (const one of log) await storage.write({ entries: [one] });
    disk.onOperation = (operation) => {
      if (operation === "sync") throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    expect(await codeOfRejection(storage.compact({ index: 30, term: 1 }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
    expect(segmentIds(disk)[0]).toBe(1);
  });

  test("stay until the reads that began before are done", async () => {
    const disk = new TestDisk();
    const gate = Promise.withResolvers<void>();
    const open: FileSystem["open"] = async (path, mode) => {
      if (mode === "read") await gate.promise;
      return disk.fileSystem.open(path, mode);
    };
    const options = { directory: "/disk", segmentBytes: 64 * 1024, sealAfterMs: 60_000 };
    const storage = openFileLogStorage(options, { ...disk.fileSystem, open });
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 });
    for (const one of log) await storage.write({ entries: [one] });
    const read = storage.read({ firstIndex: 1, lastIndex: 60, maxBytes: Number.MAX_SAFE_INTEGER });
    await storage.compact({ index: 60, term: 1 });
    await storage.write({ entries: [command(61, 1)] });
    gate.resolve();
    expect(await read).toEqual(log);
    await storage.close();
    expect(segmentIds(disk)[0]).toBeGreaterThan(4);
  });

  test("are deleted by the next load if a crash came before", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 });
    for (const one of log) await storage.write({ entries: [one] });
    disk.onOperation = (operation) => {
      if (operation === "remove") throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    await storage.compact({ index: 40, term: 1 });
    await storage.close();
    disk.onOperation = () => {};
    expect(segmentIds(disk)[0]).toBe(1);
    expect(await findOn(disk)).toMatchObject({ base: { index: 40, term: 1 }, entries: kept });
    expect(segmentIds(disk)[0]).toBe(4);
  });

  test("that cannot be deleted fail the store, with the cause", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 });
    for (const one of log) await storage.write({ entries: [one] });
    const tried = Promise.withResolvers<void>();
    disk.onOperation = (operation) => {
      if (operation !== "remove") return;
      tried.resolve();
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    await storage.compact({ index: 40, term: 1 });
    await tried.promise;
    await new Promise((resolve) => setImmediate(resolve));
    const error: unknown = await storage.write({ entries: [command(61, 1)] }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "QUORATE_STORAGE_FAILED",
      message: expect.stringContaining(`delete the segment /disk/${name(1)}`),
    });
    await storage.close();
  });
});

describe("damage to a compacted log", () => {
  const refused: readonly { readonly title: string; readonly damage: (disk: TestDisk) => void }[] = [
    { title: "the first segment that is needed missing", damage: (disk) => disk.replace(name(4), undefined) },
    { title: "one in the middle missing", damage: (disk) => disk.replace(name(5), undefined) },
    { title: "the first one zeroed", damage: (disk) => void disk.bytesOf(name(4)).fill(0, 4096) },
    {
      title: "the head of the first checkpoint damaged",
      damage: (disk) => void disk.bytesOf(name(4)).fill(0xff, 4100, 4101),
    },
    {
      title: "the body of the first checkpoint damaged",
      damage: (disk) => void disk.bytesOf(name(4)).fill(0xff, 4160, 4161),
    },
    {
      title: "nothing left but a torn checkpoint",
      damage: (disk) => {
        for (const id of segmentIds(disk).slice(1)) disk.replace(name(id), undefined);
        disk.bytesOf(name(4)).fill(0, 4096 + 60);
      },
    },
    {
      title: "nothing but the first segment left",
      damage: (disk) =>
        segmentIds(disk)
          .slice(1)
          .forEach((id) => disk.replace(name(id), undefined)),
    },
    {
      title: "nothing but its last segments left",
      damage: (disk) =>
        segmentIds(disk)
          .slice(0, 2)
          .forEach((id) => disk.replace(name(id), undefined)),
    },
  ];

  test.each(refused)("with $title is refused", async ({ damage }) => {
    const disk = await compactedLog();
    damage(disk);
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("of a log of one segment, any bit of it, is refused, or it is harmless", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    for (const one of commands({ firstIndex: 1, lastIndex: 30, term: 1, bytes: 5000 }))
      await storage.write({ entries: [one] });
    await storage.compact({ index: 29, term: 1 });
    await storage.compact({ index: 100, term: 2 });
    await storage.close();
    const found = await findOn(disk.clone());
    const [segmentId = 0] = segmentIds(disk);
    expect(segmentId).toBeGreaterThan(1);
    const whole = disk.bytesOf(name(segmentId));
    const end = endOfContent(whole, 4096);
    const checkpointEnd = 4096 + 200;
    // The data in the middle is like that of any log; what matters here is how the log begins and how it ends.
    for (let at = 4096; at < end; at += at === checkpointEnd ? end - 500 - at : 1) {
      const damaged = new TestDisk();
      for (const one of disk.fileNames) damaged.replace(one, disk.bytesOf(one));
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      damaged.replace(name(segmentId), bytes);
      expect(await findOn(damaged).catch(() => found), `byte ${at}`).toEqual(found);
    }
  });
});

test("a log whose first segment is gone although nothing was compacted is refused, and says what is missing", async () => {
  const disk = new TestDisk();
  const storage = storageOn(disk);
  await storage.load();
  for (const one of commands({ firstIndex: 1, lastIndex: 60, term: 1, bytes: 5000 }))
    await storage.write({ entries: [one] });
  await storage.close();
  disk.replace(name(1), undefined);
  const error: unknown = await findOn(disk).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "QUORATE_LOG_CORRUPT", message: expect.stringContaining(name(1)) });
});

test("a truncation that reaches into deleted segments, and a segment begun right after it, are understood", async () => {
  const disk = new TestDisk();
  const storage = storageOn(disk);
  await storage.load();
  const term = (index: number): number => Math.ceil(index / 10);
  for (let index = 1; index <= 40; index += 1) await storage.write({ entries: [command(index, term(index), 5000)] });
  // The log now ends with an old entry, and votes fill the rest of the segment, so that the next checkpoint names it.
  await storage.write({ truncateFrom: 16, entries: [] });
  const first = Math.max(...segmentIds(disk));
  const longName = "n".repeat(500);
  for (let count = 1; Math.max(...segmentIds(disk)) < first + 2; count += 1) {
    await storage.write({ hardState: { term: 100 + count, votedFor: longName }, entries: [] });
  }
  await storage.write({ entries: commands({ firstIndex: 16, lastIndex: 18, term: 90 }) });
  const all = disk.clone();
  await storage.compact({ index: 16, term: 90 });
  await storage.close();
  // As if the power had failed when only the segments before the truncation were gone.
  for (const id of segmentIds(all).filter((one) => one >= first))
    if (!disk.fileNames.includes(name(id))) disk.replace(name(id), all.bytesOf(name(id)).slice());
  expect(segmentIds(disk).toSorted((left, right) => left - right)[0]).toBe(first);
  expect(await findOn(disk)).toMatchObject({
    base: { index: 16, term: 90 },
    entries: commands({ firstIndex: 17, lastIndex: 18, term: 90 }),
  });
});
