// Clients that repeat a command until it is answered, through sessions: it takes effect once, whatever leader, snapshot or restart
// comes in between.
import { snapshotBytes } from "@quorate/contracts";
import { checkHistory, counter } from "@quorate/linearizability";
import { describe, expect, test } from "vitest";
import { simulate, SimulationFailure } from "../src/index.ts";
import { sessionCounter } from "./support/session-counter.ts";
import { sumOf } from "./support/sums.ts";

describe("a command that is repeated takes effect once", () => {
  test.each(["core", "node"] as const)(
    "under faults, over leaders, snapshots and changes (%s)",
    async (level) => {
      const results = [];
      for (let seed = 9_000; seed < 9_060; seed++) {
        results.push(await simulate({ seed, level, nodes: 3, thinkMs: 50, ...sessionCounter() }));
      }
      expect(sumOf(results, ({ reached }) => reached.repetitions)).toBeGreaterThan(500);
      expect(sumOf(results, ({ reached }) => reached.snapshotsInstalled)).toBeGreaterThan(0);
      const verdicts = results.map(
        ({ history }) =>
          checkHistory(
            history.filter(({ f }) => f !== "open"),
            counter(),
          ).verdict,
      );
      expect(verdicts.filter((verdict) => verdict !== "linearizable")).toEqual([]);
    },
    60_000,
  );

  test("without sessions the same clients add twice, and it is seen", async () => {
    const { stateMachine, workload } = sessionCounter();
    const forgetful = (): ReturnType<typeof stateMachine> => {
      const machine = stateMachine();
      const empty = snapshotBytes(stateMachine().snapshot());
      return {
        apply: (batch) => machine.apply(batch),
        query: (query) => machine.query(query),
        // The snapshot has neither sessions nor a value.
        snapshot: () => empty,
        restore: () => machine.restore(empty),
      };
    };
    const broken = async (): Promise<void> => {
      const snapshots = { everyEntries: 5, retainEntries: 0 };
      for (let seed = 1; seed <= 20; seed++) {
        await simulate({ seed, faults: "all", snapshots, stateMachine: forgetful, workload });
      }
    };
    await expect(broken()).rejects.toThrow(SimulationFailure);
  }, 60_000);
});
