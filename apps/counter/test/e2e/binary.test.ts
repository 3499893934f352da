// The binary protocol against real processes: what was acknowledged survives the leader's end, each write once.
import { createClient } from "@quorate/client";
import { expect, onTestFinished, test } from "vitest";
import { startCluster, testTimeoutMs, transports } from "./harness.ts";

const writers = 32;
const writesEach = 20;

test.each(transports)(
  "over %s, with the leader killed twice in the middle of pipelined writes, every write takes effect exactly once",
  async (transport) => {
    const { cluster, observer } = await startCluster(3, {}, transport);
    const endpoints = cluster.members.map(({ clientUrl }) => clientUrl);
    const client = createClient({ endpoints, retry: { budgetMs: 30_000 } });
    onTestFinished(() => client.close());
    const values: number[] = [];
    const kills = [writers * 4, writers * 12];
    let killing: Promise<void> = Promise.resolve();
    const killLeader = async (): Promise<void> => {
      const { id: leader } = await observer.leader();
      await cluster.kill(leader);
      await cluster.start(leader);
    };
    const write = async (): Promise<void> => {
      for (let each = 0; each < writesEach; each += 1) {
        values.push((await client.counter("hits").add()).value);
        if (kills.includes(values.length)) killing = killing.then(killLeader);
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    await killing;
    const total = writers * writesEach;
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, each) => each + 1));
    await expect(client.counter("hits").get()).resolves.toMatchObject({ value: total });
    const overHttp = createClient({ endpoints: cluster.urls, retry: { budgetMs: 30_000 } });
    onTestFinished(() => overHttp.close());
    await expect(overHttp.counter("hits").get()).resolves.toMatchObject({ value: total });
  },
  testTimeoutMs,
);

test.each(transports)(
  "over %s, a watch goes on while the leader is killed, and ends with the latest value",
  async (transport) => {
    const { cluster, observer } = await startCluster(3, {}, transport);
    const endpoints = cluster.members.map(({ clientUrl }) => clientUrl);
    const client = createClient({ endpoints, retry: { budgetMs: 30_000 } });
    onTestFinished(() => client.close());
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { value = 0 } of client.counter("hits").watch()) {
        seen.push(value);
        if (value === 50) return;
      }
    })();
    for (let each = 1; each <= 50; each += 1) {
      if (each === 25) await cluster.kill((await observer.leader()).id);
      await client.counter("hits").add();
    }
    await watching;
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
  },
  testTimeoutMs,
);
