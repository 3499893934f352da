// A node whose files are damaged or have lost what it had acknowledged stops, is rebuilt from the others when it is told to,
// and nothing is lost.

import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Ledger } from "../../src/demo/ledger.ts";
import { prove } from "../../src/demo/proof.ts";
import { readReplicas } from "../../src/demo/replicas.ts";
import { until } from "../../src/demo/wait.ts";
import { Workload } from "../../src/demo/workload.ts";
import { ask, prepareCluster, startCluster, type TestCluster, testTimeoutMs, transports } from "./harness.ts";

const neverAborted = new AbortController().signal;

describe.each(transports)(
  "over %s, a node with a flipped bit in its log",
  {
    timeout: 2 * testTimeoutMs,
  },
  (transport) => {
    test("refuses to start, is rebuilt under load, votes again, and nothing is lost", async () => {
      const { cluster, observer } = await startCluster(3, {}, transport);
      const ledger = new Ledger();
      const workload = new Workload({ endpoints: cluster.urls, ledger, workers: 4, writesPerSecond: 200 });
      await acknowledge(ledger, 100);
      const victim = (await observer.leader()).id;
      await cluster.kill(victim);
      const { data, configFile } = cluster.member(victim);
      flipBit(join(data, "segment-0000000001.log"));

      const refused = cluster.launch(victim);
      await expect(refused.exited).resolves.toEqual({ code: 1, signal: null });
      expect(refused.output).toContain("QUORATE_LOG_CORRUPT");
      expect(refused.output).toContain("segment-0000000001.log is damaged at offset");
      expect(refused.output).toContain("--rebuild");

      changeStorage(configFile, { onCorruption: "rebuild" });
      const rebuilt = await cluster.start(victim);
      expect(rebuilt.output).toContain('"msg":"rebuilding"');
      expect(readdirSync(data).filter((name) => name.startsWith("damaged-"))).toHaveLength(1);
      await acknowledge(ledger, 50);
      await toBeVoter({ cluster, observer }, victim);

      // Its vote counts: with it, either of the others can be spared.
      const other = cluster.members.find(({ id }) => id !== victim)?.id ?? "";
      await cluster.kill(other);
      await acknowledge(ledger, 50);
      await workload.stop(20_000);
      await cluster.start(other);
      const { lastIndex: index } = ledger;
      const replicas = await readReplicas({ cluster, observer, facts: ledger, index, signal: neverAborted });
      expect(prove(ledger, replicas).problems).toEqual([]);
    });
  },
);

describe("flipped bits on two nodes of three", { timeout: 3 * testTimeoutMs }, () => {
  test("stop both with a text that says what is left to do, the third serves what it has, and nothing is lost", async () => {
    const { cluster, observer, client } = await startCluster();
    for (let count = 1; count <= 30; count += 1) await client.counter("hits").add(1);
    const [first = "", second = "", third = ""] = cluster.members.map(({ id }) => id);
    await observer.applied((await observer.leader()).commitIndex, [third]);
    const files = [first, second].map((id) => join(cluster.member(id).data, "segment-0000000001.log"));
    await Promise.all([first, second].map((id) => cluster.kill(id)));
    const intact = files.map((file) => readFileSync(file));
    files.forEach(flipBit);
    const damaged = files.map((file) => readFileSync(file));

    for (const id of [first, second]) changeStorage(cluster.member(id).configFile, { onCorruption: "rebuild" });
    const refused = [first, second].map((id) => cluster.launch(id));
    for (const { exited } of refused) await expect(exited).resolves.toEqual({ code: 1, signal: null });
    for (const { output } of refused) {
      expect(output).toContain("QUORATE_REBUILD_IMPOSSIBLE");
      expect(output).toContain("needs 2 of 3 nodes with intact files");
      expect(output).toContain("segment-0000000001.log is damaged at offset");
      expect(output).toMatch(/do not delete anything.*quorate snapshot restore.*quorate recover/);
    }
    expect(files.map((file) => readFileSync(file))).toEqual(damaged);

    // The third makes no quorum of itself: it leads nobody, takes nothing, and serves what may be old.
    const { url } = cluster.member(third);
    expect((await ask(url, "/v1/status")).body).toMatchObject({ leader: null });
    const write = await ask(url, "/v1/counters/hits/increments", { method: "POST", body: { by: 1 } });
    expect(write).toMatchObject({ status: 503, body: { code: "QUORATE_NO_LEADER", outcome: "none" } });
    const stale = await ask(url, "/v1/counters/hits?consistency=stale");
    expect(stale.body).toMatchObject({ value: 30 });

    // With one of the two intact after all, there is a majority, and it takes the other one back.
    writeFileSync(files[0] ?? "", intact[0] ?? "");
    await cluster.start(first);
    const rebuilt = await cluster.start(second);
    expect(rebuilt.output).toContain('"msg":"rebuilding"');
    await toBeVoter({ cluster, observer }, second);
    await expect(client.counter("hits").add(1)).resolves.toMatchObject({ value: 31 });
  });
});

