// The disk of the leader fails or hangs under load, by its system calls: another one leads, and nothing that was acknowledged is
// lost. A disk that fails stops its node with a clear text; one that hangs does not.

import { describe, expect, test } from "vitest";
import { ClusterUnderLoad } from "../src/cluster-under-load.ts";
import { failCalls, whyNoFailingCalls } from "../src/failing-calls.ts";
import { skipped } from "../src/obstacle.ts";

const obstacle = await whyNoFailingCalls();

describe("when system calls of the leader fail", { timeout: 180_000 }, () => {
  test.skipIf(obstacle).for([
    { call: "pwrite64", error: "EIO", remedy: "Check the disk" },
    { call: "pwrite64", error: "ENOSPC", remedy: "Free space" },
  ] as const)(
    `it stops and says why, another leads, and nothing is lost: $call $error${skipped(obstacle)}`,
    async ({ call, error, remedy }) => {
      const load = await ClusterUnderLoad.create();
      try {
        await load.start();
        await load.acknowledgeMore(50);
        const leader = await load.observer.leader();
        const victim = load.cluster.process(leader.id);
        const heal = await failCalls(victim?.pid ?? -1, { call, error });
        expect(await victim?.exited).toEqual({ code: 1, signal: null });
        await heal();
        expect(victim?.output).toContain("QUORATE_STORAGE_FAILED");
        expect(victim?.output).toContain(error);
        expect(victim?.output).toContain(remedy);
        const next = await load.observer.leader(leader.term);
        expect(next.id).not.toBe(leader.id);
        await load.acknowledgeMore(50);
        await load.cluster.start(leader.id);
        expect(await load.problems()).toEqual([]);
      } finally {
        await load.close();
      }
    },
  );
});

test.skipIf(obstacle)(
  `when the leader's disk hangs, it steps down, another leads, and nothing is lost${skipped(obstacle)}`,
  { timeout: 180_000 },
  async () => {
    const load = await ClusterUnderLoad.create();
    try {
      await load.start();
      await load.acknowledgeMore(50);
      const leader = await load.observer.leader();
      const slow = load.cluster.process(leader.id);
      const heal = await failCalls(slow?.pid ?? -1, { call: "pwrite64", delayMs: 5000 });
      const next = await load.observer.leader(leader.term);
      expect(next.id).not.toBe(leader.id);
      await load.acknowledgeMore(50);
      expect(slow?.output).toContain('"reason":"diskStalled"');
      await heal();
      expect(load.cluster.isRunning(leader.id)).toBe(true);
      expect(await load.problems()).toEqual([]);
    } finally {
      await load.close();
    }
  },
);
