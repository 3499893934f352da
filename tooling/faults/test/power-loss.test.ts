// The power fails under a process that writes: whatever it had acknowledged is on the disk when the power is back.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectFileLog, inspectFileSnapshots } from "@quorate/storage-file";
import { describe, expect, test } from "vitest";
import { LoopDisk, whyNoLoopDisks } from "../src/loop-disk.ts";
import { skipped } from "../src/obstacle.ts";
import { entryAt, snapshotAt, termAt } from "../src/writer-content.ts";
import { type Acknowledged, WriterProcess } from "../src/writer-process.ts";

const obstacle = await whyNoLoopDisks();
const cuts = Number(process.env["QUORATE_POWER_CUTS"] ?? 5);
const longestLifeMs = 600;

describe("after a loss of power", { timeout: 60_000 + cuts * 20_000 }, () => {
  test.skipIf(obstacle)(`all that a log had acknowledged is there${skipped(obstacle)}`, async () => {
    const point = mkdtempSync(join(tmpdir(), "quorate-power-"));
    const disk = await LoopDisk.mount({ point, mebibytes: 32 });
    const acknowledged: Acknowledged = { entry: 0, snapshot: 0, base: 0 };
    try {
      for (let cut = 1; cut <= cuts; cut += 1) {
        const writer = new WriterProcess(join(point, "data"), acknowledged);
        await writer.ready;
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * longestLifeMs));
        await disk.cutPower();
        await writer.kill();
        await disk.powerUp();
        await expectAllOf(acknowledged, join(point, "data"));
      }
    } finally {
      await disk.close();
      rmSync(point, { recursive: true });
    }
    expect(acknowledged.entry).toBeGreaterThan(cuts * 10);
  });
});

async function expectAllOf(acknowledged: Acknowledged, directory: string): Promise<void> {
  const inspection = await inspectFileLog({ directory });
  const { damage, base, last, hardState } = inspection.report;
  expect(damage).toBeUndefined();
  expect(last.index).toBeGreaterThanOrEqual(acknowledged.entry);
  expect(base.index).toBeGreaterThanOrEqual(acknowledged.base);
  expect(hardState).toEqual({ term: termAt(last.index), votedFor: "n1" });
  let index = base.index;
  for await (const entry of inspection.entries({ firstIndex: base.index + 1, lastIndex: last.index })) {
    index += 1;
    expect(entry).toMatchObject(entryAt(index));
  }
  expect(index).toBe(last.index);
  const { snapshots } = await inspectFileSnapshots({ directory });
  const latest = snapshots.at(-1);
  expect(latest?.index ?? 0).toBeGreaterThanOrEqual(Math.max(acknowledged.snapshot, base.index));
  for (const { damage: rot, stored } of snapshots) {
    expect(rot).toBeUndefined();
    expect(stored?.sizeBytes).toBe(snapshotAt(stored?.index ?? 0).length);
  }
}
