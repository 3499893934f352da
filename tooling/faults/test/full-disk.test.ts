// Disks that fill up while a cluster runs, one of them or all: no node stops, what needs space is refused with a clear text, a
// restart needs none, and everything goes on by itself when there is space again.

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@quorate/client";
import { codeOf } from "@quorate/contracts";
import { until } from "@quorate/counter/demo/wait";
import { describe, expect, test } from "vitest";
import { ClusterUnderLoad } from "../src/cluster-under-load.ts";
import { LoopDisk, whyNoLoopDisks } from "../src/loop-disk.ts";
import { skipped } from "../src/obstacle.ts";

const obstacle = await whyNoLoopDisks();

describe("when a disk is full", { timeout: 180_000 }, () => {
  test.skipIf(obstacle)(
    `its node hands over and stays, the others take writes, and space heals it without a restart${skipped(obstacle)}`,
    async () => {
      const { cluster, observer, ...load } = await prepare();
      const client = createClient({ endpoints: cluster.urls, retry: { budgetMs: 20_000 } });
      try {
        await cluster.startAll();
        const full = await observer.leader();
        const { data } = cluster.member(full.id);
        fill(data);
        // More than a segment holds, so that the full disk is needed.
        for (let number = 1; number <= 30; number += 1) await client.register(`big-${number}`).set(big);
        expect(cluster.process(full.id)?.output).toContain("nextSegmentFailed");
        expect(cluster.isRunning(full.id)).toBe(true);
        expect((await observer.leader()).id).not.toBe(full.id);

        rmSync(join(data, "filler"));
        const what = "the node with the full disk to have space again";
        await until(
          { what, withinMs: 20_000 },
          () => cluster.process(full.id)?.output.includes("spaceReturned") || undefined,
        );
        await observer.applied((await observer.leader()).commitIndex, [full.id]);
      } finally {
        await client.close();
        await load.close();
      }
    },
  );

  test.skipIf(obstacle)(
    `on all nodes, writes are refused, reads and restarts go on, and space heals them${skipped(obstacle)}`,
    async () => {
      const { cluster, observer, ...load } = await prepare();
      const client = createClient({ endpoints: cluster.urls, retry: { budgetMs: 5000 } });
      try {
        await cluster.startAll();
        await observer.leader();
        await client.counter("hits").add(7);
        for (const { data } of cluster.members) fill(data);
        const acknowledged = await writeUntilRefused(client);
        expect(acknowledged).toBeGreaterThan(0);
        const refused = { code: "QUORATE_STORAGE_FULL", outcome: "none" };
        await expect(client.register("refused").set(big)).rejects.toMatchObject(refused);
        await expect(client.counter("hits").get()).resolves.toMatchObject({ value: 7 });
        expect(cluster.members.filter(({ id }) => !cluster.isRunning(id))).toEqual([]);

        for (const { id } of cluster.members) await cluster.kill(id);
        await cluster.startAll();
        await observer.leader();
        await expect(client.counter("hits").get()).resolves.toMatchObject({ value: 7 });
        await expect(client.register(`big-${acknowledged}`).get()).resolves.toMatchObject({ value: big });

        for (const { data } of cluster.members) rmSync(join(data, "filler"));
        await expect(client.register("after").set(big)).resolves.toMatchObject({ value: big });
        await expect(client.counter("hits").add(1)).resolves.toMatchObject({ value: 8 });
        expect(cluster.members.filter(({ id }) => !cluster.isRunning(id))).toEqual([]);
      } finally {
        await client.close();
        await load.close();
      }
    },
  );
});

const big = "x".repeat(500_000);

async function prepare(): Promise<Pick<ClusterUnderLoad, "cluster" | "observer"> & { close(): Promise<void> }> {
  const load = await ClusterUnderLoad.create();
  const { cluster, observer } = load;
  const disks: LoopDisk[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(cluster.members.map(({ id }) => cluster.kill(id)));
    for (const disk of disks) await disk.close();
    await load.close();
  };
  try {
    for (const { data } of cluster.members) disks.push(await LoopDisk.mount({ point: data, mebibytes: 48 }));
  } catch (error) {
    await close();
    throw error;
  }
  return { cluster, observer, close };
}

/** Takes all the space that is left. */
function fill(directory: string): void {
  const file = openSync(join(directory, "filler"), "w");
  try {
    for (const size of [1024 * 1024, 4096, 512]) while (takes(file, size));
  } finally {
    closeSync(file);
  }
}

function takes(file: number, bytes: number): boolean {
  try {
    return writeSync(file, new Uint8Array(bytes)) === bytes;
  } catch (error) {
    if (codeOf(error) === "ENOSPC") return false;
    throw error;
  }
}

/** Large values under `big-1`, `big-2` and so on, until one is not acknowledged; returns how many were. */
async function writeUntilRefused(client: ReturnType<typeof createClient>): Promise<number> {
  for (let number = 1; ; number += 1) {
    try {
      await client.register(`big-${number}`).set(big);
    } catch {
      return number - 1;
    }
  }
}
