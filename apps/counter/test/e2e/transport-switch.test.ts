// A cluster moves from plain TCP to TLS node by node, under load, and loses nothing.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Ledger } from "../../src/demo/ledger.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { initTls } from "../../src/tls/init.ts";
import { others, startCluster, testTimeoutMs } from "./harness.ts";

const withinMs = 30_000;

/** What each node's configuration says after the switch. */
async function makeTls(nodes: readonly string[]): Promise<(id: string) => object> {
  const directory = mkdtempSync(join(tmpdir(), "quorate-switch-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const made = await initTls({ directory, cluster: "demo", nodes, validDays: 1, renew: false });
  return (id) => {
    const { cert, key } = made.nodes.find((node) => node.id === id) ?? {};
    return { type: "tcp", tls: { ca: made.ca, cert, key } };
  };
}

test("a switch from plain TCP to TLS, one node after the other, costs no acknowledged write", {
  timeout: 2 * testTimeoutMs,
}, async () => {
  const { cluster, observer } = await startCluster();
  const tlsOf = await makeTls(cluster.members.map(({ id }) => id));
  const ledger = new Ledger();
  const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
  const moreWrites = (count: number) => {
    const target = ledger.acknowledged + count;
    return until({ what: `${count} more writes`, withinMs }, () => (ledger.acknowledged >= target ? true : undefined));
  };
  await moreWrites(50);
  const first = await observer.leader();
  for (const id of [...others(cluster, first.id), first.id]) {
    await cluster.kill(id, "SIGTERM");
    cluster.configure(id, { transport: tlsOf(id) });
    await cluster.start(id);
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
