// The laws of Raft under random misfortune, one seed at a time, and convergence when it stops.
import { describe, expect, test } from "vitest";
import { Chaos, type ChaosReport } from "./support/chaos.ts";

const seedCount = 60;

/** What all runs together have seen; throws with the seed if one of them broke a law. */
function runAll(size: number): ChaosReport {
  const total = { committed: 0, leaders: 0, crashes: 0, truncations: 0, configurations: 0, joint: 0, installed: 0 };
  for (let seed = 1; seed <= seedCount; seed++) {
    try {
      const report = new Chaos(seed, size).run(6_000);
      for (const key of [
        "committed",
        "leaders",
        "crashes",
        "truncations",
        "configurations",
        "joint",
        "installed",
      ] as const) {
        total[key] += report[key];
      }
    } catch (error) {
      throw new Error(`seed ${seed}, ${size} nodes`, { cause: error });
    }
  }
  return total;
}

describe("P77 loss, repetition, reordering, partitions, slow disks, crashes and membership changes and snapshots break no law", () => {
  test.each([3, 5])(
    "P77 %i nodes and two spare ones, 60 seeds of 6 s each, then convergence",
    (size) => {
      const { committed, leaders, crashes, truncations, configurations, joint, installed } = runAll(size);
      expect(committed, "entries were committed").toBeGreaterThan(seedCount * 50);
      expect(leaders, "leaders changed").toBeGreaterThan(seedCount * 3);
      expect(crashes, "servers crashed").toBeGreaterThan(seedCount * 3);
      expect(truncations, "logs diverged and were repaired").toBeGreaterThan(seedCount / 2);
      expect(configurations, "the membership changed").toBeGreaterThan(seedCount * 10);
      expect(installed, "snapshots were installed").toBeGreaterThan(seedCount);
      expect(joint, "through joint configurations").toBeGreaterThan(seedCount / 2);
    },
    60_000,
  );
});
