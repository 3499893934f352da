// Snapshots on a disk that crashes, rots, is full or belongs to somebody else: the old one or the new one, whole, or a refusal.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fileLogStorage, fileSnapshotStore } from "../src/index.ts";
import { codeOfRejection, command } from "./logs.ts";
import { contentOf, findSnapshotOn, positionAt, snapshotsOn, take } from "./snapshots.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { TestDisk } from "./test-disk.ts";

const name = (index: number): string => `snapshot-${String(index).padStart(16, "0")}.bin`;

/** A disk with the snapshot at index 10. */
async function diskWithSnapshot(sizeBytes = 1000, random?: () => number): Promise<TestDisk> {
  const disk = new TestDisk(random);
  const store = snapshotsOn(disk);
  await store.load();
  await take(store, { index: 10, sizeBytes });
  await store.close();
  return disk;
}

/** What happens on a disk during one snapshot, from opening to closing. */
async function replaceSnapshot(disk: TestDisk): Promise<{ readonly isCommitted: boolean }> {
  const store = snapshotsOn(disk);
  try {
    await store.load();
    await take(store, { index: 20, sizeBytes: 150_000 });
    return { isCommitted: true };
  } catch {
    return { isCommitted: false };
  } finally {
    await store.close().catch(() => undefined);
  }
}

describe("a crash", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "at any step leaves the old snapshot or the new one, whole (seed %i)",
    async (seed) => {
      let random = seed;
      const chance = (): number => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647;
      let committedAt: number | undefined;
      for (let step = 0; committedAt === undefined || step < committedAt + 4; step += 1) {
        const disk = await diskWithSnapshot(70_000, chance);
        disk.crashAfter(step);
        const { isCommitted } = await replaceSnapshot(disk);
        if (isCommitted) committedAt ??= step;
        disk.restart({ losesPower: chance() < 0.7 });
        const found = await findSnapshotOn(disk);
        const index = isCommitted ? 20 : found?.stored.index === 20 ? 20 : 10;
        expect(found?.stored, `crash after ${step} steps`).toMatchObject(positionAt(index));
        expect(found?.content).toEqual(contentOf(index, index === 20 ? 150_000 : 70_000));
        expect(disk.fileNames, "leftovers are gone").toEqual([name(index)]);
        disk.restart({ losesPower: true });
        expect((await findSnapshotOn(disk))?.stored.index, "what was found once is found again").toBe(index);
      }
      expect(committedAt).toBeGreaterThan(8);
    },
  );

  test("while the first snapshot is written leaves none, or that one", async () => {
    for (let step = 0; step < 20; step += 1) {
      const disk = new TestDisk();
      disk.crashAfter(step);
      const { isCommitted } = await replaceSnapshot(disk);
      disk.restart({ losesPower: step % 2 === 0 });
      const found = await findSnapshotOn(disk);
      expect(found === undefined).toBe(!isCommitted && disk.fileNames.length === 0);
    }
  });
});

test("a snapshot is durable before it has its name, and has it durably before the one before it goes", async () => {
  const disk = await diskWithSnapshot();
  const store = snapshotsOn(disk);
  await store.load();
  const writer = await store.create(positionAt(20));
  await writer.write(contentOf(20, 100));
  const steps: string[] = [];
  disk.onOperation = (operation, file) => void steps.push(`${operation} ${file}`);
  await writer.commit();
  const temporary = "snapshot-0000000000000020-1.tmp";
  expect(steps).toEqual([
    `write ${temporary}`,
    `write ${temporary}`,
    `sync ${temporary}`,
    `rename ${name(20)}`,
    expect.stringMatching(/^syncDirectory/),
    `remove ${name(10)}`,
  ]);
  await store.close();
});

