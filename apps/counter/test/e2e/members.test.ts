// The membership of real processes changes under load: what was acknowledged stays, whoever comes and goes.
import { readFileSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import type { Cluster } from "../../src/demo/cluster.ts";
import { Ledger } from "../../src/demo/ledger.ts";
import type { Observer } from "../../src/demo/observer.ts";
import { findFreePorts } from "../../src/demo/ports.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { ask, prepareCluster, type TestCluster, type TransportName, transports } from "./harness.ts";

const timeout = 120_000;
const neverAborted = new AbortController().signal;
const path = "/v1/cluster/members";

/** Three founders that run, and nodes that can be started and added. */
async function withSpares(spares: number, transport: TransportName = "tcp"): Promise<TestCluster> {
  const prepared = await prepareCluster(3 + spares, {}, transport);
  const { cluster, observer } = prepared;
  const all = entriesOf(cluster, "n1");
  const founders = Object.fromEntries(Object.entries(all).slice(0, 3));
  for (const { id } of cluster.members) {
    const isSpare = founders[id] === undefined;
    // Elections must not come from the machine being busy with ten other processes.
    const raft = { electionTimeoutMs: [400, 800], heartbeatMs: 100 };
    cluster.configure(id, { members: { ...founders, [id]: all[id] }, raft, ...(isSpare && { join: true }) });
  }
  await Promise.all(Object.keys(founders).map((id) => cluster.start(id)));
  // Until all have the first entry, whoever is killed may be the only one that knows that the cluster was formed.
  await observer.settled(1, undefined, Object.keys(founders));
  return prepared;
}

type Entry = { readonly peer: string; readonly http: string; readonly client: string };

function entriesOf(cluster: Cluster, id: string): Readonly<Record<string, Entry>> {
  return JSON.parse(readFileSync(cluster.member(id).configFile, "utf8")).members;
}

/** Asks whoever leads until it is done, also if that was an earlier attempt whose answer was lost. */
async function change(observer: Observer, method: string, route: string, body?: object): Promise<void> {
  let last = "no answer";
  const done = async (): Promise<true | undefined> => {
    const { leader } = await observer.leader();
    const request = { method, ...(body !== undefined && { body }) };
    const reply = await ask(leader?.http ?? "", route, request).catch(() => undefined);
    last = JSON.stringify(reply?.body ?? last);
    const reason = reply?.body["reason"];
    const isDone = reply?.status === 200 || reason === "alreadyMember" || reason === "unknownServer";
    return isDone ? true : undefined;
  };
  await until({ what: `${method} ${route}`, withinMs: 30_000, everyMs: 100 }, done).catch((error: unknown) => {
    throw new Error(`the last answer was ${last}`, { cause: error });
  });
}

/** Makes a node the leader. */
async function lead({ cluster, observer }: TestCluster, id: string): Promise<void> {
  await until({ what: `${id} to lead`, withinMs: 30_000, everyMs: 100 }, async () => {
    const leader = await observer.leader();
    if (leader.id === id) return true;
    await ask(cluster.member(leader.id).url, "/v1/cluster/leader-transfer", { method: "POST", body: { to: id } });
    return undefined;
  });
}

async function add({ cluster, observer }: TestCluster, id: string): Promise<void> {
  await cluster.start(id);
  const entry = entriesOf(cluster, id)[id];
  await change(observer, "POST", path, { id, ...entry });
  await voters(observer, (ids) => ids.includes(id));
}

async function remove({ observer }: TestCluster, id: string): Promise<void> {
  await change(observer, "DELETE", `${path}/${id}`);
  await voters(observer, (ids) => !ids.includes(id));
}

/** Waits until the leader's voters are as they should be. */
async function voters(observer: Observer, areRight: (ids: readonly string[]) => boolean): Promise<readonly string[]> {
  return until({ what: "the voters to be as they should", withinMs: 30_000, everyMs: 50 }, async () => {
    const leader = await observer.leader();
    const ids = leader.members.filter(({ voter }) => voter).map(({ id }) => id);
    return areRight(ids) ? ids.toSorted() : undefined;
  });
}

/** What a node says is wrong. */
async function diagnosis(cluster: Cluster, id: string, text: string): Promise<string> {
  return until({ what: `${id} to say "${text}"`, withinMs: 30_000, everyMs: 100 }, async () => {
    const { body } = await ask(cluster.member(id).url, "/v1/status");
    const said = body["diagnosis"];
    return typeof said === "string" && said.includes(text) ? said : undefined;
  });
}

test.each(transports)(
  "over %s, a cluster grows under load and loses all its founders, but no acknowledged write",
  {
    timeout,
  },
  async (transport) => {
    const running = await withSpares(3, transport);
    const { cluster, observer } = running;
    const ledger = new Ledger();
    const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
    for (const id of ["n4", "n5"]) await add(running, id);
    expect(await voters(observer, (ids) => ids.length === 5)).toEqual(["n1", "n2", "n3", "n4", "n5"]);
    await add(running, "n6");
    // The second one only follows when it is removed, so nobody has to tell it but those that it asks.
    for (const [next, leader] of [
      ["n1", "n1"],
      ["n2", "n3"],
      ["n3", "n3"],
    ] as const) {
      await lead(running, leader);
      await remove(running, next);
      expect(await diagnosis(cluster, next, `${next} was removed from the cluster`)).toContain("Stop this node");
      expect(cluster.process(next)?.output).toContain('"msg":"removed"');
      await cluster.kill(next);
    }
    const { acknowledged } = ledger;
    await until({ what: "50 more writes", withinMs: 20_000 }, () =>
      ledger.acknowledged >= acknowledged + 50 ? true : undefined,
    );
    await workload.stop(20_000);
    const ids = ["n4", "n5", "n6"];
    const signal = neverAborted;
    const replicas = await readReplicas({ cluster, observer, facts: ledger, index: ledger.lastIndex, signal, ids });
    expect(prove(ledger, replicas).problems).toEqual([]);
  },
);

test.each(transports)(
  "over %s, a node whose disk was wiped comes back by itself and votes again, and nothing is lost",
  {
    timeout,
  },
  async (transport) => {
    const { cluster, observer } = await withSpares(0, transport);
    const ledger = new Ledger();
    const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
    await until({ what: "50 writes", withinMs: 20_000 }, () => (ledger.acknowledged >= 50 ? true : undefined));
    const leader = await observer.leader();
    const victim = leader.id === "n1" ? "n2" : "n1";
    await cluster.kill(victim);
    rmSync(cluster.member(victim).data, { recursive: true });
    await cluster.start(victim);
    const index = await until({ what: "the new store to be noted", withinMs: 30_000 }, async () => {
      const { leader: now } = await observer.leader();
      const { body } = await ask(now?.http ?? "", path);
      return Number(body["configurationIndex"]) > 2 ? Number(body["configurationIndex"]) : undefined;
    });
    expect(index).toBeGreaterThan(50);
    await voters(observer, (ids) => ids.length === 3);
    await workload.stop(20_000);
    const signal = neverAborted;
    const replicas = await readReplicas({ cluster, observer, facts: ledger, index: ledger.lastIndex, signal });
    expect(prove(ledger, replicas).problems).toEqual([]);
  },
);

test("two of three founders form no cluster and say whom they wait for", { timeout }, async () => {
  const { cluster, observer } = await prepareCluster(3);
  await Promise.all(["n1", "n2"].map((id) => cluster.start(id)));
  await diagnosis(cluster, "n1", "a cluster is formed by all of its 3 voters together");
  await diagnosis(cluster, "n2", "No answer: n3");
  await until({ what: "a line in the log", withinMs: 20_000, everyMs: 100 }, () =>
    /"msg":"noLeader"/.test(cluster.process("n1")?.output ?? "") ? true : undefined,
  );
  const { body } = await ask(cluster.member("n1").url, "/v1/status");
  expect(body).toMatchObject({ term: 0, lastIndex: 0, leader: null });
  await cluster.start("n3");
  await observer.leader();
});

test.each(["tcp", "nats"] as const)(
  "over %s, a node that was away while all others were replaced finds the new ones through one that it knows",
  {
    timeout,
  },
  async (transport) => {
    const running = await withSpares(2, transport);
    const { cluster, observer, client } = running;
    await client.counter("hits").add(7);
    await cluster.kill("n3");
    for (const id of ["n4", "n5"]) await add(running, id);
    for (const id of ["n2", "n1"]) await remove(running, id);
    await cluster.kill("n2");
    const { lastApplied } = await observer.leader();
    await cluster.start("n3");
    await observer.applied(lastApplied, ["n3"]);
    expect(cluster.process("n3")?.output).toContain('"msg":"membersHeard"');
  },
);

test("a node that was away while all others were replaced and ended finds the new ones that its owner names", {
  timeout,
}, async () => {
  const running = await withSpares(2);
  const { cluster, observer } = running;
  await cluster.kill("n3");
  for (const id of ["n4", "n5"]) await add(running, id);
  for (const id of ["n2", "n1"]) {
    await remove(running, id);
    await cluster.kill(id);
  }
  const { lastApplied } = await observer.leader();
  const today = { ...entriesOf(cluster, "n4"), ...entriesOf(cluster, "n5") };
  const { n3, n4, n5 } = today;
  cluster.configure("n3", { members: { n3, n4, n5 }, join: true });
  await cluster.start("n3");
  await observer.applied(lastApplied, ["n3"]);
  const { members } = await observer.leader();
  expect(members.map(({ id }) => id).toSorted()).toEqual(["n3", "n4", "n5"]);
});

test("nodes that have all moved at once find each other by their files, if they are told to", { timeout }, async () => {
  const { cluster, observer, client } = await withSpares(0);
  await client.counter("hits").add(3);
  for (const { id } of cluster.members) await cluster.kill(id);
  const [first = 0, second = 0, third = 0] = await findFreePorts(3);
  const ports: Readonly<Record<string, number>> = { n1: first, n2: second, n3: third };
  const moved = Object.entries(entriesOf(cluster, "n1")).map(([id, entry]) => [
    id,
    { ...entry, peer: `127.0.0.1:${ports[id]}` },
  ]);
  for (const { id } of cluster.members) cluster.configure(id, { members: Object.fromEntries(moved) });
  await cluster.startAll();
  expect(cluster.process("n1")?.output).toContain(`quorate members move n1 --peer 127.0.0.1:${first}`);
  await diagnosis(cluster, "n1", "No answer: n2, n3");
  for (const { id } of cluster.members) {
    await cluster.kill(id);
    cluster.configure(id, { addresses: "file" });
  }
  await cluster.startAll();
  await observer.leader();
  await expect(client.counter("hits").get()).resolves.toMatchObject({ value: 3 });
});
