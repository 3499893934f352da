// Looking into a directory tells what is there and what is wrong with it, and never changes a byte.

import { beforeEach, describe, expect, test } from "vitest";
import { inspectFileLog, inspectFileSnapshots } from "../src/index.ts";
import { fileLogStorage } from "../src/file-log-storage.ts";
import { inspectLogOn, type ReportedEntry } from "../src/inspect-log.ts";
import { inspectSnapshotsOn } from "../src/inspect-snapshots.ts";
import { codeOfRejection, command, commands, findOn, storageOn } from "./logs.ts";
import { snapshotsOn, take } from "./snapshots.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { TestDisk } from "./test-disk.ts";

const identity = {
  clusterId: "c1",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1"], learners: [] },
};
const name = (segmentId: number): string => `segment-000000000${segmentId}.log`;

/** Entries 11 to 40 of a log that was compacted to 10, in several segments, and a snapshot at 10. */
let disk: TestDisk;

beforeEach(async () => {
  disk = new TestDisk();
  const log = storageOn(disk);
  const snapshots = snapshotsOn(disk);
  await log.load();
  await snapshots.load();
  await log.initialise(identity);
  for (let index = 1; index <= 40; index += 1) {
    await log.write({ hardState: { term: 2, votedFor: "n1" }, entries: [command(index, 2, 5000)] });
  }
  await take(snapshots, { index: 10, sizeBytes: 100_000 });
  await log.compact({ index: 10, term: 2 });
  await log.close();
  await snapshots.close();
});

async function entriesIn(
  looked: TestDisk,
  range: { readonly firstIndex: number; readonly lastIndex: number },
): Promise<readonly ReportedEntry[]> {
  const inspection = await inspectLogOn("/disk", looked.fileSystem);
  const found: ReportedEntry[] = [];
  for await (const entry of inspection.entries(range)) found.push(entry);
  return found;
}

function contentOfDisk(looked: TestDisk): readonly (readonly [string, Uint8Array])[] {
  return looked.fileNames.map((file) => [file, looked.bytesOf(file).slice()]);
}

describe("an intact log", () => {
  test("is reported with its owner, term, range and segments", async () => {
    const { report } = await inspectLogOn("/disk", disk.fileSystem);
    expect(report).toMatchObject({
      directory: "/disk",
      identity,
      hardState: { term: 2, votedFor: "n1" },
      base: { index: 10, term: 2 },
      last: { index: 40, term: 2 },
      isSealed: true,
      damage: undefined,
      torn: undefined,
    });
    expect(report.segments.map(({ file }) => file)).toEqual(
      disk.fileNames.filter((one) => one.endsWith(".log")).map((one) => `/disk/${one}`),
    );
    const held = report.segments.flatMap(({ entries }) => entries ?? []);
    expect(held[0]?.firstIndex).toBe(11);
    expect(held.at(-1)?.lastIndex).toBe(40);
  });

  test("gives its entries with their places, as far as it holds the range", async () => {
    const found = await entriesIn(disk, { firstIndex: 1, lastIndex: 12 });
    expect(found).toMatchObject([command(11, 2, 5000), command(12, 2, 5000)]);
    expect(found[0]?.file).toMatch(/^\/disk\/segment-\d+\.log$/);
    expect(await entriesIn(disk, { firstIndex: 39, lastIndex: 99 })).toHaveLength(2);
  });

  test("is not changed by the look at it, nor is one with a torn write or with damage", async () => {
    const torn = disk.clone();
    const last = torn.bytesOf(
      name(Math.max(...torn.fileNames.flatMap((file) => Number(/segment-0*(\d+)/.exec(file)?.[1] ?? [])))),
    );
    last.fill(0xee, last.length - 100);
    const damaged = disk.clone();
    damaged.bytesOf("snapshot-0000000000000010.bin").fill(1, 70_000, 70_010);
    for (const looked of [disk, torn, damaged]) {
      const before = contentOfDisk(looked);
      looked.onOperation = (operation) => {
        if (operation !== "open") throw new Error(`a look did: ${operation}`);
      };
      await inspectLogOn("/disk", looked.fileSystem);
      await inspectSnapshotsOn("/disk", looked.fileSystem);
      looked.onOperation = () => {};
      expect(contentOfDisk(looked)).toEqual(before);
    }
  });
});

