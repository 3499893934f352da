// The power fails under a whole cluster at once: when it is back, the cluster has every write that it had acknowledged.

import { describe, expect, test } from "vitest";
import { ClusterUnderLoad } from "../src/cluster-under-load.ts";
import { LoopDisk, whyNoLoopDisks } from "../src/loop-disk.ts";
import { skipped } from "../src/obstacle.ts";

const obstacle = await whyNoLoopDisks();
const cuts = Number(process.env["QUORATE_POWER_CUTS"] ?? 3);

describe("after a loss of power on all nodes", { timeout: 120_000 + cuts * 30_000 }, () => {
  test.skipIf(obstacle)(`all that the cluster had acknowledged is there, once${skipped(obstacle)}`, async () => {
    const load = await ClusterUnderLoad.create();
    const disks: LoopDisk[] = [];
    try {
      for (const { data } of load.cluster.members) disks.push(await LoopDisk.mount({ point: data, mebibytes: 64 }));
      for (let cut = 1; cut <= cuts; cut += 1) {
        await load.start();
        await load.acknowledgeMore(20 + Math.floor(Math.random() * 200));
        await Promise.all(disks.map((disk) => disk.cutPower()));
        await Promise.all(load.cluster.members.map(({ id }) => load.cluster.kill(id)));
        await Promise.all(disks.map((disk) => disk.powerUp()));
      }
      await load.start();
      expect(await load.problems()).toEqual([]);
      expect(load.ledger.acknowledged).toBeGreaterThan(cuts * 20);
    } finally {
      await Promise.all(load.cluster.members.map(({ id }) => load.cluster.kill(id)));
      for (const disk of disks) await disk.close();
      await load.close();
    }
  });
});
