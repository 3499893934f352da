// How often a run came into the rare situations that bugs live in. A run that never got there proves little.

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
  /** Clients did not learn the outcome of an operation. */
  unknownOutcomes: number;
  /** Linearizable reads that were answered. */
  readsAnswered: number;
  /** Linearizable reads that a leader could not confirm. */
  readsLost: number;
  /** Leadership was handed over on purpose. */
  transfers: number;
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
    unknownOutcomes: 0,
    readsAnswered: 0,
    readsLost: 0,
    transfers: 0,
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
    } else if (wasLeading) {
      this.#leaders.delete(node.id);
      if (before.lastIndex > before.commitIndex) this.counters.deposedWithUncommitted += 1;
    }
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
