// A cluster moves from one transport to another and back, node by node, under load, and loses nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NatsServer } from "@quorate/transport-nats/test-server";
import { expect, onTestFinished, test } from "vitest";
import { Ledger } from "../../src/demo/ledger.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { initTls } from "../../src/tls/init.ts";
import { others, startCluster, testTimeoutMs } from "./harness.ts";

const withinMs = 30_000;

/** What the configuration of each node says about its transport. */
type TransportOf = (id: string) => object;

const plain: TransportOf = () => ({ type: "tcp" });

async function makeTls(nodes: readonly string[]): Promise<TransportOf> {
  const directory = mkdtempSync(join(tmpdir(), "quorate-switch-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const made = await initTls({ directory, cluster: "demo", nodes, validDays: 1, renew: false });
  return (id) => {
    const { cert, key } = made.nodes.find((node) => node.id === id) ?? {};
    return { type: "tcp", tls: { ca: made.ca, cert, key } };
  };
}

async function startBroker(): Promise<TransportOf> {
  const broker = await NatsServer.start({ download: true });
  onTestFinished(() => broker.close());
  return () => ({ type: "nats", servers: [broker.url] });
}

test.each([
  ["TLS", makeTls, '"msg":"certificateLoaded"'],
  ["NATS", startBroker, '"transport":"nats"'],
])(
  "a switch from plain TCP to %s and back, one node after the other, costs no acknowledged write",
  { timeout: 3 * testTimeoutMs },
  async (_name, open, sign) => {
    const { cluster, observer } = await startCluster();
    const ids = cluster.members.map(({ id }) => id);
    const other = await open(ids);
    const ledger = new Ledger();
    const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
    const moreWrites = (count: number) => {
      const target = ledger.acknowledged + count;
      return until({ what: `${count} more writes`, withinMs }, () =>
        ledger.acknowledged >= target ? true : undefined,
      );
    };
    await moreWrites(50);
    for (const transportOf of [other, plain]) {
      const { id: first } = await observer.leader();
      for (const id of [...others(cluster, first), first]) {
        await cluster.kill(id, "SIGTERM");
        cluster.configure(id, { transport: transportOf(id) });
        const node = await cluster.start(id);
        expect(node.output.includes(sign)).toBe(transportOf === other);
        await moreWrites(50);
      }
      await observer.applied(ledger.lastIndex, ids);
    }
    await workload.stop(withinMs);
    const signal = new AbortController().signal;
    const replicas = await readReplicas({ cluster, observer, facts: ledger, index: ledger.lastIndex, signal });
    expect(prove(ledger, replicas).problems).toEqual([]);
  },
);
