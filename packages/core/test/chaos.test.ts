// The laws of Raft under random misfortune, one seed at a time, and convergence when it stops.
import { describe, expect, test } from "vitest";
import { Chaos, type ChaosReport } from "./support/chaos.ts";

const seedCount = 60;

/** What all runs together have seen; throws with the seed if one of them broke a law. */
function runAll(size: number): ChaosReport {
  const reports: ChaosReport[] = [];
  for (let seed = 1; seed <= seedCount; seed++) {
    try {
      reports.push(new Chaos(seed, size).run(8_000));
    } catch (error) {
      throw new Error(`seed ${seed}, ${size} nodes`, { cause: error });
    }
  }
  return reports.reduce(sum);
}

function sum(one: ChaosReport, other: ChaosReport): ChaosReport {
  return {
    committed: one.committed + other.committed,
    leaders: one.leaders + other.leaders,
    crashes: one.crashes + other.crashes,
    truncations: one.truncations + other.truncations,
    configurations: one.configurations + other.configurations,
    joint: one.joint + other.joint,
    installed: one.installed + other.installed,
    wiped: one.wiped + other.wiped,
    forwarded: one.forwarded + other.forwarded,
  };
}

describe("P77 loss, repetition, reordering, partitions, slow disks, crashes, lost disks, membership changes and snapshots break no law", () => {
  test.each([3, 5])(
    "P77 %i nodes and two spare ones, 60 seeds of 8 s each, then convergence",
    (size) => {
      const seen = runAll(size);
      const { committed, leaders, crashes, truncations, configurations, joint, installed } = seen;
      expect(committed, "entries were committed").toBeGreaterThan(seedCount * 50);
      expect(leaders, "leaders changed").toBeGreaterThan(seedCount * 3);
      expect(crashes, "servers crashed").toBeGreaterThan(seedCount * 3);
      expect(truncations, "logs diverged and were repaired").toBeGreaterThan(seedCount / 2);
      expect(configurations, "the membership changed").toBeGreaterThan(seedCount * 10);
      expect(installed, "snapshots were installed").toBeGreaterThan(seedCount);
      expect(seen.wiped, "disks were lost").toBeGreaterThan(seedCount / 4);
      expect(seen.forwarded, "followers' reads were confirmed").toBeGreaterThan(seedCount);
      expect(joint, "through joint configurations").toBeGreaterThan(seedCount / 2);
    },
    180_000,
  );
});
