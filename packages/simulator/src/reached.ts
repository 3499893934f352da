// How often a run came into the rare situations that bugs live in. A run that never got there proves little.

import type { Configuration, EntryId, LogWrite } from "@quorate/contracts";
import type { NodeStatus } from "@quorate/node";
import type { ObservedNode } from "./checkers/checker.ts";

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
  };
  #highestTerm = 0;
  readonly #leaders = new Map<string, number>();
  readonly #terms = new Set<number>();

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
      const isNew = status.configurationIndex !== before?.configurationIndex;
      if (isNew && status.configuration.outgoing !== undefined) this.counters.jointConfigurations += 1;
    } else if (wasLeading) {
      if (!status.configuration.voters.includes(node.id)) this.counters.leadersRemoved += 1;
      this.#leaders.delete(node.id);
      if (before.lastIndex > before.commitIndex) this.counters.deposedWithUncommitted += 1;
    }
  }

  /** A leader's process has ended. */
  leaderDied({ outgoing }: Configuration): void {
    this.counters.leaderCrashes += 1;
    if (outgoing !== undefined) this.counters.leaderCrashesInJoint += 1;
  }

  /** A write is handed to a disk. */
  written({ log }: ObservedNode, { truncateFrom }: LogWrite): void {
    if (truncateFrom === undefined || truncateFrom > log.lastIndex) return;
    this.counters.logsRepaired += 1;
    if ((log.configuration?.index ?? 0) >= truncateFrom) this.counters.configurationsCutOff += 1;
  }

  /** A log is about to begin after `base`. */
  compacted({ log }: ObservedNode, base: EntryId): void {
    const term = log.termAt(base.index);
    if (base.index <= log.base.index || term === base.term) return;
    if (term === undefined) this.counters.snapshotsInstalled += 1;
    else this.counters.snapshotsOverConflict += 1;
  }

  /** A process has ended; it leads no more. */
  ended(id: string): void {
    this.#leaders.delete(id);
  }

  /** Counts what is only known at the end. */
  finish(): void {
    this.counters.termsWithoutLeader = Math.max(0, this.#highestTerm - this.#terms.size);
  }

  #elected(id: string, term: number): void {
    this.#leaders.set(id, term);
    this.#terms.add(term);
    this.counters.leaderships += 1;
    if (this.#leaders.size > 1) this.counters.twoLeaders += 1;
  }
}