describe("a node whose directory was replaced by an older copy of itself", { timeout: 2 * testTimeoutMs }, () => {
  test.each(["file", "sqlite"])("is told what it has lost, sets its files aside, and is rebuilt (%s)", async (type) => {
    const { cluster, observer, client } = await prepareCluster();
    for (const { configFile } of cluster.members) changeStorage(configFile, { type });
    await cluster.startAll();
    for (let count = 1; count <= 20; count += 1) await client.counter("hits").add(1);
    const leader = await observer.leader();
    const victim = cluster.members.find(({ id }) => id !== leader.id)?.id ?? "";
    const { data, configFile } = cluster.member(victim);
    await cluster.kill(victim);
    cpSync(data, `${data}-copy`, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    await cluster.start(victim);
    for (let count = 1; count <= 20; count += 1) await client.counter("hits").add(1);
    await observer.applied((await observer.leader()).commitIndex, [victim]);
    await cluster.kill(victim);
    rmSync(data, { recursive: true });
    renameSync(`${data}-copy`, data);

    changeStorage(configFile, { onCorruption: "rebuild" });
    const told = cluster.launch(victim);
    await expect(told.exited).resolves.toEqual({ code: 1, signal: null });
    expect(told.output).toContain("QUORATE_LOG_CORRUPT");
    expect(told.output).toContain("the next start gets everything from the other nodes");
    await cluster.start(victim);
    await toBeVoter({ cluster, observer }, victim);
    await client.counter("hits").add(1);
    await observer.applied((await observer.leader()).commitIndex, [victim]);
    const stale = await ask(cluster.member(victim).url, "/v1/counters/hits?consistency=stale");
    expect(stale.body).toMatchObject({ value: 41 });
  });
});

function changeStorage(configFile: string, change: Readonly<Record<string, unknown>>): void {
  const config = JSON.parse(readFileSync(configFile, "utf8")) as Record<string, object>;
  writeFileSync(configFile, JSON.stringify({ ...config, storage: { ...config["storage"], ...change } }));
}

async function acknowledge(ledger: Ledger, count: number): Promise<void> {
  const goal = ledger.acknowledged + count;
  await until({ what: `${count} writes`, withinMs: 30_000 }, () => (ledger.acknowledged >= goal ? true : undefined));
}

async function toBeVoter({ cluster, observer }: Omit<TestCluster, "client">, id: string): Promise<void> {
  // As long as its new store is not noted it still counts as the voter that it was; what it applies comes after that.
  await observer.applied((await observer.leader()).commitIndex, [id]);
  await until({ what: `${id} to be a voter that has caught up`, withinMs: 30_000, everyMs: 50 }, async () => {
    const statuses = await observer.statuses();
    if (statuses.size < cluster.members.length) return undefined;
    const isVoter = [...statuses.values()].every(({ members }) => members.some((one) => one.id === id && one.voter));
    return isVoter ? true : undefined;
  });
}

/** In the middle of what was written. */
function flipBit(file: string): void {
  const bytes = readFileSync(file);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  const at = 4096 + Math.floor((end - 4096) / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}
