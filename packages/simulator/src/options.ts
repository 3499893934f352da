// What a simulation needs to know, with every default filled in by the seed, and how to print it so that it can be run again.

import type { RaftTuning } from "@quorate/node";
import type { StateMachine } from "@quorate/contracts";
import { expandFaults, type FaultChoice, type FaultOptions } from "./faults/fault-options.ts";
import type { Workload } from "./workload/operation.ts";
import type { SeededRandom } from "./world/random.ts";

/** What to simulate. Only `stateMachine` and `workload` are yours; everything else has a default. */
export type SimulationOptions<Query, Answer, Result> = {
  /** Decides everything that is left to chance. A safe integer. */
  readonly seed: number;
  /** How many nodes, 1 to 9. Default 3. */
  readonly nodes?: number;
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
  /** Clients that work at the same time. Default 4. */
  readonly clients?: number;
  /** A client's pause between two operations, in ms, at most this long. Default 200. */
  readonly thinkMs?: number;
  /** A message of the transport carries at most this many bytes. Default 65 536. */
  readonly maxMessageBytes?: number;
  /** Makes an empty state machine: called for every start of every node. */
  readonly stateMachine: () => StateMachine<Query, Answer, Result>;
  /** Makes the clients' operations. */
  readonly workload: Workload<Query, Answer, Result>;
};

/** The options of a run without those that are code. */
export type Settings = {
  readonly seed: number;
  readonly nodes: number;
  readonly durationMs: number;
  readonly recoveryMs: number;
  readonly faults: FaultOptions;
  readonly raft: RaftTuning;
  readonly clients: number;
  readonly thinkMs: number;
  readonly maxMessageBytes: number;
};

/** Fills in the defaults. Throws a `RangeError` that names what is out of range. */
export function expandOptions(
  options: Omit<SimulationOptions<never, unknown, unknown>, "stateMachine" | "workload">,
  random: SeededRandom,
): Settings {
  // Each from a source of its own, so that giving one of them leaves the others as the seed would have them.
  const [faultSource, tuningSource] = [random.fork(), random.fork()];
  const faults = expandFaults(options.faults ?? "swarm", faultSource);
  const raft = options.raft ?? drawTuning(tuningSource);
  const { nodes = 3, durationMs = 10_000, recoveryMs = 10_000, clients = 4 } = options;
  const { seed, thinkMs = 200, maxMessageBytes = 65_536 } = options;
  const check = (name: string, value: number, [min, max]: readonly [number, number]): void => {
    if (!(value >= min && value <= max))
      throw new RangeError(`${name} is ${value}: give a number from ${min} to ${max}`);
  };
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}: give a safe integer`);
  check("nodes", nodes, [1, 9]);
  check("durationMs", durationMs, [0, 1e9]);
  check("recoveryMs", recoveryMs, [1, 1e9]);
  check("clients", clients, [0, 1000]);
  check("thinkMs", thinkMs, [0, 1e9]);
  check("maxMessageBytes", maxMessageBytes, [8192, 2 ** 30]);
  return { seed, nodes, durationMs, recoveryMs, faults, raft, clients, thinkMs, maxMessageBytes };
}

/** Either protection may be off; CheckQuorum stays, because without it a deaf leader is never replaced. */
function drawTuning(random: SeededRandom): RaftTuning {
  return { preVote: random.chance(0.7), leaderLease: random.chance(0.7), checkQuorum: true };
}

/** A call that runs the same simulation again. */
export function describeSettings(settings: Settings): string {
  const faults = Object.fromEntries(Object.entries(settings.faults).filter(([, strength]) => strength > 0));
  const fields = Object.entries({ ...settings, faults }).map(([name, value]) => `  ${name}: ${inSource(value)},`);
  return ["await simulate({", ...fields, "  stateMachine,", "  workload,", "});"].join("\n");
}

function inSource(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inSource).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${inSource(field)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}
