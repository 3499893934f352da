// The bytes on disk, written down once: a directory of version 1 or 2 must open for as long as they are promised, and writing
// must keep giving these very bytes. If this test fails, the format has changed: give it another version.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeSegmentHeader, FORMAT_VERSION, SEGMENT_HEADER_BYTES } from "../src/format.ts";
import { hardStateFileName, HardStateSlots } from "../src/hard-state-slots.ts";
import { endOfContent } from "../src/segment-scan.ts";
import { codeOfRejection, findIn, findOn, storageOn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segment = "segment-0000000001.log";
const segmentBytes = 64 * 1024;
const slotBytes = 572;
const slotPageBytes = 4096;
const logId = Uint8Array.from({ length: 16 }, (_, position) => position + 1);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const identity = {
  clusterId: "golden",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1", "n2"], learners: ["n3"] },
};
const kept = [
  { index: 1, term: 1, kind: "configuration", data: text("n1,n2") },
  { index: 2, term: 1, kind: "empty", data: text("") },
] as const;
const replaced = [{ index: 3, term: 1, kind: "command", data: text("lost") }] as const;
const fresh = [
  { index: 3, term: 2 ** 40 + 2, kind: "command", data: text("set x 1") },
  { index: 4, term: 2 ** 40 + 2, kind: "command", data: text("set y 2") },
] as const;
const hardState = { term: 2 ** 40 + 2, votedFor: "n2" };

/** A golden file holds the used bytes of a segment, in lines of hexadecimal digits. */
function goldenBytes(name = "segment-v1.hex"): Uint8Array {
  const digits = readFileSync(join(import.meta.dirname, "golden", name), "utf8").replaceAll(/\s/g, "");
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/** A disk with these bytes at the beginning of its segment, zeros in the rest of the header's page and behind. */
function diskWith(header: Uint8Array, batches: Uint8Array): TestDisk {
  const disk = new TestDisk();
  const bytes = new Uint8Array(segmentBytes);
  bytes.set(header);
  bytes.set(batches, SEGMENT_HEADER_BYTES);
  disk.replace(segment, bytes);
  return disk;
}

/** A golden file begins with the 52 bytes of the segment's header that are used. */
const goldenDisk = (name?: string): TestDisk =>
  diskWith(goldenBytes(name).subarray(0, 52), goldenBytes(name).subarray(52));

/** A disk of version 2: a golden segment and its slots. */
function goldenDisk2(): TestDisk {
  const disk = goldenDisk("segment-v2.hex");
  const bytes = new Uint8Array(2 * slotPageBytes);
  const golden = goldenBytes("hard-state-v2.hex");
  bytes.set(golden.subarray(0, slotBytes));
  bytes.set(golden.subarray(slotBytes), slotPageBytes);
  disk.replace(hardStateFileName, bytes);
  return disk;
}

/** The used bytes of both slots, as in the golden file. */
function slotsOf(disk: TestDisk): string {
  const bytes = disk.bytesOf(hardStateFileName);
  return toLines([bytes.subarray(0, slotBytes), bytes.subarray(slotPageBytes, slotPageBytes + slotBytes)]);
}

/** A disk with an empty segment of this version, and an empty slot if the version has slots. */
async function emptyDisk(version: number): Promise<TestDisk> {
  const { bytes } = encodeSegmentHeader({ version, segmentId: 1, sizeBytes: segmentBytes, logId });
  const disk = diskWith(bytes, new Uint8Array(0));
  const slots = new HardStateSlots({ fileSystem: disk.fileSystem, directory: "/disk" }, logId, undefined);
  if (version > 1) await slots.record({ term: 0, votedFor: undefined }, 0);
  return disk;
}

async function writeAll(disk: TestDisk): Promise<void> {
  const storage = storageOn(disk);
  await storage.load();
  await storage.initialise(identity);
  await storage.write({ hardState: { term: 1, votedFor: undefined }, entries: [...kept, ...replaced] });
  await storage.write({ hardState, truncateFrom: 3, entries: fresh });
  await storage.close();
}

/** The used bytes of a segment, as in a golden file. */
function usedBytes(disk: TestDisk): string {
  const written = disk.bytesOf(segment);
  const used = written.subarray(SEGMENT_HEADER_BYTES, endOfContent(written, SEGMENT_HEADER_BYTES));
  return toLines([written.subarray(0, 52), used]);
}

const versions = [
  { version: 1, file: "segment-v1.hex", golden: () => goldenDisk() },
  { version: 2, file: "segment-v2.hex", golden: goldenDisk2 },
];

test.each(versions)("a segment of version $version holds what was put in", async ({ golden }) => {
  expect(await findOn(golden())).toEqual({ hardState, base: { index: 0, term: 0 }, entries: [...kept, ...fresh] });
});

test.each(versions)("the same writes give the same bytes in a segment of version $version", async (one) => {
  const disk = await emptyDisk(one.version);
  await writeAll(disk);
  expect(usedBytes(disk)).toBe(toLines([goldenBytes(one.file)]));
  const golden = readFileSync(join(import.meta.dirname, "golden", "identity-v1.json"), "utf8");
  expect(new TextDecoder().decode(disk.bytesOf("identity.json"))).toBe(golden);
});

test("the same terms and votes give the same slots", async () => {
  const disk = await emptyDisk(2);
  await writeAll(disk);
  expect(slotsOf(disk)).toBe(toLines([goldenBytes("hard-state-v2.hex")]));
});

test("a compacted log of version 1 holds what was left in it", async () => {
  const entries = [{ index: 2 ** 33 + 1, term: 9, kind: "command", data: text("after") }];
  const found = await findOn(goldenDisk("compacted-v1.hex"));
  expect(found).toEqual({ hardState, base: { index: 2 ** 33, term: 8 }, entries });
});

test("the same compactions give the same bytes", async () => {
  const disk = await emptyDisk(1);
  const storage = storageOn(disk);
  await storage.load();
  await storage.write({ hardState, entries: kept });
  await storage.compact({ index: 1, term: 1 });
  await storage.compact({ index: 2 ** 33, term: 8 });
  await storage.write({ entries: [{ index: 2 ** 33 + 1, term: 9, kind: "command", data: text("after") }] });
  await storage.close();
  expect(usedBytes(disk)).toBe(toLines([goldenBytes("compacted-v1.hex")]));
});

test("an identity of version 1 is read", async () => {
  const disk = goldenDisk();
  disk.replace("identity.json", readFileSync(join(import.meta.dirname, "golden", "identity-v1.json")));
  const storage = storageOn(disk);
  const loaded = await storage.load();
  expect(loaded.identity).toEqual(identity);
  await storage.close();
});

test("a log of a later version is refused as such", async () => {
  const { bytes } = encodeSegmentHeader({ version: FORMAT_VERSION + 1, segmentId: 1, sizeBytes: segmentBytes, logId });
  const storage = storageOn(diskWith(bytes, new Uint8Array(0)));
  expect(await codeOfRejection(findIn(storage))).toBe("QUORATE_FORMAT_UNSUPPORTED");
  await storage.close();
});

/** Sixteen bytes to a line. */
function toLines(parts: readonly Uint8Array[]): string {
  const digits = Buffer.concat(parts).toString("hex");
  return digits.replaceAll(/.{32}/g, "$&\n");
}
