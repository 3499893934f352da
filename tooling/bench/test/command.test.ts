// The command measures for real, keeps its results where it is told, and refuses what it does not understand.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { allBenchmarks } from "../src/all-benchmarks.ts";

const main = resolve(import.meta.dirname, "../src/main.ts");

function bench(...args: string[]) {
  return spawnSync(process.execPath, ["--conditions=quorate-source", main, ...args], { encoding: "utf8" });
}

test("every benchmark runs, and its result is in the file", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "quorate-bench-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "results.json");

  const { status, stdout, stderr } = bench("--runs", "2", "--sample-ms", "5", "--json", file);

  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const number = expect.any(Number) as unknown;
  const results = JSON.parse(readFileSync(file, "utf8")) as readonly { readonly name: string }[];
  const rates = results.filter(({ name }) => allBenchmarks.some((benchmark) => benchmark.name === name));
  expect(rates).toEqual(
    allBenchmarks.map(({ name, unit, comparedTo }) => {
      const result = { name, unit, median: number, min: number, max: number, runs: 2 };
      return comparedTo === undefined ? result : { ...result, ratio_to: comparedTo, ratio: number };
    }),
  );
  expect(results).toContainEqual(expect.objectContaining({ name: "http-write-64-p99", unit: "ms" }));
  expect(stdout.trimEnd().split("\n")).toHaveLength(results.length + 1);
});

test.each([["--fast"], ["no-such-benchmark"], ["--runs", "0"], ["--runs", "many"], ["--sample-ms", "-1"]])(
  "%s %s is refused with the usage",
  (...args) => {
    expect(bench(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining("usage: bench") });
  },
);
