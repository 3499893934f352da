// The leader dies, or sleeps, under a cluster of real processes: what was acknowledged stays, and happened once.
import { describe, expect, test } from "vitest";
import { Ledger } from "../../src/demo/ledger.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { ask, startCluster, testTimeoutMs, transports } from "./harness.ts";

const neverAborted = new AbortController().signal;

describe.each(transports)("over %s, when the leader is killed", { timeout: testTimeoutMs }, (transport) => {
  test("another one leads, nothing is lost, and the dead node catches up when it is back", async () => {
    const { cluster, observer } = await startCluster(3, {}, transport);
    const ledger = new Ledger();
    const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
    await until({ what: "50 writes", withinMs: 20_000 }, () => (ledger.acknowledged >= 50 ? true : undefined));
    const dead = await observer.leader();
    await cluster.kill(dead.id);
    const next = await observer.leader(dead.term);
    expect(next.id).not.toBe(dead.id);
    const { acknowledged } = ledger;
    await until({ what: "50 more writes", withinMs: 20_000 }, () =>
      ledger.acknowledged >= acknowledged + 50 ? true : undefined,
    );
    await cluster.start(dead.id);
    await observer.applied(ledger.lastIndex, [dead.id]);
    await workload.stop(20_000);
    const replicas = await readReplicas({
      cluster,
      observer,
      facts: ledger,
      index: ledger.lastIndex,
      signal: neverAborted,
    });
    expect(prove(ledger, replicas).problems).toEqual([]);
  });

  test("a retry with the same Idempotency-Key gets the first answer from the next leader and has no second effect", async () => {
    const { cluster, observer, client } = await startCluster(3, {}, transport);
    const first = await observer.leader();
    const request = { method: "POST", body: { by: 5 }, headers: { "idempotency-key": "order-1" } };
    const path = "/v1/counters/orders/increments";
    const before = await ask(cluster.member(first.id).url, path, request);
    await cluster.kill(first.id);
    const next = await observer.leader(first.term);
    const url = cluster.member(next.id).url;
    await client.counter("orders").add(1);
    const again = await ask(url, path, request);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toEqual(before.body);
    const reused = await ask(url, path, { ...request, body: { by: 6 } });
    expect(reused).toMatchObject({ status: 422, body: { code: "QUORATE_KEY_REUSED", outcome: "none" } });
    await expect(client.counter("orders").get()).resolves.toMatchObject({ value: 6 });
  });
});

describe.each(transports)("over %s, when the leader is asked to end", { timeout: testTimeoutMs }, (transport) => {
  test("it ends with exit code 0, another one leads, and nothing is lost", async () => {
    const { cluster, observer, client } = await startCluster(3, {}, transport);
    await client.counter("hits").add(1);
    const first = await observer.leader();
    const leaving = cluster.process(first.id);
    await cluster.kill(first.id, "SIGTERM");
    expect(await leaving?.exited).toEqual({ code: 0, signal: null });
    await observer.leader(first.term);
    await expect(client.counter("hits").add(1)).resolves.toMatchObject({ value: 2 });
  });
});

describe.each(transports)(
  "over %s, when all nodes are killed at once under load",
  { timeout: testTimeoutMs },
  (transport) => {
    test("everything that was acknowledged is there after the restart", async () => {
      const { cluster, observer } = await startCluster(3, {}, transport);
      const ledger = new Ledger();
      const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 8, writesPerSecond: 400 });
      await until({ what: "200 writes", withinMs: 20_000 }, () => (ledger.acknowledged >= 200 ? true : undefined));
      await Promise.all(cluster.members.map(({ id }) => cluster.kill(id)));
      await cluster.startAll();
      await observer.leader();
      await workload.stop(20_000);
      const replicas = await readReplicas({
        cluster,
        observer,
        facts: ledger,
        index: ledger.lastIndex,
        signal: neverAborted,
      });
      expect(prove(ledger, replicas).problems).toEqual([]);
    });
  },
);

describe.each(transports)(
  "over %s, when the leader is stopped in its tracks",
  { timeout: testTimeoutMs },
  (transport) => {
    test("another one leads, and the old one serves no old value when it wakes", async () => {
      const { cluster, observer, client } = await startCluster(3, {}, transport);
      await client.register("x").set("old");
      const asleep = await observer.leader();
      cluster.pause(asleep.id);
      const pausedAtMs = performance.now();
      const next = await observer.leader(asleep.term);
      expect(next.id).not.toBe(asleep.id);
      await client.register("x").set("new");
      // These wait in the sleeper's sockets and are the first that it sees when it wakes, before any message of its peers.
      const { url } = cluster.member(asleep.id);
      const reads = Array.from({ length: 20 }, () => ask(url, "/v1/registers/x"));
      await until({ what: "a sleep of 2 s", withinMs: 10_000 }, async () => {
        const { term } = await observer.leader();
        return term > asleep.term && performance.now() - pausedAtMs >= 2000 ? true : undefined;
      });
      cluster.resume(asleep.id);
      const answers = await Promise.all(reads);
      expect(answers.filter(({ body }) => body["value"] === "old")).toEqual([]);
      expect(answers.filter(({ status, body }) => status === 200 && body["value"] !== "new")).toEqual([]);
      const { lastApplied } = await observer.leader(asleep.term);
      await observer.applied(lastApplied, [asleep.id]);
    });
  },
);
