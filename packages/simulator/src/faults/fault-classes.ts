// What clusters have to survive, class by class, and which counters of a run show that it was really injected. A seed run has
// done its work when every counter is above 0.

import type { SimulationResult } from "../result.ts";
import type { ReachedCounters } from "../reached.ts";
import type { FaultKind } from "./fault-options.ts";

/** The name of something that a run counts. */
export type CounterName = FaultKind | keyof ReachedCounters;

/** One class of faults. */
export type FaultClass = {
  readonly area: "network" | "process" | "disk" | "membership" | "client" | "operator";
  /** What goes wrong, in words. */
  readonly name: string;
  /** All of these are above 0 where the class was injected in all its forms. */
  readonly shownBy: readonly CounterName[];
};

/** Every class, by area. */
export const faultClasses: readonly FaultClass[] = [
  { area: "network", name: "messages are lost", shownBy: ["loss"] },
  { area: "network", name: "messages arrive twice, or again seconds later", shownBy: ["duplicate", "replay"] },
  { area: "network", name: "messages overtake each other", shownBy: ["reorderedMessages"] },
  { area: "network", name: "messages take up to ten election timeouts", shownBy: ["delay"] },
  { area: "network", name: "the cluster is split, or one node is alone", shownBy: ["partition", "isolate"] },
  { area: "network", name: "links carry nothing in one direction", shownBy: ["oneWay"] },
  { area: "network", name: "two groups share one node that reaches both", shownBy: ["bridge"] },
  { area: "network", name: "a link comes and goes at the pace of the election timeout", shownBy: ["flap"] },
  { area: "network", name: "a slow link fills its queue", shownBy: ["slowLink", "cloggedMessages"] },
  {
    area: "network",
    name: "messages come from a lost store, or from a server that was taken out",
    shownBy: ["lostStoreMessages", "outsiderCampaigns"],
  },
  {
    area: "process",
    name: "a process dies between any two effects",
    shownBy: ["crash", "crashMidTurn", "leaderCrashes"],
  },
  { area: "process", name: "all processes die at once", shownBy: ["crashAll"] },
  { area: "process", name: "a process stands still, and goes on", shownBy: ["pause", "leaderPauses"] },
  { area: "process", name: "clocks run apart", shownBy: ["clockDrift", "leaseReads"] },
  { area: "process", name: "the event loop is late", shownBy: ["slowLoop", "pause"] },
  {
    area: "process",
    name: "a state machine throws in the middle of a batch",
    shownBy: ["applyError", "applyFailures"],
  },
  { area: "disk", name: "writes that were not synced are lost or torn", shownBy: ["lostWrites", "tornWrites"] },
  { area: "disk", name: "bits change where something was durable", shownBy: ["bitRot", "damageRefused"] },
  { area: "disk", name: "a record is written where another one belongs", shownBy: ["misdirectedWrite"] },
  { area: "disk", name: "a write fails, or finds no space", shownBy: ["diskError", "diskFull", "failStops"] },
  { area: "disk", name: "a disk is slow, hangs, or reports late", shownBy: ["slowFlush", "diskStall", "lateReport"] },
  { area: "disk", name: "a snapshot is missing", shownBy: ["lostSnapshot"] },
  {
    area: "disk",
    name: "pieces of snapshots are lost, repeated, or mixed with another's",
    shownBy: ["chunksLost", "chunksRepeated", "chunksMixed"],
  },
  {
    area: "membership",
    name: "a leader dies, or is overtaken, in the middle of a change",
    shownBy: ["membership", "leaderCrashesInJoint", "configurationsCutOff"],
  },
  { area: "membership", name: "two leaders change the membership at once", shownBy: ["twoLeaders", "rivalChanges"] },
  { area: "membership", name: "a leader is taken out, or loses its vote", shownBy: ["leadersRemoved"] },
  { area: "membership", name: "a server that was taken out campaigns", shownBy: ["outsiderCampaigns"] },
  { area: "membership", name: "a server comes back with an empty disk", shownBy: ["wipe"] },
  {
    area: "membership",
    name: "a learner gets a snapshot, the log behind it, and a vote",
    shownBy: ["promotedAfterSnapshot"],
  },
  { area: "membership", name: "all processes die in the middle of a change", shownBy: ["restartsMidChange"] },
  { area: "client", name: "a client repeats what was not answered", shownBy: ["repetitions"] },
  { area: "client", name: "a client repeats it after its session has expired", shownBy: ["expiredSessions"] },
  {
    area: "client",
    name: "reads come to followers and to leaders that are none any more",
    shownBy: ["readsForwarded", "readsLost"],
  },
  {
    area: "client",
    name: "calls end without effect, or nobody knows how",
    shownBy: ["definiteRefusals", "unknownOutcomes", "proposalsDropped"],
  },
  {
    area: "operator",
    name: "a node is started under the name of another cluster",
    shownBy: ["wrongCluster", "identityRefused"],
  },
  { area: "operator", name: "leadership is handed over", shownBy: ["transfer", "transfers"] },
  {
    area: "operator",
    name: "nodes run different versions, and roll on and back",
    shownBy: ["upgrade", "rollbacks", "mixedElections", "mixedCommits"],
  },
];

/** What several runs have counted, in one table. */
export type Counts = Readonly<Partial<Record<string, number>>>;

/** What a run has counted. */
export function countsOf({ faults, reached }: Pick<SimulationResult, "faults" | "reached">): Counts {
  return { ...faults, ...reached };
}

/** A line for each class: what was counted, and what it is. */
export function describeClasses(counts: Counts): readonly string[] {
  return faultClasses.map(({ area, name, shownBy }) => {
    const shown = shownBy.map((counter) => `${counter} ${counts[counter] ?? 0}`).join(", ");
    return `${area.padEnd(10)}  ${name}: ${shown}`;
  });
}
