// Many seeds, every law, in clusters of one to seven nodes, at both levels. A failure prints the seed and a call that runs it
// again.
import { describe, expect, test } from "vitest";
import { faultKinds, type Level, registers, type SimulationResult, simulate } from "../src/index.ts";
import { sumOf } from "./support/sums.ts";

const seedsOf = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, position) => first + position);

/** Of all tests of a level. */
const everything: Record<Level, SimulationResult[]> = { node: [], core: [] };

async function runAll(level: Level, seeds: readonly number[], nodes: number): Promise<readonly SimulationResult[]> {
  const results: SimulationResult[] = [];
  for (const seed of seeds) results.push(await simulate({ seed, level, nodes, ...registers() }));
  everything[level].push(...results);
  return results;
}

describe.each(["core", "node"] as const)("at the level %s, every property holds, and the cluster recovers", (level) => {
  test.each([
    { nodes: 1, first: 1, count: 10 },
    { nodes: 2, first: 1_000, count: 20 },
    { nodes: 3, first: 2_000, count: 150 },
    { nodes: 4, first: 3_000, count: 20 },
    { nodes: 5, first: 4_000, count: 100 },
    { nodes: 7, first: 5_000, count: 20 },
  ])(
    "$nodes nodes, $count seeds from $first",
    async ({ nodes, first, count }) => {
      const results = await runAll(level, seedsOf(first, count), nodes);
      expect(sumOf(results, ({ operations }) => operations.ok)).toBeGreaterThan(50 * count);
    },
    120_000,
  );

  test("with everything going wrong at once, every fault happens, and somewhere every rare situation", async () => {
    const results: SimulationResult[] = [];
    for (const seed of seedsOf(1, 12)) {
      const options = { seed, level, nodes: 5, faults: "all", durationMs: 60_000, thinkMs: 50 } as const;
      results.push(await simulate({ ...options, ...registers() }));
    }
    const never = faultKinds.filter((kind) => sumOf(results, ({ faults }) => faults[kind]) === 0);
    expect(never, "faults that were never injected").toEqual([]);
    everything[level].push(...results);
    const situations = Object.keys(results[0]?.reached ?? {}) as (keyof SimulationResult["reached"])[];
    // Registers are never sent twice; the tests of sessions see to that.
    const unseen = situations.filter(
      (name) => name !== "repetitions" && sumOf(everything[level], ({ reached }) => reached[name]) === 0,
    );
    expect(unseen, "situations that never came up").toEqual([]);
  }, 120_000);

  test("a calm network elects once, refuses nothing for long and recovers at once", async () => {
    const result = await simulate({ seed: 1, level, nodes: 5, faults: "none", ...registers() });
    expect(result.reached.leaderships).toBe(1);
    expect(result.operations.unknown).toBe(0);
    expect(result.recoveryMs).toBeLessThan(1_000);
  });
});
