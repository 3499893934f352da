// How often a run came into the rare situations that bugs live in. A run that never got there proves little.

import type { Configuration, EntryId, LogWrite, Message } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { ObservedNode } from "./checkers/checker.ts";
import { membersOf } from "./checkers/configurations.ts";

/** How often a run came into each rare situation. */
export type ReachedCounters = {
  /** Leaderships that began. */
  leaderships: number;
  /** Terms in which nobody came to lead. Counted at the end. */
  termsWithoutLeader: number;
  /** A leader died. */
  leaderCrashes: number;
  /** A leader stood still. */
  leaderPauses: number;
  /** A leader lost its office with entries that were not committed. */
  deposedWithUncommitted: number;
  /** Two servers believed to lead, in different terms, at the same time. */
  twoLeaders: number;
  /** A log had a wrong end that was replaced. */
  logsRepaired: number;
  /** A leader committed entries of an earlier term by committing one of its own. */
  oldTermCommits: number;
  /** A crash lost writes that were not durable. */
  lostWrites: number;
  /** A crash tore a write. */
  tornWrites: number;
  /** A message overtook another one. */
  reorderedMessages: number;
  /** Nodes stopped because of their disk. */
  failStops: number;
  /** A proposal was replaced by another entry, and its client was told so. */
  proposalsDropped: number;
  /** Clients sent an operation once more. Only in workloads whose operations may be repeated. */
  repetitions: number;
  /** Clients did not learn the outcome of an operation. */
  unknownOutcomes: number;
  /** Linearizable reads that were answered. */
  readsAnswered: number;
  /** Linearizable reads that were answered by a node that does not lead. */
  readsForwarded: number;
  /** Linearizable reads that a leader could not confirm. */
  readsLost: number;
  /** Leadership was handed over on purpose. */
  transfers: number;
  /** Changes of the membership that were finished, as the operator was told. */
  membershipChanges: number;
  /** A leader had a joint configuration in use. */
  jointConfigurations: number;
  /** A leader died in a joint configuration. */
  leaderCrashesInJoint: number;
  /** A configuration was cut off a log before it was committed. */
  configurationsCutOff: number;
  /** A leader was taken out of the cluster, or lost its vote. */
  leadersRemoved: number;
  /** Snapshots that were taken or received. */
  snapshots: number;
  /** A received snapshot took the place of a log that ended before it. */
  snapshotsInstalled: number;
  /** A received snapshot took the place of a log with other entries. */
  snapshotsOverConflict: number;
  /** Lease reads that were answered without asking anybody. */
  leaseReads: number;
  /** A node refused to start on a damaged disk. */
  damageRefused: number;
  /** A node refused to start under the name of another cluster. */
  identityRefused: number;
  /** Nodes that went back to an earlier build. Only with several builds. */
  rollbacks: number;
  /** Elections that no build's nodes could have decided alone. Only with several builds. */
  mixedElections: number;
  /** Times that a leader's commit index rose, while its own build ran on too few nodes for a majority. Only with several builds. */
  mixedCommits: number;
  /** Messages that a slow link dropped because too many waited for it. */
  cloggedMessages: number;
  /** Messages that arrived from a store which its server had lost meanwhile. */
  lostStoreMessages: number;
  /** Pieces of snapshots that did not arrive. */
  chunksLost: number;
  /** Pieces of snapshots that arrived again. */
  chunksRepeated: number;
  /** Pieces of one snapshot that arrived among those of another one. */
  chunksMixed: number;
  /** A server asked for votes that had been taken out of the cluster and did not know it. */
  outsiderCampaigns: number;
  /** A leader had an unfinished change of the membership while another one, that also believed to lead, had one too. */
  rivalChanges: number;
  /** A server was given a vote that had received a snapshot as a learner. */
  promotedAfterSnapshot: number;
  /** All processes died while a change of the membership was not committed. */
  restartsMidChange: number;
  /** A state machine threw. */
  applyFailures: number;
  /** A state machine told a client that repeats an operation that it no longer knows it. Only in workloads with such sessions. */
  expiredSessions: number;
  /** Clients were told that an operation certainly has no effect. */
  definiteRefusals: number;
};

