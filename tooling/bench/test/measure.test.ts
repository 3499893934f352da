// Samples are taken in turns, the first round does not count, and ratios are those of medians.
import { expect, test } from "vitest";
import type { Benchmark } from "../src/benchmark.ts";
import { measure, median } from "../src/measure.ts";

function scripted(name: string, rates: readonly number[], log: string[], comparedTo?: string): Benchmark {
  return {
    name,
    unit: "things/s",
    ...(comparedTo === undefined ? {} : { comparedTo }),
    open: () => {
      const left = [...rates];
      const sample = (): number => {
        log.push(name);
        return left.shift() ?? Number.NaN;
      };
      return { sample, close: () => void log.push(`close ${name}`) };
    },
  };
}

test("benchmarks take turns and are closed at the end", async () => {
  const log: string[] = [];
  await measure([scripted("a", [1, 1, 1], log), scripted("b", [1, 1, 1], log)], { runs: 2, sampleMs: 1 });
  expect(log).toEqual(["a", "b", "a", "b", "a", "b", "close a", "close b"]);
});

test("the first sample warms up and does not count", async () => {
  const results = await measure([scripted("a", [1, 30, 10, 20], [])], { runs: 3, sampleMs: 1 });
  expect(results).toEqual([{ name: "a", unit: "things/s", median: 20, min: 10, max: 30, runs: 3 }]);
});

test("a ratio compares medians and names the other benchmark", async () => {
  const benchmarks = [scripted("base", [1, 10, 10, 10], []), scripted("new", [1, 25, 5, 30], [], "base")];
  const results = await measure(benchmarks, { runs: 3, sampleMs: 1 });
  expect(results[1]).toMatchObject({ ratio_to: "base", ratio: 2.5 });
});

test("latencies are lines of their own, compared with the same latency of the other benchmark", async () => {
  const withLatency = (name: string, ms: number, comparedTo?: string): Benchmark => {
    const benchmark = scripted(name, [1, 1], [], comparedTo);
    return { ...benchmark, open: async () => ({ ...(await benchmark.open()), latenciesMs: () => ({ p99: ms }) }) };
  };
  const results = await measure([withLatency("base", 2), withLatency("new", 6, "base")], { runs: 1, sampleMs: 1 });
  expect(results.map(({ name }) => name)).toEqual(["base", "base-p99", "new", "new-p99"]);
  expect(results[3]).toEqual(expect.objectContaining({ unit: "ms", median: 6, ratio_to: "base-p99", ratio: 3 }));
});

test("what was opened is closed although a sample fails", async () => {
  const log: string[] = [];
  const broken: Benchmark = {
    name: "broken",
    unit: "x",
    open: () => ({
      sample: () => {
        throw new Error("no");
      },
    }),
  };
  await expect(measure([scripted("a", [1], log), broken], { runs: 1, sampleMs: 1 })).rejects.toThrow("no");
  expect(log).toEqual(["a", "close a"]);
});

test.each([
  [[3], 3],
  [[1, 9, 2], 2],
  [[4, 1, 2, 3], 2.5],
])("the median of %j is %d", (samples, expected) => {
  expect(median(samples)).toBe(expected);
});
