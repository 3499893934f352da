// What a failed run throws: which property does not hold, why, the last events, and the call that runs it again.

import type { Violation } from "./checkers/inspector.ts";
import type { TimedAction } from "./faults/action.ts";
import { describeSettings, type Settings } from "./options.ts";
import { PLAYGROUND_URL, scenarioText } from "./scenario.ts";
import type { HistoryEvent } from "./workload/history.ts";

/** A property did not hold. Code `QUORATE_SIMULATION_FAILED`. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
  readonly code = "QUORATE_SIMULATION_FAILED";
  readonly seed: number;
  /** The name of the property, for example `election safety`. */
  readonly property: string;
  /** What was seen, without the instructions of `message`. */
  readonly finding: string;
  /** When, in ms of virtual time. */
  readonly atMs: number;
  /** Everything that decides the run. */
  readonly settings: Settings;
  /** The latest events, oldest first. */
  readonly trace: readonly string[];
  /** What the clients saw until then. */
  readonly history: readonly HistoryEvent[];

  /** What went wrong until then, as a script that another run can follow. */
  readonly script: readonly TimedAction[];
  /** Fewer and smaller misfortunes with which the same property fails; undefined if nobody has looked for them. */
  readonly shrunk: Settings | undefined;
  readonly #facts: FailureFacts;

  constructor(facts: FailureFacts) {
    const { violation, atMs, settings, trace, nodes } = facts;
    super(
      [
        `${violation.property} does not hold after ${atMs.toFixed(3)} ms (seed ${settings.seed}): ${violation.message}`,
        "",
        "The latest events:",
        ...trace.slice(-25),
        "",
        "The nodes:",
        ...nodes,
        "",
        "The same run again:",
        describeSettings(settings, facts.builds),
        ...describeShrunk(facts),
      ].join("\n"),
    );
    this.seed = settings.seed;
    this.property = violation.property;
    this.finding = violation.message;
    this.atMs = atMs;
    this.settings = settings;
    this.trace = trace;
    this.history = facts.history;
    this.script = facts.script;
    this.shrunk = facts.shrunk?.settings;
    this.#facts = facts;
  }

  /** The same failure with a smaller run that fails alike, and a link to it if the playground can run it. */
  withShrunk(settings: Settings, link: string | undefined): SimulationFailure {
    return new SimulationFailure({ ...this.#facts, shrunk: { settings, link } });
  }
}

type FailureFacts = {
  readonly violation: Violation;
  readonly atMs: number;
  readonly settings: Settings;
  readonly script: readonly TimedAction[];
  readonly trace: readonly string[];
  readonly history: readonly HistoryEvent[];
  readonly nodes: readonly string[];
  /** Names of the builds that the cluster was mixed of. */
  readonly builds: readonly string[];
  readonly shrunk?: { readonly settings: Settings; readonly link: string | undefined };
};

/** The default address is of this machine, and somebody has to serve it. */
const whereToServe =
  "(served by `pnpm --filter @quorate/dashboard dev` in Quorate's repository; the option playgroundUrl names another place)";

function describeShrunk({ shrunk, builds }: FailureFacts): readonly string[] {
  if (shrunk === undefined) return [];
  const { settings, link } = shrunk;
  return [
    "",
    "A smaller run that fails alike, as a test:",
    describeSettings(settings, builds),
    "",
    "as a file for quorate-simulate --script FILE:",
    scenarioText(settings),
    ...(link === undefined ? [] : ["", "and as a link to the playground:", link]),
    ...(link?.startsWith(PLAYGROUND_URL) === true ? [whereToServe] : []),
  ];
}
