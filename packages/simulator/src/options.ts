// What a simulation needs to know, with every default filled in by the seed, and how to print it so that it can be run again.

import type { RaftTuning } from "@quorate/node";
import type { StateMachine } from "@quorate/contracts";
import type { Build } from "./builds/build.ts";
import type { TimedAction } from "./faults/action.ts";
import { expandFaults, type FaultChoice, faultKinds, type FaultOptions } from "./faults/fault-options.ts";
import type { SimulationStep } from "./step.ts";
import type { Workload } from "./workload/operation.ts";
import type { SeededRandom } from "./world/random.ts";

/** What to simulate. Only `stateMachine` and `workload` are yours; everything else has a default. */
export type SimulationOptions<Query, Answer, Result> = {
  /** Decides everything that is left to chance. A safe integer. */
  readonly seed: number;
  /** What runs on each machine. Default `node`. */
  readonly level?: Level;
  /** How many nodes form the cluster, 1 to 9. Default 3. */
  readonly nodes?: number;
  /** How many more there are that an operator may take in, 0 to 4. Default: as the seed chooses. */
  readonly spares?: number;
  /** How long faults are injected, in ms of virtual time. Default 10 000. */
  readonly durationMs?: number;
  /** How long after the last fault the cluster may take to serve everybody again, in ms. Default 10 000. */
  readonly recoveryMs?: number;
  /**
   * Which faults: `swarm` (default) lets the seed choose kinds and strengths, `all` is everything at once, `none` is a calm
   * network; or name kinds with their strengths, and the rest is off.
   */
  readonly faults?: FaultChoice;
  /** Protocol options of all nodes. Default: times as in `@quorate/node`, protections as the seed chooses. */
  readonly raft?: RaftTuning;
  /** How often snapshots are taken; `false` for never. Default: as the seed chooses, much more often than in real life. */
  readonly snapshots?: SnapshotSettings | false;
  /** How many runs may be spent to make a failed one smaller; 0 for none. Default 60. */
  readonly shrinkRuns?: number;
  /** Where links to a failed run lead. Default: `PLAYGROUND_URL`. */
  readonly playgroundUrl?: string;
  /** What goes wrong and when, instead of what chance brings: that of an earlier run, or a part of it. */
  readonly script?: readonly TimedAction[];
  /** Clients that work at the same time. Default 4. */
  readonly clients?: number;
  /** A client's pause between two operations, in ms, at most this long. Default 200. */
  readonly thinkMs?: number;
  /** A message of the transport carries at most this many bytes. Default: 65 536, or little, as the seed chooses. */
  readonly maxMessageBytes?: number;
  /**
   * Versions of the code, oldest first: all nodes begin with the first, and the fault `upgrade` rolls them on and back.
   * Default: only the version that this package depends on.
   */
  readonly builds?: readonly Build[];
  /** Makes an empty state machine: called for every start of every node. */
  readonly stateMachine: () => StateMachine<Query, Answer, Result>;
  /** Makes the clients' operations. */
  readonly workload: Workload<Query, Answer, Result>;
  /** Watches the run: called after every event that can be seen from outside. Not called while a failed run is made smaller. */
  readonly onStep?: (step: SimulationStep) => void;
};

/**
 * How much of a server is real: `node` is all of `@quorate/node` and `@quorate/core`, `core` the bare core, driven by a loop
 * of the simulator's own that waits for nothing and is faster.
 */
export type Level = "node" | "core";

/** How often a node takes snapshots, and how many entries of the log it keeps behind one. */
export type SnapshotSettings = {
  readonly everyEntries: number;
  readonly retainEntries: number;
  /** Bytes that every snapshot carries besides the state, so that it travels in many messages. Default 0. */
  readonly ballastBytes?: number;
};

/** The options of a run without those that are code. */
export type Settings = {
  readonly seed: number;
  readonly level: Level;
  readonly nodes: number;
  readonly spares: number;
  readonly durationMs: number;
  readonly recoveryMs: number;
  readonly faults: FaultOptions;
  readonly raft: RaftTuning;
  readonly snapshots: SnapshotSettings | false;
  readonly script?: readonly TimedAction[];
  readonly clients: number;
  readonly thinkMs: number;
  readonly maxMessageBytes: number;
};

