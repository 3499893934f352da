// Processes are killed without warning, one at a time or all at once, while clients write: no acknowledged write is lost.

import { describe, expect, test } from "vitest";
import { ClusterUnderLoad } from "../src/cluster-under-load.ts";

const kills = Number(process.env["QUORATE_KILLS"] ?? 5);
/** Every so many kills, all nodes at once. */
const allEvery = 3;

describe("after kill -9 under load", { timeout: 120_000 + kills * 20_000 }, () => {
  test("all that the cluster had acknowledged is there, once", async () => {
    const load = await ClusterUnderLoad.create();
    try {
      await load.start();
      for (let kill = 1; kill <= kills; kill += 1) {
        await load.acknowledgeMore(20 + Math.floor(Math.random() * 100));
        const { cluster } = load;
        const anyone = cluster.members[Math.floor(Math.random() * cluster.members.length)];
        // The leader more often than the others.
        const victim = kill % 2 === 1 ? (await load.observer.leader()).id : anyone?.id;
        const victims = kill % allEvery === 0 ? cluster.members.map(({ id }) => id) : [victim ?? "n1"];
        await Promise.all(victims.map((id) => cluster.kill(id)));
        await Promise.all(victims.map((id) => cluster.start(id)));
      }
      expect(await load.problems()).toEqual([]);
      expect(load.ledger.acknowledged).toBeGreaterThan(kills * 20);
    } finally {
      await load.close();
    }
  });
});
