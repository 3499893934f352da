// Replicated, durable writes with the client over the binary protocol, each in a session, beside the same over HTTP.
import { type Client, createClient } from "@quorate/client";
import type { Benchmark, Sampler } from "../benchmark.ts";
import { cluster } from "../servers.ts";

const inFlightCounts = [1, 64, 256] as const;

export const clientBenchmarks: readonly Benchmark[] = inFlightCounts.map((inFlight) => ({
  name: `client-write-${inFlight}`,
  unit: "writes/s",
  comparedTo: `http-write-${inFlight}`,
  open: () => openClient(inFlight),
}));

async function openClient(inFlight: number): Promise<Sampler> {
  const { clientUrls } = await cluster.use();
  const client = createClient({ endpoints: clientUrls });
  let latencies: readonly number[] = [];
  return {
    async sample(sampleMs) {
      const start = performance.now();
      latencies = (await writeUntil(client, inFlight, start + sampleMs)).toSorted((a, b) => a - b);
      return (latencies.length * 1000) / (performance.now() - start);
    },
    latenciesMs: () => ({ p50: at(latencies, 0.5), p99: at(latencies, 0.99) }),
    async close() {
      await client.close();
      await cluster.release();
    },
  };
}

/** Writes with `inFlight` callers, each of which waits for its answer before it writes again. Returns all latencies in ms. */
async function writeUntil(client: Client, inFlight: number, endMs: number): Promise<readonly number[]> {
  const latencies: number[] = [];
  const callers = Array.from({ length: inFlight }, async (_, each) => {
    const counter = client.counter(`c${each}`);
    for (let now = performance.now(); now < endMs; ) {
      await counter.add(1);
      const then = performance.now();
      latencies.push(then - now);
      now = then;
    }
  });
  await Promise.all(callers);
  return latencies;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}
