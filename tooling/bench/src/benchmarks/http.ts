// Replicated, durable writes over HTTP to the leader of three real processes, beside a bare echo server.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Cluster } from "@quorate/counter/demo/cluster";
import { serverCommand } from "@quorate/counter/demo/server-command";
import type { Benchmark } from "../benchmark.ts";
import { HttpLoad, jsonPost, type LoadTarget } from "../http-load.ts";

const connectionCounts = [1, 64, 256] as const;
const nodeArgs = ["--conditions=quorate-source"];

interface Server {
  readonly url: URL;
  readonly stop: () => Promise<void>;
}

/** A server that several benchmarks share: started by the first, stopped by the last. */
class Shared {
  readonly #start: () => Promise<Server>;
  #running: Promise<Server> | undefined;
  #users = 0;

  constructor(start: () => Promise<Server>) {
    this.#start = start;
  }

  async use(): Promise<URL> {
    this.#users += 1;
    this.#running ??= this.#start();
    return (await this.#running).url;
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0 || this.#running === undefined) return;
    const { stop } = await this.#running;
    this.#running = undefined;
    await stop();
  }
}

const echo = new Shared(startEcho);
const leader = new Shared(startCluster);

export const httpBenchmarks: readonly Benchmark[] = connectionCounts.flatMap((connections) => [
  overHttp({ name: `http-echo-${connections}`, unit: "requests/s", server: echo, connections }),
  {
    ...overHttp({ name: `http-write-${connections}`, unit: "writes/s", server: leader, connections }),
    comparedTo: `http-echo-${connections}`,
  },
]);

interface OverHttp {
  readonly name: string;
  readonly unit: string;
  readonly server: Shared;
  readonly connections: number;
}

function overHttp({ name, unit, server, connections }: OverHttp): Benchmark {
  return {
    name,
    unit,
    open: async () => {
      const target: LoadTarget = {
        url: await server.use(),
        request: (index) => jsonPost(`/v1/counters/c${index}/increments`, '{"by":1}'),
      };
      const load = new HttpLoad(target, connections);
      return {
        sample: (sampleMs) => load.sample(sampleMs),
        latenciesMs: () => ({ ...load.latenciesMs() }),
        close: () => server.release(),
      };
    },
  };
}

async function startEcho(): Promise<Server> {
  const script = fileURLToPath(new URL("../echo-server.ts", import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs, script], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await firstLine(child);
  const stop = async (): Promise<void> => {
    child.kill();
    await once(child, "exit");
  };
  return { url: new URL(line), stop };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the echo server has no output");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("the echo server ended without a word");
}

async function startCluster(): Promise<Server> {
  const cluster = await Cluster.create({ command: serverCommand(), nodes: 3, transport: "tcp", storage: "file" });
  await cluster.startAll();
  return { url: await leaderUrl(cluster.urls), stop: () => cluster.close() };
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