/** Counts rare situations. */
export class Reached {
  readonly counters: ReachedCounters = {
    leaderships: 0,
    termsWithoutLeader: 0,
    leaderCrashes: 0,
    leaderPauses: 0,
    deposedWithUncommitted: 0,
    twoLeaders: 0,
    logsRepaired: 0,
    oldTermCommits: 0,
    lostWrites: 0,
    tornWrites: 0,
    reorderedMessages: 0,
    failStops: 0,
    proposalsDropped: 0,
    repetitions: 0,
    unknownOutcomes: 0,
    readsAnswered: 0,
    readsForwarded: 0,
    readsLost: 0,
    transfers: 0,
    membershipChanges: 0,
    jointConfigurations: 0,
    leaderCrashesInJoint: 0,
    configurationsCutOff: 0,
    leadersRemoved: 0,
    snapshots: 0,
    snapshotsInstalled: 0,
    snapshotsOverConflict: 0,
    leaseReads: 0,
    damageRefused: 0,
    identityRefused: 0,
    rollbacks: 0,
    mixedElections: 0,
    mixedCommits: 0,
    cloggedMessages: 0,
    lostStoreMessages: 0,
    chunksLost: 0,
    chunksRepeated: 0,
    chunksMixed: 0,
    outsiderCampaigns: 0,
    rivalChanges: 0,
    promotedAfterSnapshot: 0,
    restartsMidChange: 0,
    applyFailures: 0,
    expiredSessions: 0,
    definiteRefusals: 0,
  };
  #highestTerm = 0;
  readonly #leaders = new Map<string, number>();
  readonly #terms = new Set<number>();
  /** The configuration of the leader of the highest term. */
  #configuration: Configuration | undefined;
  /** Leaders with a change that is not committed. */
  readonly #changing = new Set<string>();
  /** Learners that have received a snapshot. */
  readonly #fedLearners = new Set<string>();

  /** A turn of a node is over; `node.status` is that of the turn before. */
  look(node: ObservedNode, status: NodeStatus): void {
    this.#highestTerm = Math.max(this.#highestTerm, status.term);
    const before = node.status;
    const wasLeading = before?.role === "leader";
    if (status.role === "leader") {
      if (!wasLeading || before.term !== status.term) this.#elected(node.id, status.term);
      const firstNew = (before?.commitIndex ?? 0) + 1;
      if (status.commitIndex >= firstNew && (node.log.termAt(firstNew) ?? status.term) < status.term) {
        this.counters.oldTermCommits += 1;
      }
      if (status.configurationIndex !== before?.configurationIndex) this.#reconfigured(status);
      this.#lookAtChange(node.id, status);
    } else if (wasLeading) {
      if (!status.configuration.voters.includes(node.id)) this.counters.leadersRemoved += 1;
      this.ended(node.id);
      if (before.lastIndex > before.commitIndex) this.counters.deposedWithUncommitted += 1;
    }
  }

  /** A leader's process has ended. */
  leaderDied({ outgoing }: Configuration): void {
    this.counters.leaderCrashes += 1;
    if (outgoing !== undefined) this.counters.leaderCrashesInJoint += 1;
  }

  /** All processes are about to die. */
  everybodyDies(statuses: readonly (NodeStatus | undefined)[]): void {
    const known = statuses.filter((status) => status !== undefined);
    const committed = Math.max(0, ...known.map(({ commitIndex }) => commitIndex));
    if (known.some(({ configurationIndex }) => configurationIndex > committed)) this.counters.restartsMidChange += 1;
  }

  /** A message leaves a server. */
  sent(id: string, { type }: Message): void {
    if (type !== "voteRequest" && type !== "preVoteRequest") return;
    if (this.#configuration !== undefined && !membersOf(this.#configuration).has(id)) {
      this.counters.outsiderCampaigns += 1;
    }
  }

  /** A write is handed to a disk. */
  written({ log }: ObservedNode, { truncateFrom }: LogWrite): void {
    if (truncateFrom === undefined || truncateFrom > log.lastIndex) return;
    this.counters.logsRepaired += 1;
    if ((log.configuration?.index ?? 0) >= truncateFrom) this.counters.configurationsCutOff += 1;
  }

  /** A log is about to begin after `base`. */
  compacted({ id, log, configuration }: ObservedNode, base: EntryId): void {
    const term = log.termAt(base.index);
    if (base.index <= log.base.index || term === base.term) return;
    if (term === undefined) this.counters.snapshotsInstalled += 1;
    else this.counters.snapshotsOverConflict += 1;
    if (!configuration.voters.includes(id)) this.#fedLearners.add(id);
  }

  /** A process has ended; it leads no more. */
  ended(id: string): void {
    this.#leaders.delete(id);
    this.#changing.delete(id);
  }

  /** Counts what is only known at the end. */
  finish(): void {
    this.counters.termsWithoutLeader = Math.max(0, this.#highestTerm - this.#terms.size);
  }

  #reconfigured({ configuration, term }: NodeStatus): void {
    if (configuration.outgoing !== undefined) this.counters.jointConfigurations += 1;
    if (term === this.#highestTerm) this.#configuration = configuration;
    for (const voter of configuration.voters)
      if (this.#fedLearners.delete(voter)) this.counters.promotedAfterSnapshot += 1;
  }

  #lookAtChange(id: string, { configurationIndex, commitIndex }: NodeStatus): void {
    const isChanging = configurationIndex > commitIndex;
    if (isChanging && !this.#changing.has(id) && this.#changing.size > 0) this.counters.rivalChanges += 1;
    if (isChanging) this.#changing.add(id);
    else this.#changing.delete(id);
  }

  #elected(id: string, term: number): void {
    this.#leaders.set(id, term);
    this.#terms.add(term);
    this.counters.leaderships += 1;
    if (this.#leaders.size > 1) this.counters.twoLeaders += 1;
  }
}
