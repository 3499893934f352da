// How many flushes writes cost, and what a log that spans segments leaves in its directory.

import { describe, expect, test } from "vitest";
import { codeOfRejection, command, commands, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

/** Counts the syncs of segments from now on. */
function countSyncs(disk: TestDisk): { count: number } {
  const syncs = { count: 0 };
  disk.onOperation = (operation, name) => {
    if (operation === "sync" && name.endsWith(".log")) syncs.count += 1;
  };
  return syncs;
}

describe("group commit", () => {
  test("the writes of one turn share one sync", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const syncs = countSyncs(disk);
    await Promise.all(
      commands({ firstIndex: 1, lastIndex: 200, term: 1 }).map((one) => storage.write({ entries: [one] })),
    );
    expect(syncs.count).toBe(1);
    await storage.close();
  });

  test("whatever arrives while a sync runs is joined into the next", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const first = storage.write({ entries: [command(1, 1)] });
    const syncs = countSyncs(disk);
    const writing = Promise.withResolvers<void>();
    disk.onOperation = (operation, name) => {
      if (operation === "write" && name.endsWith(".log")) writing.resolve();
      if (operation === "sync" && name.endsWith(".log")) syncs.count += 1;
    };
    await writing.promise;
    const later = commands({ firstIndex: 2, lastIndex: 100, term: 1 }).map((one) => storage.write({ entries: [one] }));
    await first;
    expect(syncs.count).toBe(1);
    await Promise.all(later);
    expect(syncs.count).toBe(2);
    await storage.close();
  });

  test("writes one after the other cost a sync each", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const syncs = countSyncs(disk);
    for (const one of commands({ firstIndex: 1, lastIndex: 10, term: 1 })) await storage.write({ entries: [one] });
    expect(syncs.count).toBe(10);
    await storage.close();
  });

  test("a write of nothing waits for those before it and costs no sync", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const syncs = countSyncs(disk);
    let isDurable = false;
    const first = storage.write({ entries: [command(1, 1)] });
    void first.then(() => (isDurable = true));
    await storage.write({ entries: [] });
    expect(isDurable).toBe(true);
    expect(syncs.count).toBe(1);
    await storage.close();
  });
});

describe("segments", () => {
  test("follow each other, and the log is found again after each step", async () => {
    const disk = new TestDisk();
    const log = commands({ firstIndex: 1, lastIndex: 40, term: 1, bytes: 6000 });
    for (const one of log) {
      const storage = storageOn(disk);
      expect((await findIn(storage)).entries).toHaveLength(one.index - 1);
      await storage.write({ entries: [one] });
      await storage.close();
    }
    expect((await findOn(disk)).entries).toEqual(log);
    expect(disk.fileNames.length).toBeGreaterThanOrEqual(4);
  });

  test("many writes in flight across several segments are read back while they are queued", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 100, term: 1, bytes: 6000 });
    const writes = log.map((one) => storage.write({ entries: [one] }));
    const range = { firstIndex: 1, lastIndex: 100, maxBytes: Number.MAX_SAFE_INTEGER };
    expect(await storage.read(range)).toEqual(log);
    await Promise.all(writes);
    expect(await storage.read(range)).toEqual(log);
    await storage.close();
  });

  test("get their names in order, even when the first one is too small from the start", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    const renamed: string[] = [];
    disk.onOperation = (operation, name) => {
      if (operation === "rename") renamed.push(name);
    };
    const writes = commands({ firstIndex: 1, lastIndex: 4, term: 1, bytes: 100_000 }).map((one) =>
      storage.write({ entries: [one] }),
    );
    await Promise.all(writes);
    await storage.close();
    expect(renamed.length).toBeGreaterThanOrEqual(5);
    expect(renamed).toEqual(renamed.toSorted());
  });

  test("a truncation reaches back over segments", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: commands({ firstIndex: 1, lastIndex: 8, term: 1, bytes: 5000 }) });
    for (const one of commands({ firstIndex: 9, lastIndex: 40, term: 1, bytes: 5000 })) {
      await storage.write({ entries: [one] });
    }
    await storage.write({ truncateFrom: 3, entries: [command(3, 2)] });
    await storage.close();
    const expected = [...commands({ firstIndex: 1, lastIndex: 2, term: 1, bytes: 5000 }), command(3, 2)];
    expect((await findOn(disk)).entries).toEqual(expected);
  });

  test("a log of many entries can be cut in the middle and go on", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk, { segmentBytes: 16 * 1024 * 1024 });
    await storage.load();
    const log = commands({ firstIndex: 1, lastIndex: 50_000, term: 1, bytes: 8 });
    await storage.write({ entries: log });
    const range = { firstIndex: 49_990, lastIndex: 50_000, maxBytes: 1000 };
    expect(await storage.read(range)).toEqual(log.slice(49_989));
    await storage.write({ truncateFrom: 20_001, entries: [] });
    expect(await codeOfRejection(storage.read(range))).toBe("QUORATE_OUT_OF_RANGE");
    await storage.write({ entries: [command(20_001, 2)] });
    expect(await storage.read({ firstIndex: 20_000, lastIndex: 20_001, maxBytes: 1000 })).toEqual([
      ...log.slice(19_999, 20_000),
      command(20_001, 2),
    ]);
    await storage.close();
  });
});
