#!/usr/bin/env node
// The program `quorate-simulate`: many seeds on all cores, until one fails or all have held.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { checkBuilds, presentBuild } from "./builds/build.ts";
import { loadBuilds } from "./cli-builds.ts";
import { type CliTotals, addTotals, describeTotals, emptyTotals, missedGoals } from "./cli-totals.ts";
import type { CliTask, WorkerReport } from "./cli-worker.ts";
import { SimulationFailure } from "./failure.ts";
import { describeClasses } from "./faults/fault-classes.ts";
import { faultKinds, type FaultChoice } from "./faults/fault-options.ts";
import type { Level } from "./options.ts";
import { isPlaygroundLink, parseScenario, readPlaygroundLink } from "./scenario.ts";
import { simulate } from "./simulate.ts";
import { registers } from "./workload/registers.ts";

const usage = `Usage: quorate-simulate [options]

Simulates clusters of registers under faults and checks every property.

  --seeds N          how many seeds (default 1000)
  --first N          the first seed (default 1)
  --level NAME       what runs on each machine: node, all of it, or core, faster (default node)
  --nodes N          nodes of each cluster, 1 to 9 (default: 3, 5 and 7 in turn)
  --duration-ms N    faulty time of each run in ms (default 10000)
  --think-ms N       a client's longest pause between operations in ms (default 200)
  --faults NAME      swarm, all, none, or kinds with strengths: loss=0.1,crash=20 (default swarm)
  --workers N        worker threads (default: one a core)
  --rerun N          runs every N-th seed twice and compares the traces (default 100, 0 for never)
  --keep-going       does not stop at the first failure
  --goals N          fails unless every kind of fault and every rare situation came up N times (default 0), and lists them
  --script SCENARIO  runs one scenario, as a failure has printed it: a file, or a link to the playground
  --builds FILE      a module that exports \`builds\`: clusters roll from one to the next and back
  -o, --output json  the summary as one line of JSON
  -h, --help         this text

Exit code: 0 all held, 1 a property did not hold, 2 wrong usage.`;

const BATCH_SEEDS = 10;
const PROGRESS_MS = 2_000;

type CliOptions = {
  readonly seeds: number;
  readonly first: number;
  readonly workers: number;
  readonly task: Omit<CliTask, "seeds">;
  readonly keepGoing: boolean;
  /** How often every fault and situation has to come up. */
  readonly goals: number;
  readonly isJson: boolean;
};

type ScriptOptions = { readonly script: string; readonly builds?: string };

const options = readOptions(process.argv.slice(2));
if (options !== undefined) {
  const work = "script" in options ? runScript(options) : runSeeds(options);
  process.exitCode = await work.catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof SimulationFailure ? 1 : 2;
  });
}

async function runScript({ script, builds }: ScriptOptions): Promise<number> {
  const settings = isPlaygroundLink(script)
    ? await readPlaygroundLink(script)
    : parseScenario(readFileSync(script, "utf8"));
  const { traceHash } = await simulate({ ...settings, ...(await loadBuilds(builds)), shrinkRuns: 0, ...registers() });
  console.log(`every property held; trace ${traceHash}`);
  return 0;
}

async function runSeeds({ seeds, first, workers, task, keepGoing, goals, isJson }: CliOptions): Promise<number> {
  // Each worker loads them; what is wrong with them should be said once.
  checkBuilds((await loadBuilds(task.builds)).builds ?? [presentBuild]);
  const startedMs = performance.now();
  const progress = setInterval(() => console.error(line()), PROGRESS_MS);
  let totals: CliTotals = emptyTotals;
  let next = first;
  const line = (): string => describeTotals(totals, { wallMs: performance.now() - startedMs, workers });
  const takeBatch = (): readonly number[] => {
    const isOver = totals.failures > 0 && !keepGoing;
    const count = isOver ? 0 : Math.min(BATCH_SEEDS, first + seeds - next);
    next += count;
    return Array.from({ length: count }, (_, position) => next - count + position);
  };
  const onReport = (report: WorkerReport): void => {
    if (report.failure !== undefined) console.error(`\n${report.failure}\n`);
    totals = addTotals(totals, report);
  };
  await Promise.all(Array.from({ length: workers }, () => runWorker(task, takeBatch, onReport)));
  clearInterval(progress);
  const wallMs = Math.round(performance.now() - startedMs);
  console.log(isJson ? JSON.stringify({ ...totals, wallMs }) : line());
  if (goals > 0) console.error(describeClasses({ ...totals.faults, ...totals.reached }).join("\n"));
  const missed = missedGoals(totals, { least: goals, hasBuilds: task.builds !== undefined });
  if (missed.length > 0) console.error(`These came up less than ${goals} times: ${missed.join(", ")}`);
  return totals.failures > 0 || missed.length > 0 ? 1 : 0;
}

