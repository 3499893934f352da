// The bytes of a snapshot file, written down once: version 1 must open for as long as it is promised, and encoding must keep
// giving these very bytes. If this test fails, the format has changed: give it another version.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { StoredSnapshot } from "@quorate/contracts";
import { expect, test } from "vitest";
import { blockCrc, encodeSnapshotHeader } from "../src/snapshot-format.ts";
import { codeOfRejection } from "./logs.ts";
import { findSnapshotOn } from "./snapshots.ts";
import { TestDisk } from "./test-disk.ts";

const index = 1_125_899_906_842;
const id = Uint8Array.from({ length: 16 }, (_, position) => position + 1);
const content = new TextEncoder().encode("the state of the machine");
const stored: StoredSnapshot = {
  index,
  term: 2 ** 40 + 2,
  configuration: { voters: ["n1", "n2"], learners: ["n3"], outgoing: ["n1", "n4"] },
  sizeBytes: content.length,
  checksum: crc32(content),
};

function goldenBytes(): Uint8Array {
  const digits = readFileSync(join(import.meta.dirname, "golden", "snapshot-v1.hex"), "utf8").replaceAll(/\s/g, "");
  return Uint8Array.from(Buffer.from(digits, "hex"));
}

/** A disk with this file as its snapshot. */
function diskWith(bytes: Uint8Array): TestDisk {
  const disk = new TestDisk();
  disk.replace(`snapshot-${String(index).padStart(16, "0")}.bin`, bytes);
  return disk;
}

test("a snapshot of version 1 holds what was put in", async () => {
  expect(await findSnapshotOn(diskWith(goldenBytes()))).toEqual({ stored, content });
});

test("the same snapshot gives the same bytes", () => {
  const crc = new Uint8Array(4);
  new DataView(crc.buffer).setUint32(0, blockCrc(id, 0, content), true);
  const bytes = Buffer.concat([encodeSnapshotHeader(stored, id), content, crc]);
  expect(bytes.toString("hex")).toBe(Buffer.from(goldenBytes()).toString("hex"));
});

test("a snapshot of a later version is refused as such", async () => {
  const bytes = goldenBytes();
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 2, true);
  const headerBytes = view.getUint32(12, true);
  view.setUint32(headerBytes - 4, crc32(bytes.subarray(0, headerBytes - 4)), true);
  expect(await codeOfRejection(findSnapshotOn(diskWith(bytes)))).toBe("QUORATE_FORMAT_UNSUPPORTED");
});
