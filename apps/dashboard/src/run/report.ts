// What the page asks of its worker, and what comes back: plain data, because it travels between two threads.

import type { NodeView, Settings, SimulationOptions, SimulationResult, TimedAction } from "@quorate/simulator";

/** What to run: everything that a link or the form can say. The code that runs is the worker's. */
export type RunOptions = Omit<
  SimulationOptions<never, unknown, unknown>,
  "stateMachine" | "workload" | "onStep" | "shrinkRuns" | "playgroundUrl"
>;

/** One line of the story. */
export type Line = {
  /** `heartbeat` is a message that nobody misses; `role` a change of role or term; `log` one of what a node knows. */
  readonly kind: "message" | "heartbeat" | "client" | "fault" | "node" | "role" | "log" | "broken";
  readonly text: string;
};

/** A message that arrives in a step. */
export type Arrow = { readonly from: string; readonly to: string };

/** A step as the page shows it. */
export type ShownStep = {
  /** Virtual time in ms. */
  readonly atMs: number;
  readonly lines: readonly Line[];
  readonly arrows: readonly Arrow[];
  readonly nodes: readonly NodeView[];
};

/** How a run ended. */
export type Outcome =
  | ({ readonly type: "held" } & Pick<
      SimulationResult,
      "simulatedMs" | "recoveryMs" | "events" | "traceHash" | "committed" | "operations"
    >)
  /** A property does not hold. */
  | { readonly type: "broken"; readonly property: string; readonly finding: string; readonly atMs: number };

/** A run that was played to its end. */
export type FinishedRun = {
  readonly outcome: Outcome;
  /** Everything that decided it. */
  readonly settings: Settings;
  /** What went wrong and when. */
  readonly script: readonly TimedAction[];
  readonly steps: readonly ShownStep[];
  /** Steps before the first of `steps`, which were too many to keep. */
  readonly forgotten: number;
};

/** What the worker says. */
export type WorkerReport =
  | { readonly type: "progress"; readonly atMs: number }
  | { readonly type: "finished"; readonly run: FinishedRun }
  /** The options cannot be run. */
  | { readonly type: "refused"; readonly message: string };
