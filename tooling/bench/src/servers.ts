// The processes that several benchmarks share: a cluster of three nodes with files and TCP, and a bare echo server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Cluster } from "@quorate/counter/demo/cluster";
import { serverCommand } from "@quorate/counter/demo/server-command";

const nodeArgs = ["--conditions=quorate-source"];

/** Where a server is reached. */
export interface Server {
  /** Its HTTP address; of a cluster, the leader's. */
  readonly url: URL;
  /** The client ports of a cluster's members. */
  readonly clientUrls: readonly string[];
}

interface Running extends Server {
  readonly stop: () => Promise<void>;
}

/** Servers that several benchmarks share: started by the first, stopped by the last. */
export class Servers {
  readonly #start: () => Promise<Running>;
  #running: Promise<Running> | undefined;
  #users = 0;

  constructor(start: () => Promise<Running>) {
    this.#start = start;
  }

  async use(): Promise<Server> {
    this.#users += 1;
    this.#running ??= this.#start();
    return this.#running;
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0 || this.#running === undefined) return;
    const { stop } = await this.#running;
    this.#running = undefined;
    await stop();
  }
}

export const echo: Servers = new Servers(startEcho);
export const cluster: Servers = new Servers(startCluster);

async function startEcho(): Promise<Running> {
  const script = fileURLToPath(new URL("./echo-server.ts", import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs, script], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await firstLine(child);
  const stop = async (): Promise<void> => {
    child.kill();
    await once(child, "exit");
  };
  return { url: new URL(line), clientUrls: [], stop };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the echo server has no output");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the echo server ended without a word");
}

async function startCluster(): Promise<Running> {
  const nodes = await Cluster.create({
    command: serverCommand(),
    nodes: 3,
    transport: "tcp",
    storage: "file",
    // On a machine that others use too, the usual timeouts would now and then depose the leader that is measured.
    config: { raft: { electionTimeoutMs: [2000, 4000], heartbeatMs: 100 } },
  });
  await nodes.startAll();
  const clientUrls = nodes.members.map(({ clientUrl }) => clientUrl);
  return { url: await leaderUrl(nodes.urls), clientUrls, stop: () => nodes.close() };
}

/** Asks until somebody knows the leader. */
async function leaderUrl(urls: readonly string[]): Promise<URL> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
    for (const url of urls) {
      const answer = await fetch(`${url}/v1/status`);
      // The shape is the published interface of the service.
      const { leader: known } = (await answer.json()) as { leader: { http: string } | null };
      if (known !== null) return new URL(known.http);
    }
  }
  throw new Error("no leader within 10 s");
}