describe("damage", () => {
  test("of any byte of a snapshot is refused, and changes nothing", async () => {
    const disk = await diskWithSnapshot(300);
    const whole = disk.bytesOf(name(10)).slice();
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = whole.slice();
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      disk.replace(name(10), bytes);
      disk.replace("snapshot-0000000000000011-1.tmp", new Uint8Array(1));
      expect(await codeOfRejection(findSnapshotOn(disk)), `byte ${at}`).toBe("QUORATE_SNAPSHOT_CORRUPT");
      expect(disk.fileNames).toHaveLength(2);
    }
  });

  test("by cutting it short or making it longer is refused", async () => {
    const disk = await diskWithSnapshot(300);
    const whole = disk.bytesOf(name(10)).slice();
    for (let size = 0; size < whole.length; size += 1) {
      disk.replace(name(10), whole.slice(0, size));
      expect(await codeOfRejection(findSnapshotOn(disk)), `${size} bytes`).toBe("QUORATE_SNAPSHOT_CORRUPT");
    }
    disk.replace(name(10), Uint8Array.of(...whole, 0));
    expect(await codeOfRejection(findSnapshotOn(disk))).toBe("QUORATE_SNAPSHOT_CORRUPT");
  });

  test("by exchanging two blocks, or by one of another snapshot, is refused", async () => {
    const disk = await diskWithSnapshot(200_000);
    const other = (await diskWithSnapshot(200_000)).bytesOf(name(10));
    const whole = disk.bytesOf(name(10)).slice();
    const block = 64 * 1024 + 4;
    const start = whole.length - (200_000 % 65_536) - 4 - 3 * block;
    const exchanged = whole.slice();
    exchanged.set(whole.subarray(start, start + block), start + block);
    exchanged.set(whole.subarray(start + block, start + 2 * block), start);
    const grafted = whole.slice();
    grafted.set(other.subarray(start, start + block), start);
    for (const bytes of [exchanged, grafted]) {
      disk.replace(name(10), bytes);
      const error: unknown = await findSnapshotOn(disk).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "QUORATE_SNAPSHOT_CORRUPT",
        message: expect.stringMatching(/snapshot-0000000000000010\.bin is damaged at offset \d+: expected block 0/),
        details: { file: `/disk/${name(10)}`, offset: start },
      });
    }
  });

  test("under the name of another snapshot is refused", async () => {
    const disk = await diskWithSnapshot();
    disk.replace(name(11), disk.bytesOf(name(10)).slice());
    expect(await codeOfRejection(findSnapshotOn(disk))).toBe("QUORATE_SNAPSHOT_CORRUPT");
  });

  test("that comes after load is refused by the read, and a new snapshot heals the store", async () => {
    const disk = await diskWithSnapshot(200_000);
    const store = snapshotsOn(disk);
    await store.load();
    const reader = await store.openLatest();
    disk.bytesOf(name(10)).fill(0, 100_000, 100_001);
    expect(await codeOfRejection(reader?.read(0, 200_000) ?? Promise.resolve())).toBe("QUORATE_SNAPSHOT_CORRUPT");
    expect(await reader?.read(0, 60_000)).toEqual(contentOf(10, 60_000));
    await take(store, { index: 20, sizeBytes: 100 });
    await store.close();
    expect((await findSnapshotOn(disk))?.content).toEqual(contentOf(20, 100));
  });
});

describe("a failed write", () => {
  test.each(["write", "sync", "rename", "syncDirectory", "remove"])(
    "at %s fails the store, until it is opened anew",
    async (operation) => {
      const disk = await diskWithSnapshot();
      const store = snapshotsOn(disk);
      await store.load();
      const writer = await store.create(positionAt(20));
      await writer.write(contentOf(20, 100));
      const reader = await store.openLatest();
      disk.onOperation = (current) => {
        if (current === operation) throw Object.assign(new Error("EIO"), { code: "EIO" });
      };
      expect(await codeOfRejection(writer.commit())).toBe("QUORATE_STORAGE_FAILED");
      disk.onOperation = () => {};
      expect(await codeOfRejection(store.create(positionAt(30)))).toBe("QUORATE_STORAGE_FAILED");
      expect(await codeOfRejection(store.openLatest())).toBe("QUORATE_STORAGE_FAILED");
      expect(await codeOfRejection(reader?.read(0, 1) ?? Promise.resolve())).toBe("QUORATE_STORAGE_FAILED");
      await store.close();
      expect((await findSnapshotOn(disk))?.stored.index).toBeGreaterThanOrEqual(10);
    },
  );

  test("for want of space says so, gives back what it took, and heals when there is space", async () => {
    const disk = await diskWithSnapshot();
    const store = snapshotsOn(disk);
    await store.load();
    const writer = await store.create(positionAt(20));
    await writer.write(contentOf(20, 100_000));
    disk.onOperation = (operation) => {
      if (operation === "write") throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    };
    const error: unknown = await writer.write(contentOf(20, 100_000)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "QUORATE_STORAGE_FULL",
      message: expect.stringContaining("snapshot-0000000000000020-1.tmp: ENOSPC"),
      hint: expect.stringContaining("Free space"),
    });
    expect(disk.fileNames).toEqual([name(10)]);
    // Reading and opening need no space, and the store needs not be opened anew.
    const reader = await store.openLatest();
    expect(await reader?.read(0, 1000)).toEqual(contentOf(10, 1000));
    await store.close();
    const reopened = snapshotsOn(disk);
    await reopened.load();
    disk.onOperation = () => {};
    await take(reopened, { index: 20, sizeBytes: 100_000 });
    await reopened.close();
    expect((await findSnapshotOn(disk))?.content).toEqual(contentOf(20, 100_000));
  });

  test("for want of space that a flush notices is final, like every flush that fails", async () => {
    const disk = await diskWithSnapshot();
    const store = snapshotsOn(disk);
    await store.load();
    disk.onOperation = (operation) => {
      if (operation === "sync") throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    };
    expect(await codeOfRejection(take(store, { index: 20, sizeBytes: 10 }))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(store.openLatest())).toBe("QUORATE_STORAGE_FAILED");
    await store.close();
  });
});

