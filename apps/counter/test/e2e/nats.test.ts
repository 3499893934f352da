// Three processes that reach each other only through a broker: the leader dies, then the broker, and nothing is lost.
import { createClient } from "@quorate/client";
import { NatsServer } from "@quorate/transport-nats/test-server";
import { expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../src/demo/cluster.ts";
import { Ledger } from "../../src/demo/ledger.ts";
import { Observer } from "../../src/demo/observer.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { serverCommand } from "../../src/demo/server-command.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { testTimeoutMs } from "./harness.ts";

const withinMs = 30_000;

/** A cluster over a broker of its own; no process of it runs yet. */
async function prepareNatsCluster() {
  const broker = await NatsServer.start({ download: true });
  const cluster = await Cluster.create({
    command: serverCommand(),
    nodes: 3,
    transport: "nats",
    brokers: [broker.url],
    storage: "file",
  });
  const observer = new Observer(cluster);
  onTestFinished(async () => {
    await observer.close();
    await cluster.close();
    await broker.close();
  });
  return { broker, cluster, observer };
}

test("over NATS, a killed leader and a killed broker cost no acknowledged write", {
  timeout: 2 * testTimeoutMs,
}, async () => {
  const { broker, cluster, observer } = await prepareNatsCluster();
  await cluster.startAll();
  await observer.leader();
  const ledger = new Ledger();
  const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
  const moreWrites = (count: number) => {
    const target = ledger.acknowledged + count;
    return until({ what: `${count} more writes`, withinMs }, () => (ledger.acknowledged >= target ? true : undefined));
  };
  await moreWrites(50);
  const dead = await observer.leader();
  await cluster.kill(dead.id);
  await observer.leader(dead.term);
  await moreWrites(50);
  await cluster.start(dead.id);
  await broker.kill();
  await until({ what: "a cluster without a leader", withinMs }, async () => {
    const statuses = [...(await observer.statuses()).values()];
    return statuses.every((status) => status?.leader === null) ? true : undefined;
  });
  await broker.restart();
  await observer.leader();
  await moreWrites(50);
  await observer.applied(ledger.lastIndex, [dead.id]);
  await workload.stop(withinMs);
  const signal = new AbortController().signal;
  const replicas = await readReplicas({ cluster, observer, facts: ledger, index: ledger.lastIndex, signal });
  expect(prove(ledger, replicas).problems).toEqual([]);
});

test("over NATS, a broker that sleeps and wakes under load costs no acknowledged write", {
  timeout: 2 * testTimeoutMs,
}, async () => {
  const { broker, cluster, observer } = await prepareNatsCluster();
  await cluster.startAll();
  await observer.leader();
  const ledger = new Ledger();
  const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
  const moreWrites = (count: number) => {
    const target = ledger.acknowledged + count;
    return until({ what: `${count} more writes`, withinMs }, () => (ledger.acknowledged >= target ? true : undefined));
  };
  await moreWrites(50);
  for (let round = 0; round < 2; round += 1) {
    broker.pause();
    await until({ what: "a cluster without a leader", withinMs }, async () => {
      const statuses = [...(await observer.statuses()).values()];
      return statuses.every((status) => status?.leader === null) ? true : undefined;
    });
    broker.resume();
    await observer.leader();
    await moreWrites(50);
  }
  await workload.stop(withinMs);
  await observer.applied(
    ledger.lastIndex,
    cluster.members.map(({ id }) => id),
  );
  const signal = new AbortController().signal;
  const replicas = await readReplicas({ cluster, observer, facts: ledger, index: ledger.lastIndex, signal });
  expect(prove(ledger, replicas).problems).toEqual([]);
});

test("nodes that start before the broker form the cluster when it comes", { timeout: testTimeoutMs }, async () => {
  const { broker, cluster, observer } = await prepareNatsCluster();
  await broker.kill();
  await cluster.startAll();
  await broker.restart();
  await observer.leader();
  const client = createClient({ endpoints: cluster.urls, retry: { budgetMs: withinMs } });
  onTestFinished(() => client.close());
  await expect(client.counter("hits").add(1)).resolves.toMatchObject({ value: 1 });
});
