// Replicated, durable writes over HTTP to the leader of three real processes, beside a bare echo server.
import type { Benchmark } from "../benchmark.ts";
import { HttpLoad, jsonPost, type LoadTarget } from "../http-load.ts";
import { cluster, echo, type Servers } from "../servers.ts";

const connectionCounts = [1, 64, 256] as const;

export const httpBenchmarks: readonly Benchmark[] = connectionCounts.flatMap((connections) => [
  overHttp({ name: `http-echo-${connections}`, unit: "requests/s", server: echo, connections }),
  {
    ...overHttp({ name: `http-write-${connections}`, unit: "writes/s", server: cluster, connections }),
    comparedTo: `http-echo-${connections}`,
  },
]);

interface OverHttp {
  readonly name: string;
  readonly unit: string;
  readonly server: Servers;
  readonly connections: number;
}

function overHttp({ name, unit, server, connections }: OverHttp): Benchmark {
  return {
    name,
    unit,
    open: async () => {
      const { url } = await server.use();
      const target: LoadTarget = {
        url,
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
