// The worker's side: runs what the page asks for, keeps the story of it, and reports how it ended.

import { simulate, SimulationFailure, type SimulationOptions } from "@quorate/simulator";
import { narrate } from "./narrate.ts";
import type { FinishedRun, RunOptions, ShownStep, WorkerReport } from "./report.ts";

/** How many of the latest steps are kept. */
const MAX_STEPS = 20_000;
/** How often a long run says how far it is, in steps. */
const PROGRESS_STEPS = 2_000;

/** Code that a link can never bring along. */
type Cluster<Query, Answer, Result> = Pick<SimulationOptions<Query, Answer, Result>, "stateMachine" | "workload">;

/** Waits for the one run that this worker is for. */
export function serveRuns<Query, Answer, Result>(cluster: Cluster<Query, Answer, Result>): void {
  // The types of the page and of a worker exclude each other; this is what a worker's global scope has of them.
  const scope = globalThis as unknown as Pick<Worker, "postMessage" | "addEventListener">;
  const say = (report: WorkerReport): void => scope.postMessage(report, []);
  scope.addEventListener("message", ({ data }: MessageEvent<RunOptions>) => void run(data, { cluster, say }).then(say));
}

async function run<Query, Answer, Result>(
  options: RunOptions,
  { cluster, say }: { readonly cluster: Cluster<Query, Answer, Result>; readonly say: (report: WorkerReport) => void },
): Promise<WorkerReport> {
  const story = new Story((atMs) => say({ type: "progress", atMs }));
  const onStep: NonNullable<SimulationOptions<Query, Answer, Result>["onStep"]> = (step) =>
    story.add(narrate(step, story.latest?.nodes ?? []));
  try {
    const result = await simulate({ ...options, ...cluster, onStep, shrinkRuns: 0 });
    const { settings, script, simulatedMs, recoveryMs, events, traceHash, committed, operations } = result;
    const outcome = { type: "held", simulatedMs, recoveryMs, events, traceHash, committed, operations } as const;
    return { type: "finished", run: { outcome, settings, script, ...story.told() } };
  } catch (error) {
    if (!(error instanceof SimulationFailure)) return { type: "refused", message: String(error) };
    const { property, finding, atMs, settings, script } = error;
    story.add({
      atMs,
      lines: [{ kind: "broken", text: `${property} does not hold: ${finding}` }],
      arrows: [],
      nodes: story.latest?.nodes ?? [],
    });
    const outcome = { type: "broken", property, finding, atMs } as const;
    return { type: "finished", run: { outcome, settings, script, ...story.told() } };
  }
}

/** The latest steps, in order. */
class Story {
  #steps: ShownStep[] = [];
  #forgotten = 0;
  readonly #onProgress: (atMs: number) => void;

  constructor(onProgress: (atMs: number) => void) {
    this.#onProgress = onProgress;
  }

  get latest(): ShownStep | undefined {
    return this.#steps.at(-1);
  }

  add(step: ShownStep): void {
    this.#steps.push(step);
    if (this.#steps.length % PROGRESS_STEPS === 0) this.#onProgress(step.atMs);
    if (this.#steps.length >= 2 * MAX_STEPS) this.#forget();
  }

  told(): Pick<FinishedRun, "steps" | "forgotten"> {
    this.#forget();
    return { steps: this.#steps, forgotten: this.#forgotten };
  }

  #forget(): void {
    const surplus = Math.max(0, this.#steps.length - MAX_STEPS);
    this.#steps = this.#steps.slice(surplus);
    this.#forgotten += surplus;
  }
}
