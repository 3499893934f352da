// No majority is left: one node's directory, or a saved snapshot, becomes a new cluster that real processes run.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Cluster } from "../../src/demo/cluster.ts";
import { until } from "../../src/demo/wait.ts";
import { run } from "../cli/run.ts";
import { ask, prepareCluster } from "./harness.ts";

const timeout = 120_000;
const increments = "/v1/counters/hits/increments";

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "quorate-offline-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Every file with a hash of its content. Locks are sockets and come and go; SQLite moves what is in its write-ahead file
 * into the database whenever that is opened.
 */
function contentOf(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => !/lock|sqlite/.test(name));
  return names.map(
    (name) =>
      `${name} ${createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex")}`,
  );
}

function entriesOf(cluster: Cluster, id: string): Readonly<Record<string, object>> {
  return JSON.parse(readFileSync(cluster.member(id).configFile, "utf8")).members;
}

/** Writes with a key until it is acknowledged. */
async function add(url: string, key: string): Promise<Readonly<Record<string, unknown>>> {
  return until({ what: "a write to be acknowledged", withinMs: 20_000 }, async () => {
    const headers = { "idempotency-key": key };
    const reply = await ask(url, increments, { method: "POST", headers, body: {} }).catch(() => undefined);
    return reply?.status === 200 ? reply.body : undefined;
  });
}

test.each(["file", "sqlite"])(
  "a survivor goes on alone in a new cluster that refuses the old members and grows again (%s)",
  { timeout },
  async (type) => {
    const { cluster, observer, client } = await prepareCluster(3);
    for (const { id } of cluster.members) cluster.configure(id, { storage: { type } });
    await cluster.startAll();
    for (let at = 0; at < 20; at += 1) await client.counter("hits").add(1);
    const { lastApplied } = await observer.leader();
    await observer.applied(lastApplied, ["n1"]);
    const { data } = cluster.member("n1");
    const into = join(temporary(), "n1");
    const recover = ["recover", "--data", data, "--into", into, "--new-cluster", "second", "--id", "n1"];
    expect((await run([...recover, "--yes"], {})).stderr).toContain("QUORATE_DATA_LOCKED");
    for (const { id } of cluster.members) await cluster.kill(id);

    const before = contentOf(data);
    const asked = await run(recover, {});
    expect(asked).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("IS LOST") });
    expect(asked.stderr).toContain("Nothing was done. Add --yes");
    expect(existsSync(into)).toBe(false);
    const done = await run([...recover, "--yes"], {});
    expect(done).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("only member of the new cluster second"),
    });
    expect(contentOf(data), "the old directory").toEqual(before);
    expect((await run(recover, {})).stderr, "what the old directory holds").toBe(asked.stderr);
    expect((await run([...recover, "--yes"], {})).stderr).toContain("is not empty");
    expect(readdirSync(join(into, ".."))).toEqual(["n1"]);

    const entries = entriesOf(cluster, "n1");
    const { n1, n3 } = entries;
    cluster.configure("n1", { cluster: "second", data: into, members: { n1 } });
    await cluster.start("n1");
    const { url } = cluster.member("n1");
    expect(await add(url, "after")).toMatchObject({ value: 21 });
    await cluster.start("n2");
    await until({ what: "the old member to be refused", withinMs: 20_000, everyMs: 100 }, () =>
      cluster.process("n2")?.output.includes("QUORATE_CLUSTER_MISMATCH") ? true : undefined,
    );
    await cluster.kill("n2");

    rmSync(cluster.member("n3").data, { recursive: true });
    cluster.configure("n3", { cluster: "second", members: { n1, n3 }, join: true });
    await cluster.start("n3");
    const { peer, http } = n3 as { readonly peer: string; readonly http: string };
    const argv = ["members", "add", "n3", "--peer", peer, "--http", http, "--endpoints", url];
    const added = await run(argv, {}, { fetch: (to, init) => fetch(to, init) });
    expect(added).toMatchObject({ exitCode: 0 });
    const status = await observer.leader();
    await observer.applied(status.lastApplied, ["n1", "n3"]);
    const copy = await ask(cluster.member("n3").url, "/v1/counters/hits?forward=true");
    expect(copy.body).toMatchObject({ value: 21 });
  },
);

test("a saved snapshot becomes a new cluster with every write acknowledged before, keys included", {
  timeout,
}, async () => {
  const { cluster, observer } = await prepareCluster(3);
  await cluster.startAll();
  const leader = await observer.leader();
  const { url } = cluster.member(leader.id);
  for (let at = 0; at < 20; at += 1) await add(url, `key-${at}`);
  const directory = temporary();
  const file = join(directory, "backup.snapshot");
  const endpoints = cluster.urls.join(",");
  const saved = await run(
    ["snapshot", "save", file, "--endpoints", endpoints],
    {},
    { fetch: (to, init) => fetch(to, init) },
  );
  expect(saved).toMatchObject({ exitCode: 0, stderr: "" });
  expect(saved.stdout).toMatch(/holds the state after entry \d+, from http/);
  for (const { id } of cluster.members) await cluster.kill(id);

  const data = join(directory, "restored");
  const founder = ["--data", data, "--cluster", "second", "--id", "n1"];
  const cut = join(directory, "cut.snapshot");
  writeFileSync(cut, readFileSync(file));
  truncateSync(cut, readFileSync(file).length - 1);
  const refused = await run(["snapshot", "restore", cut, ...founder], {});
  expect(refused.stderr).toContain("QUORATE_SNAPSHOT_CORRUPT");
  const rotten = readFileSync(file);
  rotten[rotten.length - 1] = (rotten.at(-1) ?? 0) ^ 1;
  writeFileSync(cut, rotten);
  expect((await run(["snapshot", "restore", cut, ...founder], {})).stderr).toContain("QUORATE_SNAPSHOT_CORRUPT");
  expect(existsSync(data)).toBe(false);
  expect(await run(["snapshot", "restore", file, ...founder, "--http", "127.0.0.1:1"], {})).toMatchObject({
    exitCode: 0,
  });

  const { n1 } = entriesOf(cluster, "n1");
  cluster.configure("n1", { cluster: "second", data, members: { n1 } });
  await cluster.start("n1");
  const own = cluster.member("n1").url;
  expect(await add(own, "key-19")).toMatchObject({ value: 20 });
  expect(await add(own, "new")).toMatchObject({ value: 21 });
});
