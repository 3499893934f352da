// Damage to what was durable is never taken for a torn write: the store refuses to open and says where and what.

import { beforeAll, describe, expect, test } from "vitest";
import { batchMagic, SEGMENT_HEADER_BYTES } from "../src/format.ts";
import { endOfContent } from "../src/segment-scan.ts";
import { codeOfRejection, command, type Found, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const identity = {
  clusterId: "c1",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1"], learners: [] },
};
const name = (segmentId: number): string => `segment-${String(segmentId).padStart(10, "0")}.log`;

/** A log of one segment, and one of several. */
let small: TestDisk;
let large: TestDisk;
let smallFound: Found;

beforeAll(async () => {
  small = new TestDisk();
  const storage = storageOn(small);
  await storage.load();
  await storage.initialise(identity);
  for (let index = 1; index <= 6; index += 1) {
    await storage.write({ hardState: { term: index, votedFor: "n1" }, entries: [command(index, index, 20)] });
  }
  await storage.write({ truncateFrom: 5, entries: [command(5, 7, 20)] });
  await storage.close();
  smallFound = await findOn(small.clone());
  large = await severalSegments();
});

async function severalSegments(): Promise<TestDisk> {
  const disk = new TestDisk();
  const storage = storageOn(disk);
  await storage.load();
  for (let index = 1; index <= 60; index += 1) await storage.write({ entries: [command(index, 1, 5000)] });
  await storage.close();
  expect(disk.fileNames.length).toBeGreaterThanOrEqual(5);
  return disk;
}

/** A copy of a disk with something done to it. */
function damaged(disk: TestDisk, damage: (copy: TestDisk) => void): TestDisk {
  const copy = disk.clone();
  damage(copy);
  return copy;
}

describe("damage", () => {
  test("of any bit of a closed log is refused, or it is harmless", async () => {
    const end = endOfContent(small.bytesOf(name(1)), SEGMENT_HEADER_BYTES);
    let refused = 0;
    for (let at = 0; at < end; at += at === 52 ? SEGMENT_HEADER_BYTES - 52 : 1) {
      const disk = damaged(small, (copy) => {
        const bytes = copy.bytesOf(name(1));
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
      });
      const found = await findOn(disk).catch(() => undefined);
      if (found === undefined) refused += 1;
      expect(found ?? smallFound, `bit ${at % 8} of byte ${at}`).toEqual(smallFound);
    }
    // What is harmless is the seal itself: without it the log is as it was, only without its seal.
    const sealStart = Buffer.from(small.bytesOf(name(1))).lastIndexOf(batchMagic);
    expect(refused).toBe(52 + sealStart - SEGMENT_HEADER_BYTES);
  });

  test("of a record in the middle names the segment, the offset and what was expected", async () => {
    const disk = damaged(small, (copy) =>
      copy.bytesOf(name(1)).fill(0xff, SEGMENT_HEADER_BYTES + 400, SEGMENT_HEADER_BYTES + 401),
    );
    const error: unknown = await findOn(disk).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "QUORATE_LOG_CORRUPT",
      message: expect.stringMatching(/segment-0000000001\.log is damaged at offset 4\d\d\d: expected batch \d/),
      hint: expect.stringContaining("must not vote"),
      details: { file: `/disk/${name(1)}`, offset: expect.any(Number), expected: expect.stringMatching(/^batch \d$/) },
    });
  });

  test("of the last write is refused once the log was sealed, and taken for a torn write before", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    await storage.write({ entries: [command(2, 1)] });
    const end = endOfContent(disk.bytesOf(name(1)), SEGMENT_HEADER_BYTES);
    const rot = (copy: TestDisk): void => void copy.bytesOf(name(1)).fill(0xee, end - 10, end - 8);
    const unsealed = damaged(disk, rot);
    await storage.close();
    expect((await findOn(unsealed)).entries).toEqual([command(1, 1)]);
    expect(await codeOfRejection(findOn(damaged(disk, rot)))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("in the form of a write of another history is refused", async () => {
    // Two futures of one disk: their second writes are alike in number, place and size.
    const past = new TestDisk();
    const storage = storageOn(past);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    await storage.close();
    const start = endOfContent(past.bytesOf(name(1)), SEGMENT_HEADER_BYTES);
    const future = async (term: number): Promise<{ readonly disk: TestDisk; readonly second: number }> => {
      const disk = past.clone();
      const reopened = storageOn(disk);
      await reopened.load();
      await reopened.write({ entries: [command(2, term)] });
      const second = endOfContent(disk.bytesOf(name(1)), start);
      await reopened.write({ entries: [command(3, term)] });
      await reopened.close();
      return { disk, second };
    };
    const ours = await future(1);
    const theirs = await future(2);
    expect(theirs.second).toBe(ours.second);
    const grafted = theirs.disk.bytesOf(name(1)).slice(ours.second);
    ours.disk.bytesOf(name(1)).set(grafted, ours.second);
    expect(await codeOfRejection(findOn(ours.disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("a quiet log is sealed by itself", async () => {
    const disk = new TestDisk();
    const storage = storageOn(disk, { sealAfterMs: 1 });
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    const end = endOfContent(disk.bytesOf(name(1)), SEGMENT_HEADER_BYTES);
    const sealSynced = Promise.withResolvers<void>();
    disk.onOperation = (operation) => operation === "sync" && sealSynced.resolve();
    await sealSynced.promise;
    const crashed = damaged(disk, (copy) => void copy.bytesOf(name(1)).fill(0xee, end - 10, end - 8));
    await storage.close();
    expect(await codeOfRejection(findOn(crashed))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("a log that is read after it was damaged is refused by the read, and by everything after it", async () => {
    const disk = small.clone();
    const storage = storageOn(disk);
    await findIn(storage);
    disk.bytesOf(name(1)).fill(0x77, SEGMENT_HEADER_BYTES + 300, SEGMENT_HEADER_BYTES + 600);
    const range = { firstIndex: 1, lastIndex: 5, maxBytes: 1_000_000 };
    expect(await codeOfRejection(storage.read(range))).toBe("QUORATE_LOG_CORRUPT");
    expect(await codeOfRejection(storage.read(range))).toBe("QUORATE_STORAGE_FAILED");
    expect(await codeOfRejection(storage.write({ entries: [command(6, 7)] }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
  });
});

describe("segments", () => {
  const cases: readonly { readonly title: string; readonly damage: (copy: TestDisk) => void }[] = [
    { title: "the first one missing", damage: (copy) => copy.replace(name(1), undefined) },
    { title: "one in the middle missing", damage: (copy) => copy.replace(name(3), undefined) },
    {
      title: "one in the middle cut short",
      damage: (copy) => copy.replace(name(3), copy.bytesOf(name(3)).slice(0, 30_000)),
    },
    { title: "one in the middle empty", damage: (copy) => copy.replace(name(3), new Uint8Array(0)) },
    { title: "one in the middle zeroed", damage: (copy) => void copy.bytesOf(name(3)).fill(0, SEGMENT_HEADER_BYTES) },
    {
      title: "two exchanged",
      damage: (copy) => {
        const second = copy.bytesOf(name(2)).slice();
        copy.replace(name(2), copy.bytesOf(name(3)).slice());
        copy.replace(name(3), second);
      },
    },
    { title: "one of them twice", damage: (copy) => copy.replace(name(3), copy.bytesOf(name(2)).slice()) },
  ];

  test.each(cases)("with $title are refused", async ({ damage }) => {
    expect(await codeOfRejection(findOn(damaged(large, damage)))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("with the last used one and all after it missing are refused", async () => {
    const disk = damaged(large, (copy) => {
      const used = copy.fileNames.filter(
        (one) => endOfContent(copy.bytesOf(one), SEGMENT_HEADER_BYTES) > SEGMENT_HEADER_BYTES,
      );
      for (const one of copy.fileNames.filter((each) => each >= (used.toSorted().at(-1) ?? "")))
        copy.replace(one, undefined);
    });
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("of another log are refused", async () => {
    const other = await severalSegments();
    const disk = damaged(large, (copy) => copy.replace(name(3), other.bytesOf(name(3)).slice()));
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("without any segment but with an identity are refused", async () => {
    const disk = damaged(small, (copy) => copy.replace(name(1), undefined));
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("with the identity of another log are refused", async () => {
    const disk = damaged(large, (copy) => copy.replace("identity.json", small.bytesOf("identity.json").slice()));
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("with a damaged identity are refused", async () => {
    const text = new TextDecoder().decode(small.bytesOf("identity.json"));
    const disk = damaged(small, (copy) =>
      copy.replace("identity.json", new TextEncoder().encode(text.replace("n1", "n2"))),
    );
    expect(await codeOfRejection(findOn(disk))).toBe("QUORATE_LOG_CORRUPT");
  });

  test("are not changed by a load that refuses them", async () => {
    const disk = damaged(large, (copy) => void copy.bytesOf(name(2)).fill(1, 20_000, 20_010));
    const copy = disk.clone();
    await codeOfRejection(findOn(disk));
    expect(disk.fileNames).toEqual(copy.fileNames);
    for (const one of copy.fileNames) expect(disk.bytesOf(one)).toEqual(copy.bytesOf(one));
  });
});
