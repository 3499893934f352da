// How much faster than real time the simulator is, at both levels: five nodes, busy clients, everything going wrong at once.
// Measured in the time of a processor, because a run needs one core and nothing else.
import process from "node:process";
import { type Level, registers, simulate } from "@quorate/simulator";
import type { Benchmark } from "../benchmark.ts";

export const simulatorBenchmarks: readonly Benchmark[] = [simulated("node"), simulated("core")];

function simulated(level: Level): Benchmark {
  return {
    name: `simulate-${level}`,
    unit: "x real time/core",
    ...(level === "core" && { comparedTo: "simulate-node" }),
    open: () => ({
      // Seeds differ a lot, so all samples are made of whole rounds of the same ones.
      sample: async (sampleMs) => {
        let simulatedMs = 0;
        let spentMs = 0;
        for (
          const before = process.cpuUsage();
          spentMs < sampleMs;
          spentMs = millisecondsOf(process.cpuUsage(before))
        ) {
          for (const seed of seeds) simulatedMs += await simulatedTime(level, seed);
        }
        return simulatedMs / spentMs;
      },
    }),
  };
}

const seeds = [1, 2, 3, 4] as const;

function millisecondsOf({ user, system }: { readonly user: number; readonly system: number }): number {
  return (user + system) / 1000;
}

/** Virtual milliseconds of one run. */
async function simulatedTime(level: Level, seed: number): Promise<number> {
  const options = { seed, level, nodes: 5, faults: "all", durationMs: 20_000, thinkMs: 50 } as const;
  const result = await simulate({ ...options, ...registers() });
  return result.simulatedMs;
}
