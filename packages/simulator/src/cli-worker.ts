// A worker thread of `quorate-simulate`: runs batches of seeds and reports each of them.

import { parentPort } from "node:worker_threads";
import { loadBuilds } from "./cli-builds.ts";
import { SimulationFailure } from "./failure.ts";
import type { FaultChoice } from "./faults/fault-options.ts";
import type { Level } from "./options.ts";
import type { SimulationResult } from "./result.ts";
import { simulate } from "./simulate.ts";
import { registers } from "./workload/registers.ts";

/** A batch of seeds with what they have in common. */
export type CliTask = {
  readonly seeds: readonly number[];
  readonly level: Level;
  /** Default: 3, 5 and 7 in turn. */
  readonly nodes?: number;
  readonly durationMs: number;
  /** A client's longest pause between operations. */
  readonly thinkMs: number;
  readonly faults: FaultChoice;
  /** URL of a module that exports `builds`. */
  readonly builds?: string;
  /** Every so many seeds, the run is repeated and the traces are compared; 0 for never. */
  readonly rerunEvery: number;
};

/** What became of one seed. */
export type WorkerReport = {
  readonly isBatchDone: boolean;
  readonly seed: number;
  /** The message of the failure; undefined if every property held. */
  readonly failure: string | undefined;
  readonly simulatedMs: number;
  readonly recoveryMs: number;
  readonly operations: number;
  readonly events: number;
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** How often each rare situation came up. */
  readonly reached: Readonly<Record<string, number>>;
  readonly reruns: number;
};

const SIZES = [3, 5, 7] as const;

parentPort?.on("message", (task: CliTask) => void runBatch(task));

async function runBatch({ seeds, ...task }: CliTask): Promise<void> {
  for (const [position, seed] of seeds.entries()) {
    const report = await runSeed(seed, task);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A thread has no origin.
    parentPort?.postMessage({ ...report, isBatchDone: position === seeds.length - 1 } satisfies WorkerReport);
  }
}

async function runSeed(seed: number, task: Omit<CliTask, "seeds">): Promise<Omit<WorkerReport, "isBatchDone">> {
  const nodes = task.nodes ?? SIZES[seed % SIZES.length] ?? 3;
  const { level, durationMs, thinkMs, faults } = task;
  const isRerun = task.rerunEvery > 0 && seed % task.rerunEvery === 0;
  try {
    const options = {
      seed,
      level,
      nodes,
      durationMs,
      thinkMs,
      faults,
      ...(await loadBuilds(task.builds)),
      ...registers(),
    };
    const result = await simulate(options);
    const again = isRerun ? await simulate(options) : result;
    const isSame = again.traceHash === result.traceHash;
    return reportOf(result, isRerun ? 1 : 0, isSame ? undefined : `seed ${seed} gave two different traces`);
  } catch (error) {
    const failure = error instanceof SimulationFailure ? error.message : `seed ${seed}: ${String(error)}`;
    return {
      seed,
      failure,
      simulatedMs: 0,
      recoveryMs: 0,
      operations: 0,
      events: 0,
      faults: {},
      reached: {},
      reruns: 0,
    };
  }
}

function reportOf(
  { seed, simulatedMs, recoveryMs, operations, events, faults, reached }: SimulationResult,
  reruns: number,
  failure: string | undefined,
): Omit<WorkerReport, "isBatchDone"> {
  return { seed, failure, simulatedMs, recoveryMs, operations: operations.ok, events, faults, reached, reruns };
}
