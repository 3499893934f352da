// Five cores and a million proposals: what a core keeps in memory stays within its limits, however long it runs.
import { expect, test } from "vitest";
import { LongRun } from "./support/long-run.ts";

const proposals = Number(process.env["QUORATE_LONG_RUN"] ?? 1_000_000);

/** Entries of 8 bytes that 64 KiB hold, with what is counted for each. */
const CACHED = 910;

test("five cores take a million proposals and keep no more of them than their limits say", async () => {
  const run = new LongRun({ maxCachedBytes: 64 * 1024 });
  const parts: { readonly heapBytes: number; readonly entries: number }[] = [];
  for (let part = 1; part <= 10; part++) {
    run.propose(proposals / 10);
    parts.push(await run.memory());
  }
  expect(run.committed()).toEqual(Array<number>(5).fill(proposals + 1));
  // Twice the limit stays until a good part can go at once, and a follower may be a batch behind.
  expect(Math.max(...parts.map(({ entries }) => entries))).toBeLessThanOrEqual(3 * CACHED);
  const growth = (parts.at(-1)?.heapBytes ?? 0) - (parts[1]?.heapBytes ?? 0);
  expect(growth, "bytes of heap between the second part and the last").toBeLessThan(8 * 1024 * 1024);
}, 300_000);
