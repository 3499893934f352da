// Clusters roll from every earlier version to this one and back, under all faults, each message written by one version's codec
// and read by the other's.
import { registers, simulate, type SimulationResult } from "@quorate/simulator";
import { describe, expect, test } from "vitest";
import { frozenBuilds, presentBuild } from "../src/builds.ts";

const seeds = process.env["CI"] === "true" ? 200 : 30;

function sumOf(results: readonly SimulationResult[], pick: (result: SimulationResult) => number): number {
  return results.reduce((sum, result) => sum + pick(result), 0);
}

describe.each(frozenBuilds)("from $name to the present and back", (frozen) => {
  test("every property holds, and both versions together elect leaders and commit", async () => {
    const results: SimulationResult[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const faults = seed % 2 === 0 ? "all" : "swarm";
      results.push(
        await simulate({ seed, nodes: 3 + (seed % 3), faults, builds: [frozen, presentBuild], ...registers() }),
      );
    }
    expect(sumOf(results, ({ faults }) => faults.upgrade)).toBeGreaterThan(seeds);
    expect(sumOf(results, ({ reached }) => reached.rollbacks)).toBeGreaterThan(seeds / 5);
    expect(sumOf(results, ({ reached }) => reached.mixedElections)).toBeGreaterThan(seeds / 5);
    expect(sumOf(results, ({ reached }) => reached.mixedCommits)).toBeGreaterThan(seeds);
    expect(sumOf(results, ({ reached }) => reached.snapshotsInstalled)).toBeGreaterThan(0);
  }, 300_000);

  test("without other faults, nobody waits long while the nodes are exchanged one by one", async () => {
    const script = ["n1", "n2", "n3"].map((node, position) => {
      return { atMs: 2_000 * (position + 1), fault: "upgrade", node, build: "present", downMs: 300 } as const;
    });
    const { faults, operations } = await simulate({
      seed: 1,
      builds: [frozen, presentBuild],
      script,
      faults: "none",
      ...registers(),
    });
    expect(faults.upgrade).toBe(3);
    expect(operations.ok).toBeGreaterThan(10 * operations.unknown);
  });
});
