// A cluster of real processes forms, answers at every node, and ends as supervisors expect.
import { describe, expect, test } from "vitest";
import { ask, others, startCluster, testTimeoutMs, transports } from "./harness.ts";

describe.each(transports)("three processes over %s", { timeout: testTimeoutMs }, (transport) => {
  test("form a cluster with one leader that all agree on", async () => {
    const { cluster, observer } = await startCluster(3, {}, transport);
    const leader = await observer.leader();
    await observer.settled(1);
    const statuses = await observer.statuses();
    expect([...statuses.values()].map(({ leader: known }) => known?.id)).toEqual([leader.id, leader.id, leader.id]);
    expect(leader.members.map(({ id }) => id).toSorted()).toEqual(["n1", "n2", "n3"]);
    expect(cluster.members).toHaveLength(3);
  });

  test("take writes and reads through each node, which names the leader with 307", async () => {
    const { cluster, observer } = await startCluster(3, {}, transport);
    const leader = await observer.leader();
    for (const id of others(cluster, leader.id)) {
      await observer.applied(1, [id]);
      const { url } = cluster.member(id);
      const refused = await ask(url, "/v1/counters/hits/increments?via=x", { method: "POST", body: { by: 2 } });
      expect(refused.status).toBe(307);
      expect(refused.headers.get("raft-leader")).toBe(leader.id);
      expect(refused.headers.get("location")).toBe(
        `${cluster.member(leader.id).url}/v1/counters/hits/increments?via=x`,
      );
      const followed = await fetch(`${url}/v1/counters/hits/increments`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ by: 2 }),
      });
      expect(followed.status).toBe(200);
      const read = await fetch(`${url}/v1/counters/hits`);
      expect(await read.json()).toMatchObject({ name: "hits" });
      const direct = await ask(url, "/v1/counters/hits?redirect=never");
      expect(direct.status).toBe(421);
    }
    const total = await ask(cluster.member(leader.id).url, "/v1/counters/hits");
    expect(total.body).toMatchObject({ name: "hits", value: 4 });
  });

  test("answer stale reads from any node, with the position of its state", async () => {
    const { cluster, observer, client } = await startCluster(3, {}, transport);
    const { index } = await client.register("greeting").set({ text: "hello" });
    await observer.settled(index);
    for (const { url } of cluster.members) {
      const read = await ask(url, "/v1/registers/greeting?consistency=stale");
      expect(read.body).toMatchObject({ key: "greeting", value: { text: "hello" } });
      expect(read.headers.get("raft-consistency")).toBe("stale");
    }
  });

  test("end with exit code 0 on SIGTERM, leader last or first", async () => {
    const { cluster } = await startCluster(3, {}, transport);
    const processes = cluster.members.flatMap(({ id }) => cluster.process(id) ?? []);
    await Promise.all(cluster.members.map(({ id }) => cluster.kill(id, "SIGTERM")));
    const statuses = await Promise.all(processes.map((node) => node.exited));
    expect(statuses).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });
});

test("one process alone is a cluster of one", { timeout: testTimeoutMs }, async () => {
  const { client } = await startCluster(1);
  await expect(client.counter("hits").add(3)).resolves.toMatchObject({ value: 3 });
  await expect(client.counter("hits").get()).resolves.toMatchObject({ value: 3 });
});
