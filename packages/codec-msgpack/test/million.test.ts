// Hostile input in bulk: a million cases per run; QUORATE_FUZZ_RUNS says otherwise.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fuzzCodec } from "@quorate/contracts/conformance";
import { beforeAll, expect, test } from "vitest";
import { msgpackCodec } from "../src/index.ts";

const runs = Number(process.env["QUORATE_FUZZ_RUNS"] ?? 1_000_000);
const seed = Number(process.env["QUORATE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const megabyte = 1024 * 1024;

let collectGarbage: () => void;
beforeAll(() => {
  setFlagsFromString("--expose_gc");
  collectGarbage = runInNewContext("gc") as () => void;
  // Most inputs end in an error; nobody reads where it came from.
  Error.stackTraceLimit = 0;
});

function keptBytes(): number {
  for (let round = 0; round < 3; round += 1) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test(`${runs} hostile inputs (seed ${seed}) are refused or understood at once, and nothing of them is kept`, {
  timeout: 600_000,
}, () => {
  const codec = msgpackCodec();
  fuzzCodec({ codec, runs: 2000, seed });
  const before = keptBytes();
  const report = fuzzCodec({ codec, runs, seed }, () => performance.now());
  // Compiled code and the like; a few bytes kept of each input would be far more.
  expect(keptBytes() - before).toBeLessThan(4 * megabyte);
  expect(report.refused).toBeGreaterThan(report.understood);
  expect(report.understood).toBeGreaterThan(0);
  expect(report.slowestMs).toBeLessThan(2000);
});
