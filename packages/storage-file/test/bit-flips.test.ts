// Every bit of a whole store turned over, one at a time: the store says which file is damaged, or finds what was there before.

import type { Entry } from "@quorate/contracts";
import { beforeAll, describe, expect, test } from "vitest";
import { command, commands, findOn, storageOn } from "./logs.ts";
import { findSnapshotOn, snapshotsOn, take } from "./snapshots.ts";
import { TestDisk } from "./test-disk.ts";

const segmentBytes = 8 * 1024;
const identity = {
  clusterId: "c1",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1"], learners: [] },
};

/** A compacted log of one segment and the next one made ahead, its snapshot and its identity: more than 16 KiB in all. */
let disk: TestDisk;

beforeAll(async () => {
  disk = new TestDisk();
  const log = storageOn(disk, { segmentBytes });
  const snapshots = snapshotsOn(disk);
  await log.load();
  await snapshots.load();
  await log.initialise(identity);
  await log.write({
    hardState: { term: 1, votedFor: "n1" },
    entries: commands({ firstIndex: 1, lastIndex: 20, term: 1, bytes: 90 }),
  });
  // The second segment begins.
  await log.write({ entries: [command(21, 1, 1700)] });
  await take(snapshots, { index: 20, sizeBytes: 700 });
  await log.compact({ index: 20, term: 1 });
  await log.write({ hardState: { term: 2, votedFor: undefined }, truncateFrom: 21, entries: [configuration(21, 2)] });
  await log.write({ hardState: { term: 3, votedFor: "n2" }, entries: [command(22, 3, 100), command(23, 3, 0)] });
  await log.close();
  await snapshots.close();
});

function configuration(index: number, term: number): Entry {
  return { index, term, kind: "configuration", data: new TextEncoder().encode('{"voters":["n1","n2"]}') };
}

type Outcomes = { readonly detected: ReadonlyMap<string, number>; readonly harmless: number };

/** Turns over every bit of a file and looks each time; fails if something else is found than before. */
async function flipEveryBit(name: string, look: (copy: TestDisk) => Promise<unknown>): Promise<Outcomes> {
  const detected = new Map<string, number>();
  let harmless = 0;
  const original = JSON.stringify(await look(disk.clone()));
  const bytes = disk.bytesOf(name);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const at = bit >>> 3;
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
    const copy = new TestDisk();
    for (const other of disk.fileNames) copy.replace(other, other === name ? flipped : disk.bytesOf(other));
    const outcome = await look(copy).then(JSON.stringify, codeOfDamage);
    if (typeof outcome === "object") detected.set(outcome.code, (detected.get(outcome.code) ?? 0) + 1);
    else if (outcome === original) harmless += 1;
    else throw new Error(`bit ${bit & 7} of byte ${at} of ${name} changes what is found:\n${outcome}\n${original}`);
  }
  return { detected, harmless };
}

/** The code of an error that names the file and a remedy; anything else is thrown on. */
function codeOfDamage(error: unknown): { readonly code: string } {
  if (error instanceof Error && "code" in error && "hint" in error && /\/disk\/\S+/.test(error.message)) {
    return { code: String(error.code) };
  }
  throw error;
}

describe("a flipped bit is detected or harmless", { timeout: 120_000 }, () => {
  test("the store has 16 KiB and more, and its first segment is gone", () => {
    const sizes = disk.fileNames.map((name) => disk.bytesOf(name).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect([...disk.fileNames].toSorted()).toEqual([
      "hard-state.bin",
      "identity.json",
      "segment-0000000002.log",
      "segment-0000000003.log",
      "snapshot-0000000000000020.bin",
    ]);
    expect(total).toBeGreaterThan(16 * 1024);
  });

  test("wherever it is in the log", async () => {
    const { detected, harmless } = await flipEveryBit("segment-0000000002.log", findOn);
    expect([...detected.keys()]).toEqual(["QUORATE_LOG_CORRUPT"]);
    // The header, and all batches but the seal.
    expect(detected.get("QUORATE_LOG_CORRUPT")).toBeGreaterThan(1000 * 8);
    expect(harmless + (detected.get("QUORATE_LOG_CORRUPT") ?? 0)).toBe(segmentBytes * 8);
  });

  test("wherever it is in the segment that was made ahead", async () => {
    const { detected, harmless } = await flipEveryBit("segment-0000000003.log", findOn);
    expect([...detected.keys()]).toEqual(["QUORATE_LOG_CORRUPT"]);
    expect(harmless).toBeGreaterThan(0);
  });

  test("wherever it is in the identity", async () => {
    const { detected } = await flipEveryBit("identity.json", findOn);
    expect(new Set(detected.keys())).toEqual(new Set(["QUORATE_FORMAT_UNSUPPORTED", "QUORATE_LOG_CORRUPT"]));
  });

  test("wherever it is in the slots of term and vote: the log has them too, and one of the slots is enough", async () => {
    const { detected, harmless } = await flipEveryBit("hard-state.bin", findOn);
    expect([...detected.keys()]).toEqual([]);
    expect(harmless).toBe(disk.bytesOf("hard-state.bin").length * 8);
  });

  test("wherever it is in the snapshot", async () => {
    const { detected, harmless } = await flipEveryBit("snapshot-0000000000000020.bin", async (copy) => {
      const found = await findSnapshotOn(copy);
      return { ...found?.stored, content: Buffer.from(found?.content ?? []).toString("base64") };
    });
    expect([...detected.keys()]).toEqual(["QUORATE_SNAPSHOT_CORRUPT"]);
    expect(harmless).toBe(0);
  });
});