/** Fills in the defaults. Throws a `RangeError` that names what is out of range. */
export function expandOptions(
  options: Omit<
    SimulationOptions<never, unknown, unknown>,
    "stateMachine" | "workload" | "builds" | "shrinkRuns" | "playgroundUrl" | "onStep"
  >,
  random: SeededRandom,
): Settings {
  // Each from a source of its own, so that giving one of them leaves the others as the seed would have them.
  const [faultSource, tuningSource, snapshotSource] = [random.fork(), random.fork(), random.fork()];
  const faults = expandFaults(options.faults ?? "swarm", faultSource);
  const drawnRaft = drawTuning(tuningSource, faults);
  const drawnSpares = faults.membership > 0 ? tuningSource.integer(3) : 0;
  const drawnSnapshots = drawSnapshots(snapshotSource);
  const { raft = drawnRaft, spares = drawnSpares, snapshots = drawnSnapshots.snapshots } = options;
  const { nodes = 3, durationMs = 10_000, recoveryMs = 10_000, clients = 4, script } = options;
  const { seed, level = "node", thinkMs = 200, maxMessageBytes = drawnSnapshots.maxMessageBytes } = options;
  const check = (name: string, value: number, [min, max]: readonly [number, number]): void => {
    if (!(value >= min && value <= max))
      throw new RangeError(`${name} is ${value}: give a number from ${min} to ${max}`);
  };
  if (level !== "node" && level !== "core") throw new RangeError(`level is ${String(level)}: give node or core`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}: give a safe integer`);
  check("nodes", nodes, [1, 9]);
  check("spares", spares, [0, 4]);
  check("durationMs", durationMs, [0, 1e9]);
  check("recoveryMs", recoveryMs, [1, 1e9]);
  check("clients", clients, [0, 1000]);
  check("thinkMs", thinkMs, [0, 1e9]);
  if (snapshots !== false) check("snapshots.ballastBytes", snapshots.ballastBytes ?? 0, [0, 2 ** 24]);
  check("maxMessageBytes", maxMessageBytes, [8192, 2 ** 30]);
  checkScript(script);
  return {
    seed,
    level,
    nodes,
    spares,
    durationMs,
    recoveryMs,
    faults,
    raft,
    snapshots,
    clients,
    thinkMs,
    maxMessageBytes,
    ...(script !== undefined && { script }),
  };
}

/** A script may come from a file or a link. */
function checkScript(script: unknown): void {
  if (script === undefined) return;
  if (!Array.isArray(script)) throw new RangeError("script is not a list of actions");
  for (const action of script as readonly (Partial<TimedAction> | null)[]) {
    const isAction = faultKinds.some((kind) => kind === action?.fault) && Number(action?.atMs) >= 0;
    if (!isAction) throw new RangeError(`script has ${JSON.stringify(action)}: give actions with a fault and atMs`);
  }
}

/**
 * Either protection may be off; CheckQuorum stays, because without it a deaf leader is never replaced. Lease reads need the
 * leader lease and a bound on how far clocks run apart.
 */
function drawTuning(random: SeededRandom, { clockDrift }: FaultOptions): RaftTuning {
  const protection = { preVote: random.chance(0.7), leaderLease: random.chance(0.7), checkQuorum: true };
  const leaseReads = random.chance(0.4) && protection.leaderLease;
  // One clock may be too fast by this factor and the other too slow.
  const apart = 1 - 1 / (1 + clockDrift) ** 2;
  return { ...protection, ...(leaseReads && { leaseReads, maxClockDrift: Math.min(0.99, apart + 0.001) }) };
}

/** The smallest message that is drawn. Half of it is for a piece of a snapshot. */
const SMALL_MESSAGE_BYTES = 8 * 1024;

/** Snapshots so often that logs are forgotten all the time, and sometimes so large that they travel in many pieces. */
function drawSnapshots(random: SeededRandom): {
  readonly snapshots: SnapshotSettings | false;
  readonly maxMessageBytes: number;
} {
  const everyEntries = 3 + Math.round(random.heavyTail(10, 200));
  const retainEntries = random.chance(0.5) ? 0 : random.integer(20);
  const pieces = Math.round(random.heavyTail(6, 40));
  const isSmall = random.chance(0.3);
  const ballast = isSmall && { ballastBytes: (pieces * SMALL_MESSAGE_BYTES) / 2 };
  const snapshots = random.chance(0.75) && { everyEntries, retainEntries, ...ballast };
  return { snapshots, maxMessageBytes: isSmall ? SMALL_MESSAGE_BYTES : 65_536 };
}

/** A call that runs the same simulation again, in a cluster of these builds if there is more than the present one. */
export function describeSettings(settings: Settings, builds: readonly string[]): string {
  const faults = Object.fromEntries(Object.entries(settings.faults).filter(([, strength]) => strength > 0));
  const fields = Object.entries({ ...settings, faults }).map(([name, value]) => describeField(name, value));
  const mixed = builds.length > 1 ? [`  builds, // ${builds.join(", ")}`] : [];
  return ["await simulate({", ...fields, ...mixed, "  stateMachine,", "  workload,", "});"].join("\n");
}

/** Field by field; a script action by action. */
function describeField(name: string, value: unknown): string {
  if (name !== "script" || !Array.isArray(value)) return `  ${name}: ${inSource(value)},`;
  return [`  script: [`, ...value.map((action) => `    ${inSource(action)},`), `  ],`].join("\n");
}

function inSource(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inSource).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${inSource(field)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
