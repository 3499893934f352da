// The many runs that a change has to survive, at both levels: on all cores, with every kind of fault and every rare situation
// among them. On a developer's machine a taste of it; in CI the whole of it.
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { CliTotals } from "../src/cli-totals.ts";

const program = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const isWhole = process.env["CI"] === "true";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Of all tests in this file. */
const all = { seeds: 0, simulatedMs: 0 };

async function run(...args: readonly string[]): Promise<CliTotals> {
  const options = ["--conditions=quorate-source", program, "-o", "json", ...args];
  const { stdout } = await promisify(execFile)(process.execPath, options, { maxBuffer: 2 ** 26 });
  const totals = JSON.parse(stdout) as CliTotals;
  all.seeds += totals.seeds;
  all.simulatedMs += totals.simulatedMs;
  return totals;
}

afterAll(() => console.log(`${all.seeds} seeds, ${(all.simulatedMs / HOUR_MS).toFixed(1)} cluster-hours simulated`));

describe.each([
  { level: "core", busySeeds: 800, longSeeds: 1_000 },
  { level: "node", busySeeds: 600, longSeeds: 210 },
])("no property fails at the level $level", ({ level, busySeeds, longSeeds }) => {
  test(
    "in many short runs with busy clients, in which everything that can go wrong does",
    async () => {
      const seeds = isWhole ? busySeeds : 100;
      const range = ["--level", level, "--first", "1000000", "--seeds", String(seeds)];
      const totals = await run(...range, "--goals", isWhole ? "1" : "0");
      expect(totals).toMatchObject({ seeds, failures: 0 });
      expect(totals.reruns).toBeGreaterThan(0);
    },
    10 * MINUTE_MS,
  );

  test(
    "in long runs",
    async () => {
      const seeds = isWhole ? longSeeds : 6;
      const long = ["--duration-ms", String(5 * MINUTE_MS), "--think-ms", "4000"];
      const totals = await run("--level", level, "--first", "2000000", "--seeds", String(seeds), ...long);
      expect(totals).toMatchObject({ seeds, failures: 0 });
      expect(totals.simulatedMs).toBeGreaterThan(seeds * 5 * MINUTE_MS);
    },
    20 * MINUTE_MS,
  );
});

test(`that makes ${isWhole ? "two thousand seeds and a hundred hours of clusters" : "a taste of it"}`, () => {
  expect(all.seeds).toBeGreaterThan(isWhole ? 2_000 : 200);
  expect(all.simulatedMs).toBeGreaterThan((isWhole ? 100 : 1) * HOUR_MS);
});
