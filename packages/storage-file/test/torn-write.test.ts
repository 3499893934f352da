// A crash tears the last write in any way it likes: the store comes back with what was durable before, and says so.

import { beforeAll, describe, expect, test } from "vitest";
import { SEGMENT_HEADER_BYTES } from "../src/format.ts";
import type { FileLogEvent } from "../src/options.ts";
import { endOfContent } from "../src/segment-scan.ts";
import { command, commands, type Found, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segment = "segment-0000000001.log";
const sectorBytes = 512;

/** The disk before and after its last write, which was never sealed. */
let before: { readonly disk: TestDisk; readonly found: Found; readonly end: number };
let after: { readonly disk: TestDisk; readonly found: Found; readonly end: number };

beforeAll(async () => {
  // Checksums depend on the random name of the log. One that ends with a zero would make the first write look shorter.
  do await writeTwice();
  while (firstDifference(before.disk.bytesOf(segment), after.disk.bytesOf(segment)) !== before.end);
});

async function writeTwice(): Promise<void> {
  const disk = new TestDisk();
  const storage = storageOn(disk);
  await storage.load();
  await storage.write({
    hardState: { term: 1, votedFor: "n1" },
    entries: commands({ firstIndex: 1, lastIndex: 3, term: 1 }),
  });
  before = await describeDisk(disk);
  await storage.write({
    hardState: { term: 2, votedFor: "n2" },
    truncateFrom: 3,
    entries: commands({ firstIndex: 3, lastIndex: 22, term: 2, bytes: 120 }),
  });
  after = await describeDisk(disk);
  await storage.close();
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  return one.findIndex((byte, position) => byte !== other[position]);
}

async function describeDisk(live: TestDisk): Promise<typeof before> {
  const disk = live.clone();
  return { disk, found: await findOn(disk.clone()), end: endOfContent(disk.bytesOf(segment), SEGMENT_HEADER_BYTES) };
}

/** The disk after the crash, with other bytes in place of those of the last write. Its term and vote had no slot yet. */
function tear(replace: (written: Uint8Array) => void): TestDisk {
  const disk = crashedDisk();
  replace(disk.bytesOf(segment).subarray(before.end, after.end));
  return disk;
}

function crashedDisk(): TestDisk {
  const disk = after.disk.clone();
  disk.replace("hard-state.bin", before.disk.bytesOf("hard-state.bin").slice());
  return disk;
}

describe("a torn write", () => {
  test("is whole when all of it reached the disk", async () => {
    expect(await findOn(after.disk.clone())).toEqual(after.found);
    expect(after.found.entries).toHaveLength(22);
  });

  test("is dropped as a whole wherever it was cut off, and the log can go on", async () => {
    // The write's last byte may be a zero by chance; then nothing was cut off.
    for (let kept = 0; kept < after.end - before.end; kept += 1) {
      const disk = tear((written) => written.fill(0, kept));
      expect(await findOn(disk), `${kept} bytes kept`).toEqual(before.found);
    }
  });

  test("is dropped as a whole when garbage stands where it was cut off", async () => {
    for (let kept = 0; kept < after.end - before.end; kept += 7) {
      const disk = tear((written) => written.fill(0xa5, kept));
      expect(await findOn(disk), `${kept} bytes kept`).toEqual(before.found);
    }
  });

  test("is dropped as a whole whichever of its sectors are missing", async () => {
    const firstSector = Math.floor(before.end / sectorBytes);
    const sectors = Math.ceil(after.end / sectorBytes) - firstSector;
    expect(sectors).toBeGreaterThanOrEqual(5);
    for (let missing = 1; missing < 2 ** sectors; missing += 1) {
      const disk = crashedDisk();
      const bytes = disk.bytesOf(segment);
      for (let sector = 0; sector < sectors; sector += 1) {
        const start = (firstSector + sector) * sectorBytes;
        if ((missing & (1 << sector)) !== 0) bytes.fill(0, Math.max(start, before.end), start + sectorBytes);
      }
      expect(await findOn(disk), `missing sectors ${missing.toString(2)}`).toEqual(before.found);
    }
  });

  test("is reported with its place and its size", async () => {
    const events: FileLogEvent[] = [];
    const disk = tear((written) => written.fill(0, 1000));
    await findOn(disk, (event) => events.push(event));
    expect(events).toEqual([
      { type: "tornWriteRemoved", file: `/disk/${segment}`, offset: before.end, bytes: 1000 - trailingZeros(1000) },
    ]);
  });

  test("is reported once, even if the next thing is another crash", async () => {
    const disk = tear((written) => written.fill(0xa5, 1000));
    const storage = storageOn(disk);
    await storage.load();
    const crashed = disk.clone();
    await storage.close();
    const events: FileLogEvent[] = [];
    await findOn(crashed, (event) => events.push(event));
    expect(events).toEqual([]);
  });

  test("of a log that was closed is not reported", async () => {
    const disk = after.disk.clone();
    await findOn(disk);
    const events: FileLogEvent[] = [];
    await findOn(disk, (event) => events.push(event));
    expect(events).toEqual([]);
  });

  test("cannot come back when the same write is repeated and torn again", async () => {
    // Two batches went out as one group; the first one was torn and the second was not.
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    const start = endOfContent(disk.bytesOf(segment), SEGMENT_HEADER_BYTES);
    await Promise.all([storage.write({ entries: [command(2, 1)] }), storage.write({ entries: [command(3, 1)] })]);
    const crashed = disk.clone();
    await storage.close();
    crashed.bytesOf(segment).fill(0, start, start + 30);
    const reopened = storageOn(crashed);
    expect((await findIn(reopened)).entries).toEqual([command(1, 1)]);
    await reopened.write({ entries: [command(2, 1)] });
    const crashedAgain = crashed.clone();
    await reopened.close();
    expect((await findOn(crashedAgain)).entries).toEqual([command(1, 1), command(2, 1)]);
  });
});

function trailingZeros(kept: number): number {
  const written = after.disk.bytesOf(segment).subarray(before.end, before.end + kept);
  return written.length - endOfContent(written, 0);
}
