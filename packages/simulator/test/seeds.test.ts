// Many seeds, every law, in clusters of one to seven nodes, at both levels. A failure prints the seed and a call that runs it
// again.
import { describe, expect, test } from "vitest";
import {
  countsOf,
  describeClasses,
  faultClasses,
  faultKinds,
  type Level,
  presentBuild,
  registers,
  type SimulationResult,
  simulate,
} from "../src/index.ts";
import { sessionCounter } from "./support/session-counter.ts";
import { sumOf } from "./support/sums.ts";

const seedsOf = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, position) => first + position);

/** Of all tests of a level. */
const everything: Record<Level, SimulationResult[]> = { node: [], core: [] };

/** Versions are of whole nodes. */
const buildsAt = { node: { builds: [presentBuild, { ...presentBuild, name: "another" }] }, core: {} };
const absentAt: Record<Level, readonly string[]> = {
  node: [],
  core: ["upgrade", "rollbacks", "mixedElections", "mixedCommits"],
};

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

  test("every class of faults was injected, and every rare situation came up", async () => {
    for (const seed of seedsOf(1, 12)) {
      const options = { seed, level, nodes: 5, faults: "all", durationMs: 60_000, thinkMs: 50 } as const;
      everything[level].push(await simulate({ ...options, ...buildsAt[level], ...registers() }));
    }
    for (const seed of seedsOf(20, 10)) {
      const sessions = sessionCounter({ expireAfterEntries: 8 });
      everything[level].push(await simulate({ seed, level, faults: "all", thinkMs: 50, ...sessions }));
    }
    const results = everything[level];
    const names = [...new Set(results.flatMap((result) => Object.keys(countsOf(result))))];
    const counts = Object.fromEntries(
      names.map((name) => [name, sumOf(results, (result) => countsOf(result)[name] ?? 0)]),
    );
    console.log(describeClasses(counts).join("\n"));
    expect(names.filter((name) => counts[name] === 0)).toEqual(absentAt[level]);
  }, 120_000);

  test("every fault and every counter of a class exists", () => {
    const known = new Set<string>(everything[level].flatMap((result) => Object.keys(countsOf(result))));
    const shown = faultClasses.flatMap(({ shownBy }) => shownBy);
    expect(shown.filter((name) => !known.has(name))).toEqual([]);
    expect(faultKinds.filter((kind) => !shown.includes(kind))).toEqual([]);
  });

  test("commands whose bytes are damaged are refused, everywhere alike", async () => {
    const options = { seed: 1, level, faults: "all", thinkMs: 20, ...registers({ damaged: 0.3 }) } as const;
    const { history, committed } = await simulate(options);
    const refused = history.filter(({ f, type }) => f === "write" && type === "fail");
    expect(committed).toBeGreaterThan(100);
    expect(refused.length).toBeGreaterThan(10);
  });

  test("a calm network elects once, refuses nothing for long and recovers at once", async () => {
    const result = await simulate({ seed: 1, level, nodes: 5, faults: "none", ...registers() });
    expect(result.reached.leaderships).toBe(1);
    expect(result.operations.unknown).toBe(0);
    expect(result.recoveryMs).toBeLessThan(1_000);
  });
});

test("a leader that takes itself out is needed until that is committed", async () => {
  const { operations } = await simulate({ seed: 100_863, ...registers() });
  expect(operations.ok).toBeGreaterThan(0);
});

test("between two slices of a large snapshot, nodes are not judged by what they have not done yet", async () => {
  const snapshots = { everyEntries: 5, retainEntries: 0, ballastBytes: 200_000 };
  const { reached } = await simulate({ seed: 1, faults: { slowLoop: 6 }, snapshots, thinkMs: 10, ...registers() });
  expect(reached.snapshots).toBeGreaterThan(20);
});
