// Term and vote in two slots beside the log: what they notice that the log alone cannot, and what they must not disturb.

import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from "../src/format.ts";
import { hardStateFileName as slots } from "../src/hard-state-slots.ts";
import { inspectLogOn } from "../src/inspect-log.ts";
import { endOfContent } from "../src/segment-scan.ts";
import { codeOfRejection, command, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segment = "segment-0000000001.log";
const pageBytes = 4096;
const vote = { term: 2, votedFor: "n2" };

/** A log whose last write is a vote that was acknowledged, just now: it is not sealed. */
async function diskWithVote(): Promise<{ readonly disk: TestDisk; readonly start: number; readonly end: number }> {
  const live = new TestDisk();
  const storage = storageOn(live);
  await storage.load();
  await storage.write({ hardState: { term: 1, votedFor: "n1" }, entries: [command(1, 1)] });
  const start = endOf(live);
  await storage.write({ hardState: vote, entries: [] });
  const disk = live.clone();
  await storage.close();
  return { disk, start, end: endOf(disk) };
}

function endOf(disk: TestDisk): number {
  return endOfContent(disk.bytesOf(segment), SEGMENT_HEADER_BYTES);
}

/** Counts the syncs of files from now on. */
function countSyncs(disk: TestDisk): Record<string, number> {
  const syncs: Record<string, number> = {};
  disk.onOperation = (operation, name) => {
    if (operation === "sync") syncs[name] = (syncs[name] ?? 0) + 1;
  };
  return syncs;
}

describe("a vote that was acknowledged", () => {
  test("is not taken for a torn write when the only record of it rots, before any seal", async () => {
    const { disk, start, end } = await diskWithVote();
    for (let at = start; at < end; at += 1) {
      const rotten = disk.clone();
      const bytes = rotten.bytesOf(segment);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const error: unknown = await findOn(rotten).catch((reason: unknown) => reason);
      expect(error, `byte ${at}`).toMatchObject({
        code: "QUORATE_LOG_CORRUPT",
        details: { file: `/disk/${segment}`, offset: start, expected: expect.stringContaining("a vote for n2") },
      });
    }
  });

  test("is missed when all of the last segment has become zeros", async () => {
    const { disk } = await diskWithVote();
    disk.bytesOf(segment).fill(0, SEGMENT_HEADER_BYTES);
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("is missed when all segments are gone", async () => {
    const { disk } = await diskWithVote();
    disk.replace(segment, undefined);
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("is missed when an older copy of the segments was put in their place", async () => {
    const older = new TestDisk();
    const storage = storageOn(older);
    await storage.load();
    await storage.write({ hardState: { term: 1, votedFor: "n1" }, entries: [command(1, 1)] });
    await storage.close();
    const disk = older.clone();
    const later = storageOn(disk);
    await later.load();
    await later.write({ hardState: vote, entries: [] });
    await later.close();
    disk.replace(segment, older.bytesOf(segment).slice());
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("is in the report of a directory that lost it", async () => {
    const { disk, start } = await diskWithVote();
    disk.bytesOf(segment).fill(0, start);
    const { report } = await inspectLogOn("/disk", disk.fileSystem);
    expect(report.damage).toMatchObject({ code: "QUORATE_LOG_CORRUPT", offset: start });
  });
});

describe("the slots", () => {
  test("are written by turns: whichever one a crash tears or rot takes, the log and the other one go on", async () => {
    for (const torn of [0, 1]) {
      const { disk } = await diskWithVote();
      disk.bytesOf(slots).fill(0xa5, torn * pageBytes, torn * pageBytes + 300);
      const storage = storageOn(disk);
      expect((await findIn(storage)).hardState).toEqual(vote);
      await storage.write({ hardState: { term: 3, votedFor: "n3" }, entries: [] });
      await storage.close();
      // The torn one is whole again, and now the other one may go.
      disk.bytesOf(slots).fill(0xa5, (1 - torn) * pageBytes, (1 - torn) * pageBytes + 300);
      expect((await findOn(disk)).hardState).toEqual({ term: 3, votedFor: "n3" });
    }
  });

  test.each([
    { title: "both damaged", damage: (disk: TestDisk) => void disk.bytesOf(slots).fill(0xa5) },
    { title: "cut short", damage: (disk: TestDisk) => disk.replace(slots, disk.bytesOf(slots).slice(0, 5000)) },
    { title: "missing", damage: (disk: TestDisk) => disk.replace(slots, undefined) },
  ])("are refused when they are $title", async ({ damage }) => {
    const { disk } = await diskWithVote();
    damage(disk);
    const error: unknown = await findOn(disk).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "QUORATE_LOG_CORRUPT", details: { file: `/disk/${slots}` } });
  });

  test("of another log are refused", async () => {
    const { disk } = await diskWithVote();
    const other = await diskWithVote();
    disk.replace(slots, other.disk.bytesOf(slots).slice());
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("that are older than the log are brought up to date: a crash came between the two writes", async () => {
    const { disk } = await diskWithVote();
    const older = disk.bytesOf(slots).slice();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ hardState: { term: 3, votedFor: "n3" }, entries: [] });
    const crashed = disk.clone();
    const newer = disk.bytesOf(slots).slice();
    await storage.close();
    crashed.replace(slots, older);
    expect((await findOn(crashed)).hardState).toEqual({ term: 3, votedFor: "n3" });
    expect(crashed.bytesOf(slots)).toEqual(newer);
  });

  test("of a later version are refused as such", async () => {
    const { disk } = await diskWithVote();
    const view = new DataView(disk.bytesOf(slots).buffer);
    for (const at of [0, pageBytes]) {
      view.setUint32(at + 8, 2, true);
      view.setUint32(at + 568, crc32(disk.bytesOf(slots).subarray(at, at + 568)), true);
    }
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_FORMAT_UNSUPPORTED");
  });

  test("cost a sync of their own when term or vote change, and none otherwise", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ hardState: { term: 1, votedFor: undefined }, entries: [command(1, 1)] });
    const syncs = countSyncs(disk);
    for (const index of [2, 3, 4]) await storage.write({ entries: [command(index, 1)] });
    await storage.write({ hardState: { term: 1, votedFor: undefined }, entries: [command(5, 1)] });
    expect(syncs).toEqual({ [segment]: 4 });
    await storage.write({ hardState: vote, entries: [] });
    expect(syncs).toEqual({ [segment]: 5, [slots]: 1 });
    await storage.close();
  });

  test("are written before the vote is acknowledged, and a failure to do so is one of the store", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    disk.onOperation = (operation, name) => {
      if (operation === "sync" && name === slots) throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    expect(await codeOfRejection(storage.write({ hardState: vote, entries: [] }))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.write({ entries: [command(1, 2)] }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
  });
});

test("a directory of version 1, which has no slots, is given them when it is opened", async () => {
  const disk = new TestDisk();
  const logId = Uint8Array.from({ length: 16 }, (_, position) => position + 1);
  const { bytes } = encodeSegmentHeader({ version: 1, segmentId: 1, sizeBytes: 64 * 1024, logId });
  const whole = new Uint8Array(64 * 1024);
  whole.set(bytes);
  disk.replace(segment, whole);
  const storage = storageOn(disk);
  await findIn(storage);
  await storage.write({ hardState: vote, entries: [command(1, 2, 40_000)] });
  await storage.close();
  expect((await findOn(disk)).hardState).toEqual(vote);
  const again = storageOn(disk);
  await again.load();
  // The segments from here on say that there are slots.
  await again.write({ entries: [command(2, 2, 40_000)] });
  await again.close();
  disk.replace(slots, undefined);
  expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
});
