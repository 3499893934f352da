// The laws of Raft under random misfortune, one seed at a time, and convergence when it stops.
import { describe, expect, test } from "vitest";
import { Chaos, type ChaosReport } from "./support/chaos.ts";

describe("P77 loss, repetition, reordering, partitions, slow disks and crashes break no law", () => {
  const seeds = Array.from({ length: 60 }, (_, position) => position + 1);

  test.each([3, 5])(
    "P77 %i nodes, 60 seeds of 6 s each, then convergence",
    (size) => {
      const reports: ChaosReport[] = [];
      for (const seed of seeds) {
        try {
          reports.push(new Chaos(seed, size).run(6_000));
        } catch (error) {
          throw new Error(`seed ${seed}, ${size} nodes`, { cause: error });
        }
      }
      const sum = (pick: (report: ChaosReport) => number) => reports.reduce((total, report) => total + pick(report), 0);
      expect(
        sum(({ committed }) => committed),
        "entries were committed",
      ).toBeGreaterThan(60 * 50);
      expect(
        sum(({ leaders }) => leaders),
        "leaders changed",
      ).toBeGreaterThan(60 * 3);
      expect(
        sum(({ crashes }) => crashes),
        "servers crashed",
      ).toBeGreaterThan(60 * 3);
      expect(
        sum(({ truncations }) => truncations),
        "logs diverged and were repaired",
      ).toBeGreaterThan(60);
    },
    60_000,
  );
});
