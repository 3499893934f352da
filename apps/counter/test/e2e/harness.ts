// Real clusters for tests: server processes run from source, requests straight at one node, and no process left behind.
import { createClient, type Client, type RetryOptions } from "@quorate/client";
import { NatsServer } from "@quorate/transport-nats/test-server";
import { onTestFinished } from "vitest";
import { Cluster } from "../../src/demo/cluster.ts";
import { Observer } from "../../src/demo/observer.ts";
import { serverCommand } from "../../src/demo/server-command.ts";

export type TestCluster = {
  readonly cluster: Cluster;
  readonly observer: Observer;
  readonly client: Client;
};

/** The ways between the nodes; what must hold over any of them is tested over all of them. */
export const transports = ["tcp", "tcp+tls", "nats"] as const;

export type TransportName = (typeof transports)[number];

/** Time for one test with real processes on a busy machine. */
export const testTimeoutMs = 60_000;

/** A cluster whose configuration exists and whose processes do not run yet. */
export async function prepareCluster(
  nodes = 3,
  retry: RetryOptions = {},
  transport: TransportName = "tcp",
): Promise<TestCluster> {
  const broker = transport === "nats" ? await NatsServer.start({ download: true }) : undefined;
  const cluster = await Cluster.create({
    command: serverCommand(),
    nodes,
    transport,
    storage: "file",
    ...(broker === undefined ? {} : { brokers: [broker.url] }),
  });
  const observer = new Observer(cluster);
  const client = createClient({ endpoints: cluster.urls, retry: { budgetMs: 20_000, ...retry } });
  onTestFinished(async () => {
    await client.close();
    await observer.close();
    await cluster.close();
    await broker?.close();
  });
  return { cluster, observer, client };
}

/** A running cluster with a leader. */
export async function startCluster(
  nodes = 3,
  retry: RetryOptions = {},
  transport: TransportName = "tcp",
): Promise<TestCluster> {
  const prepared = await prepareCluster(nodes, retry, transport);
  await prepared.cluster.startAll();
  // Until all have the first entry, whoever is killed may be the only one that knows that the cluster was formed.
  await prepared.observer.settled(1);
  return prepared;
}

/** One request to one node, without following redirects. */
export async function ask(
  url: string,
  path: string,
  request: {
    readonly method?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Readonly<Record<string, unknown>> }> {
  const { method = "GET", body, headers = {} } = request;
  const response = await fetch(url + path, {
    method,
    redirect: "manual",
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  // Every answer of the service with a body is a JSON object.
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

/** Members other than `id`. */
export function others(cluster: Cluster, id: string): readonly string[] {
  return cluster.members.map((member) => member.id).filter((member) => member !== id);
}

/** Runs `work` for the numbers 1 to `count`, at most `concurrency` at a time. */
export async function inParallel(
  count: number,
  concurrency: number,
  work: (each: number) => Promise<void>,
): Promise<void> {
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= count) {
      const each = next;
      next += 1;
      await work(each);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
