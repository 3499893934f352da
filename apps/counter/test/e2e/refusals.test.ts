// Starts that must not succeed: they end at once, with a code and a text that says what to do.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Cluster } from "../../src/demo/cluster.ts";
import { NodeProcess } from "../../src/demo/node-process.ts";
import { findFreePorts } from "../../src/demo/ports.ts";
import { serverCommand } from "../../src/demo/server-command.ts";
import { until } from "../../src/demo/wait.ts";
import { prepareCluster, startCluster, testTimeoutMs } from "./harness.ts";

type Config = Readonly<Record<string, unknown>>;

/** Starts a node from a changed copy of a member's configuration. */
function launchChanged(cluster: Cluster, id: string, change: (config: Config) => Config): NodeProcess {
  const { configFile } = cluster.member(id);
  const changedFile = `${configFile}.changed.json`;
  // Written by the cluster as one JSON object.
  writeFileSync(changedFile, JSON.stringify(change(JSON.parse(readFileSync(configFile, "utf8")) as Config)));
  return launch(changedFile);
}

function launch(configFile: string): NodeProcess {
  const node = new NodeProcess("node", serverCommand(), configFile);
  onTestFinished(() => node.kill("SIGKILL"));
  return node;
}

async function endOf(node: NodeProcess) {
  const startedMs = performance.now();
  const { code } = await node.exited;
  return { code, output: node.output, ms: performance.now() - startedMs };
}

async function otherAddresses(id: string): Promise<Config> {
  const [peer, http] = await findFreePorts(2);
  return { [id]: { peer: `127.0.0.1:${peer}`, http: `127.0.0.1:${http}` } };
}

describe("a start is refused", { timeout: testTimeoutMs }, () => {
  test("on a data directory that another process uses, within a second more than loading the program takes", async () => {
    const { cluster, client } = await startCluster(1);
    const addresses = await otherAddresses("n1");
    const loading = await endOf(launchChanged(cluster, "n1", (config) => ({ ...config, colour: "red" })));
    expect(loading.code).not.toBe(0);
    expect(loading.output).toContain("colour");

    const second = await endOf(launchChanged(cluster, "n1", (config) => ({ ...config, members: addresses })));
    expect(second.code).not.toBe(0);
    expect(second.output).toContain("QUORATE_DATA_LOCKED");
    expect(second.output).toContain(String(cluster.process("n1")?.pid));
    expect(second.ms - loading.ms).toBeLessThan(1000);
    await expect(client.counter("hits").add()).resolves.toMatchObject({ value: 1 });
  });

  test("on a data directory of another cluster, which it leaves as it is", async () => {
    const { cluster, client, observer } = await startCluster(1);
    await client.counter("hits").add();
    await cluster.kill("n1");
    const end = await endOf(launchChanged(cluster, "n1", (config) => ({ ...config, cluster: "other" })));
    expect(end.code).not.toBe(0);
    expect(end.output).toContain("QUORATE_CLUSTER_MISMATCH");
    expect(end.output).toMatch(/demo[^]*other|other[^]*demo/);
    await cluster.start("n1");
    await observer.leader();
    await expect(client.counter("hits").get()).resolves.toMatchObject({ value: 1 });
  });

  test.each(["peer", "http"] as const)("when its %s port is taken", async (kind) => {
    const { cluster } = await prepareCluster(1);
    const { url, peer, configFile } = cluster.member("n1");
    const port = kind === "http" ? Number(new URL(url).port) : Number(peer.split(":")[1]);
    const occupant = createServer();
    await new Promise<void>((resolve) => {
      occupant.listen(port, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      occupant.close();
    });
    const end = await endOf(launch(configFile));
    expect(end.code).not.toBe(0);
    expect(end.output).toContain("QUORATE_ADDRESS_IN_USE");
    expect(end.output).toContain(String(port));
  });
});

test("a node of another cluster at a member's address is kept out and disturbs nobody", {
  timeout: testTimeoutMs,
}, async () => {
  const { cluster, client, observer } = await startCluster(3);
  await observer.leader();
  await cluster.kill("n3");
  const foreign = launchChanged(cluster, "n3", (config) => ({
    ...config,
    cluster: "other",
    data: `${String(config["data"])}-of-another-cluster`,
  }));
  await until({ what: "the foreign node to be told", withinMs: 20_000 }, () =>
    foreign.output.includes("QUORATE_CLUSTER_MISMATCH") ? true : undefined,
  );
  await expect(client.counter("hits").add()).resolves.toMatchObject({ value: 1 });
  await expect(client.status(cluster.member("n3").url)).resolves.toMatchObject({ leader: null, commitIndex: 0 });
});
