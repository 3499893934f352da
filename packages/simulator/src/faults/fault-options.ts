// Which faults a run injects, how often, and how a seed chooses among them.

import type { SeededRandom } from "../world/random.ts";

/** Every kind of fault. 0 switches one off. */
export type FaultOptions = {
  /** Probability that a message is lost. */
  readonly loss: number;
  /** Probability that a message arrives twice. */
  readonly duplicate: number;
  /** Probability, per message, that an old message arrives again. */
  readonly replay: number;
  /** Probability that a message takes long: mostly tens of ms, up to ten election timeouts. */
  readonly delay: number;
  /** Times a minute: the nodes split into two groups that cannot reach each other. */
  readonly partition: number;
  /** Times a minute: one node, mostly the leader, is cut off. */
  readonly isolate: number;
  /** Times a minute: some links carry nothing in one direction. */
  readonly oneWay: number;
  /** Times a minute: two groups that share one node which reaches both. */
  readonly bridge: number;
  /** Times a minute: a link goes up and down at the pace of the election timeout. */
  readonly flap: number;
  /** Times a minute: links of a node carry one message after the other, slowly. */
  readonly slowLink: number;
  /** Times a minute: a process dies between two turns of its loop. */
  readonly crash: number;
  /** Times a minute: a process dies in the middle of a turn. */
  readonly crashMidTurn: number;
  /** Times a minute: all processes die at once. */
  readonly crashAll: number;
  /** Times a minute: a process stands still while its clock goes on. */
  readonly pause: number;
  /** Times a minute: an operator hands leadership over. */
  readonly transfer: number;
  /** Times a minute: an operator changes who belongs to the cluster, in one step or in two. */
  readonly membership: number;
  /** Times a minute: a process is started with the name of another cluster, which it must refuse. */
  readonly wrongCluster: number;
  /** Largest factor between a node's clock and true time, minus 1. */
  readonly clockDrift: number;
  /** Longest time in ms before a node's loop takes its next turn. */
  readonly slowLoop: number;
  /** Probability that a flush of the disk is slow, up to 400 ms. */
  readonly slowFlush: number;
  /** Probability that the completions of a flush are reported late and out of order. */
  readonly lateReport: number;
  /** Times a minute: a disk completes nothing for up to 5 s. */
  readonly diskStall: number;
  /** Times a minute: a disk fails with an input/output error. */
  readonly diskError: number;
  /** Times a minute: a disk has no space left. */
  readonly diskFull: number;
  /** Times a minute: a bit changes on a disk. Never where it would take away what a majority has; an empty disk takes its place. */
  readonly bitRot: number;
  /** Times a minute: a process dies and comes back on an empty disk. As rarely as `bitRot` where it matters. */
  readonly wipe: number;
  /** Times a minute: a node is stopped and started with another of the run's builds, mostly a later one. */
  readonly upgrade: number;
  /** Times a minute: a record lands on a disk where another one belongs. As rarely as `bitRot` where it matters. */
  readonly misdirectedWrite: number;
  /** Times a minute: a disk loses the file of its snapshot. As rarely as `bitRot` where it matters. */
  readonly lostSnapshot: number;
  /** Times a minute: a state machine throws in the middle of a batch, as when memory runs out. The node must stop. */
  readonly applyError: number;
};

/** The name of a fault. */
export type FaultKind = keyof FaultOptions;

/** Nothing goes wrong. */
export const noFaults: FaultOptions = {
  loss: 0,
  duplicate: 0,
  replay: 0,
  delay: 0,
  partition: 0,
  isolate: 0,
  oneWay: 0,
  bridge: 0,
  flap: 0,
  slowLink: 0,
  crash: 0,
  crashMidTurn: 0,
  crashAll: 0,
  pause: 0,
  transfer: 0,
  membership: 0,
  wrongCluster: 0,
  clockDrift: 0,
  slowLoop: 0,
  slowFlush: 0,
  lateReport: 0,
  diskStall: 0,
  diskError: 0,
  diskFull: 0,
  bitRot: 0,
  wipe: 0,
  upgrade: 0,
  misdirectedWrite: 0,
  lostSnapshot: 0,
  applyError: 0,
};

/** Everything goes wrong, about as often as a cluster can bear while it still gets something done. */
export const allFaults: FaultOptions = {
  loss: 0.05,
  duplicate: 0.05,
  replay: 0.02,
  delay: 0.03,
  partition: 8,
  isolate: 8,
  oneWay: 6,
  bridge: 4,
  flap: 3,
  slowLink: 3,
  crash: 12,
  crashMidTurn: 12,
  crashAll: 1,
  pause: 8,
  transfer: 6,
  membership: 20,
  wrongCluster: 1,
  clockDrift: 0.1,
  slowLoop: 5,
  slowFlush: 0.05,
  lateReport: 0.2,
  diskStall: 3,
  diskError: 2,
  diskFull: 2,
  bitRot: 2,
  wipe: 3,
  upgrade: 15,
  misdirectedWrite: 1,
  lostSnapshot: 1,
  applyError: 2,
};

/** The highest values that make sense. */
const limits: FaultOptions = {
  ...noFaults,
  loss: 0.9,
  duplicate: 0.9,
  replay: 0.5,
  delay: 0.9,
  partition: 600,
  isolate: 600,
  oneWay: 600,
  bridge: 600,
  flap: 600,
  slowLink: 600,
  crash: 600,
  crashMidTurn: 600,
  crashAll: 600,
  pause: 600,
  transfer: 600,
  membership: 600,
  wrongCluster: 600,
  clockDrift: 1,
  slowLoop: 1000,
  slowFlush: 1,
  lateReport: 1,
  diskStall: 600,
  diskError: 600,
  diskFull: 600,
  bitRot: 600,
  wipe: 600,
  upgrade: 600,
  misdirectedWrite: 600,
  lostSnapshot: 600,
  applyError: 600,
};

/** All names, in the order in which they are documented. */
export const faultKinds: readonly FaultKind[] = Object.keys(noFaults) as FaultKind[];

/** What `simulate` takes: a preset, or values for some kinds with the rest off. */
export type FaultChoice = "swarm" | "all" | "none" | Partial<FaultOptions>;

/** Fills in what a choice leaves open. Throws a `RangeError` on values that cannot be. */
export function expandFaults(choice: FaultChoice, random: SeededRandom): FaultOptions {
  if (choice === "none") return noFaults;
  if (choice === "all") return allFaults;
  if (choice === "swarm") return drawSwarm(random);
  for (const kind of faultKinds) {
    const value = choice[kind] ?? 0;
    if (value >= 0 && value <= limits[kind]) continue;
    throw new RangeError(`faults.${kind} is ${value}: give a number from 0 to ${limits[kind]}`);
  }
  return { ...noFaults, ...choice };
}

/**
 * Some kinds only, with different strengths for each seed. Runs in which everything happens at once all look alike, and
 * faults that hide each other's effects find less than a few at a time.
 */
function drawSwarm(random: SeededRandom): FaultOptions {
  const drawn: Record<FaultKind, number> = { ...noFaults };
  // Some situations need several misfortunes within one election.
  const storm = random.chance(0.3) ? random.between(2, 8) : 1;
  for (const kind of faultKinds) {
    const isOn = random.chance(0.45);
    const strength = random.between(0.3, 2.5) * (isRate(kind) ? storm : 1);
    if (isOn) drawn[kind] = Math.round(Math.min(limits[kind], allFaults[kind] * strength) * 1000) / 1000;
  }
  return drawn;
}

/** Whether a strength is a number of times a minute. */
function isRate(kind: FaultKind): boolean {
  return limits[kind] === 600;
}