describe("a directory", () => {
  test("may hold a log, snapshots and foreign files, and each leaves the others alone", async () => {
    const directory = temporaryDirectory();
    const foreign = ["notes.txt", "snapshot-1.bin", "snapshot-0000000000000001.bin.bak", "snapshot-new.tmp"];
    for (const one of foreign) writeFileSync(join(directory, one), one);
    writeFileSync(join(directory, "snapshot-0000000000000009-3.tmp"), "unfinished");
    writeFileSync(join(directory, "segment-0000000009.log.tmp"), "unfinished");
    const store = fileSnapshotStore({ directory });
    const log = fileLogStorage({ directory, segmentBytes: 64 * 1024 });
    await store.load();
    await log.load();
    await log.write({ entries: [command(1, 1)] });
    await take(store, { index: 1, sizeBytes: 100_000 });
    await take(store, { index: 2, sizeBytes: 100_000 });
    await log.compact({ index: 2, term: 2 });
    await Promise.all([log.close(), store.close()]);
    const left = [...foreign, "hard-state.bin", "segment-0000000001.log", name(2)];
    expect(readdirSync(directory).toSorted()).toEqual(left.toSorted());
    for (const one of foreign) expect(readFileSync(join(directory, one), "utf8")).toBe(one);
    const reopened = fileSnapshotStore({ directory });
    expect(await reopened.load()).toMatchObject({ index: 2, sizeBytes: 100_000 });
    await reopened.close();
  });

  test("is one store's alone", async () => {
    const directory = temporaryDirectory();
    const store = fileSnapshotStore({ directory });
    await store.load();
    const second = fileSnapshotStore({ directory });
    const error: unknown = await second.load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "QUORATE_DATA_LOCKED",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await second.close();
    await store.close();
    const third = fileSnapshotStore({ directory });
    await third.load();
    await third.close();
  });

  test("whose lock was removed by hand takes no further snapshot", async () => {
    const disk = await diskWithSnapshot();
    const lock = { isHeld: async () => false, release: async () => {} };
    Object.assign(disk.fileSystem, { lock: async () => lock });
    expect(await replaceSnapshot(disk)).toEqual({ isCommitted: false });
    expect((await findSnapshotOn(disk))?.stored.index).toBe(10);
  });
});

describe("a store", () => {
  test("is used after load, and loaded once", async () => {
    const store = snapshotsOn(new TestDisk());
    expect(await codeOfRejection(store.create(positionAt(1)))).toBe("QUORATE_NOT_LOADED");
    expect(await codeOfRejection(store.openLatest())).toBe("QUORATE_NOT_LOADED");
    await store.load();
    expect(await codeOfRejection(store.load())).toBe("QUORATE_NOT_LOADED");
    await store.close();
  });

  test("leaves nothing behind of what was being written when it is closed", async () => {
    const disk = await diskWithSnapshot();
    const store = snapshotsOn(disk);
    await store.load();
    const writer = await store.create(positionAt(20));
    await writer.write(contentOf(20, 100_000));
    const created = store.create(positionAt(30)).catch(() => undefined);
    await store.close();
    await created;
    expect(disk.fileNames).toEqual([name(10)]);
  });

  test.each([1.5, Number.NaN, 2 ** 53])("refuses a snapshot at index %d", async (index) => {
    const store = snapshotsOn(new TestDisk());
    await store.load();
    expect(await codeOfRejection(store.create(positionAt(index)))).toBe("QUORATE_WRITE_REFUSED");
    await store.close();
  });

  test("refuses an empty directory name", () => {
    expect(() => fileSnapshotStore({ directory: "" })).toThrowError(
      expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }),
    );
  });
});