/** One worker thread, fed with batches until there are none left. */
function runWorker(
  task: Omit<CliTask, "seeds">,
  takeBatch: () => readonly number[],
  onReport: (report: WorkerReport) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The same file name ends in .ts when the sources run as they are.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(fileURLToPath(new URL(`./cli-worker.${extension}`, import.meta.url)));
  const feed = (): void => {
    const seeds = takeBatch();
    if (seeds.length === 0) void worker.terminate();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A thread has no origin.
    else worker.postMessage({ ...task, seeds } satisfies CliTask);
  };
  worker.on("message", (report: WorkerReport) => {
    onReport(report);
    if (report.isBatchDone) feed();
  });
  worker.on("error", reject);
  worker.on("exit", () => resolve());
  feed();
  return promise;
}

function readOptions(args: readonly string[]): CliOptions | ScriptOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string", default: "1000" },
        first: { type: "string", default: "1" },
        nodes: { type: "string" },
        level: { type: "string", default: "node" },
        "think-ms": { type: "string", default: "200" },
        goals: { type: "string", default: "0" },
        script: { type: "string" },
        builds: { type: "string" },
        "duration-ms": { type: "string", default: "10000" },
        faults: { type: "string", default: "swarm" },
        workers: { type: "string", default: String(availableParallelism()) },
        rerun: { type: "string", default: "100" },
        "keep-going": { type: "boolean", default: false },
        output: { type: "string", short: "o", default: "text" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      return undefined;
    }
    const builds = values.builds === undefined ? {} : { builds: pathToFileURL(values.builds).href };
    if (values.script !== undefined) return { script: values.script, ...builds };
    return {
      seeds: wholeNumber("--seeds", values.seeds, 1),
      first: wholeNumber("--first", values.first, 0),
      workers: wholeNumber("--workers", values.workers, 1),
      task: {
        level: readLevel(values.level),
        ...(values.nodes !== undefined && { nodes: wholeNumber("--nodes", values.nodes, 1) }),
        durationMs: wholeNumber("--duration-ms", values["duration-ms"], 0),
        thinkMs: wholeNumber("--think-ms", values["think-ms"], 0),
        rerunEvery: wholeNumber("--rerun", values.rerun, 0),
        faults: readFaults(values.faults),
        ...builds,
      },
      keepGoing: values["keep-going"],
      goals: wholeNumber("--goals", values.goals, 0),
      isJson: values.output === "json",
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new RangeError(`${name} is ${text}: give a whole number from ${min}`);
}

function readLevel(text: string): Level {
  if (text === "node" || text === "core") return text;
  throw new RangeError(`--level is ${text}: give node or core`);
}

function readFaults(text: string): FaultChoice {
  if (text === "swarm" || text === "all" || text === "none") return text;
  const pairs = text.split(",").map((pair) => pair.split("="));
  const unknown = pairs.find(
    ([kind, strength]) => !faultKinds.some((known) => known === kind) || !(Number(strength) >= 0),
  );
  if (unknown === undefined) return Object.fromEntries(pairs.map(([kind, strength]) => [kind, Number(strength)]));
  throw new RangeError(
    `--faults has "${unknown.join("=")}": give swarm, all, none, or kind=strength with ${faultKinds.join(", ")}`,
  );
}
