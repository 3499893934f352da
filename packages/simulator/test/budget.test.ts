// The many runs that a change has to survive: on all cores, with every kind of fault and every rare situation among them. On a
// developer's machine a taste of it; in CI the whole of it.
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { CliTotals } from "../src/cli-totals.ts";

const program = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const isWhole = process.env["CI"] === "true";
const MINUTE_MS = 60_000;

async function run(...args: readonly string[]): Promise<CliTotals> {
  const options = ["--conditions=quorate-source", program, "-o", "json", ...args];
  const { stdout } = await promisify(execFile)(process.execPath, options, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as CliTotals;
}

describe("no property fails", () => {
  test(
    "in many short runs with busy clients, in which everything that can go wrong does",
    async () => {
      const seeds = isWhole ? 1_600 : 150;
      const totals = await run("--first", "1000000", "--seeds", String(seeds), "--goals", isWhole ? "1" : "0");
      expect(totals).toMatchObject({ seeds, failures: 0 });
      expect(totals.reruns).toBeGreaterThan(0);
    },
    10 * MINUTE_MS,
  );

  test(
    "in long runs: a hundred hours of clusters in CI",
    async () => {
      const seeds = isWhole ? 420 : 4;
      const long = ["--duration-ms", String(15 * MINUTE_MS), "--think-ms", "4000"];
      const totals = await run("--first", "2000000", "--seeds", String(seeds), ...long);
      expect(totals).toMatchObject({ seeds, failures: 0 });
      expect(totals.simulatedMs).toBeGreaterThan(seeds * 15 * MINUTE_MS);
    },
    20 * MINUTE_MS,
  );
});