describe("a torn write", () => {
  test("is reported as what the next start removes, and is no damage", async () => {
    const fresh = new TestDisk();
    const log = storageOn(fresh);
    await log.load();
    await log.write({ entries: commands({ firstIndex: 1, lastIndex: 3, term: 1 }) });
    const crashed = fresh.clone();
    await log.close();
    const bytes = crashed.bytesOf(name(1));
    bytes.fill(0xee, 5000, 5100);
    const { report } = await inspectLogOn("/disk", crashed.fileSystem);
    expect(report).toMatchObject({ damage: undefined, torn: { file: `/disk/${name(1)}`, offset: expect.any(Number) } });
    expect((await findOn(crashed)).entries).toHaveLength(report.last.index);
  });
});

describe("damage", () => {
  test("is reported with file, offset and remedy, and what stands before it can still be read", async () => {
    const segments = (await inspectLogOn("/disk", disk.fileSystem)).report.segments.filter(
      ({ entries }) => entries !== undefined,
    );
    const second = segments[1]?.file.slice("/disk/".length) ?? "";
    disk.bytesOf(second).fill(0, 30_000, 30_001);
    const { report } = await inspectLogOn("/disk", disk.fileSystem);
    expect(report.damage).toMatchObject({
      code: "QUORATE_LOG_CORRUPT",
      file: `/disk/${second}`,
      offset: expect.any(Number),
      expected: expect.stringMatching(/^batch \d+$/),
      found: expect.stringContaining("says that it was durable"),
      means: expect.stringContaining("acknowledged"),
      remedy: expect.stringContaining("must not vote"),
    });
    expect(report.segments.at(-1)?.state).toBe("unread");
    expect(report.last.index).toBeGreaterThan(11);
    const readable = { firstIndex: 1, lastIndex: 40 };
    expect((await entriesIn(disk, readable)).at(-1)?.index).toBe(report.last.index);
  });

  test("of a snapshot is reported with the block that fails, beside what its header says", async () => {
    disk.bytesOf("snapshot-0000000000000010.bin").fill(1, 70_000, 70_010);
    const { snapshots } = await inspectSnapshotsOn("/disk", disk.fileSystem);
    expect(snapshots).toMatchObject([
      { index: 10, stored: { index: 10, term: 2 }, damage: { code: "QUORATE_SNAPSHOT_CORRUPT", expected: "block 1" } },
    ]);
  });

  test("of the identity is reported even if the log is intact", async () => {
    disk.bytesOf("identity.json").fill(0x20, 40, 60);
    const { report } = await inspectLogOn("/disk", disk.fileSystem);
    expect(report.damage).toMatchObject({ code: "QUORATE_LOG_CORRUPT", file: "/disk/identity.json" });
    expect(report.last.index).toBe(40);
  });

  test("by a segment that is missing is reported", async () => {
    disk.replace(disk.fileNames.filter((file) => file.endsWith(".log"))[1] ?? "", undefined);
    const { report } = await inspectLogOn("/disk", disk.fileSystem);
    expect(report.damage?.found).toContain("missing");
  });
});

describe("a directory that is in use", () => {
  test("is refused, with the process that uses it", async () => {
    disk.holder = "process 42";
    expect(await codeOfRejection(inspectLogOn("/disk", disk.fileSystem))).toBe("QUORATE_DATA_LOCKED");
    expect(await codeOfRejection(inspectSnapshotsOn("/disk", disk.fileSystem))).toBe("QUORATE_DATA_LOCKED");
  });

  test("is refused by a look that a server began beside", async () => {
    disk.onOperation = () => {
      disk.holder = "process 42";
    };
    expect(await codeOfRejection(inspectLogOn("/disk", disk.fileSystem))).toBe("QUORATE_DATA_LOCKED");
  });

  test("is told from one that is not, on a real file system", async () => {
    const directory = temporaryDirectory();
    const storage = fileLogStorage({ directory });
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    expect(await codeOfRejection(inspectFileLog({ directory }))).toBe("QUORATE_DATA_LOCKED");
    await expect(inspectFileSnapshots({ directory })).resolves.toMatchObject({ snapshots: [], unfinished: [] });
    await storage.close();
    await expect(inspectFileLog({ directory })).resolves.toMatchObject({ report: { last: { index: 1, term: 1 } } });
  });
});
