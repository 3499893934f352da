// Where a query is answered from: at once, under the leader's lease, or when a majority (or the leader, for a follower)
// has said how far the state must have come. Thesis 6.4.

import type { Clock, QuorateError } from "@quorate/contracts";
import type { NodeId, Raft, Ready } from "@quorate/core";
import type { Queried, QueryOptions } from "./api.ts";
import { busy, notLeader, readLost, staleTooOld } from "./errors.ts";
import type { Reads } from "./reads.ts";
import type { Replica } from "./replica.ts";
import { Waiting } from "./waiting.ts";

/** What queries need of their driver. */
export type QueriesParts<Query, Answer> = {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly raft: Raft;
  readonly replica: Replica<Query, Answer, unknown>;
  readonly reads: Reads<Query, Answer>;
  /** Asks for a turn of the loop. */
  readonly soon: () => void;
};

/** The queries of one node. */
export class Queries<Query, Answer> {
  readonly #parts: QueriesParts<Query, Answer>;

  constructor(parts: QueriesParts<Query, Answer>) {
    this.#parts = parts;
  }

  /** Answers, or waits until it can. Throws or rejects with the error that the caller gets. */
  run(query: Query, options: QueryOptions): Queried<Answer> | Promise<Queried<Answer>> {
    if (options.consistency === "stale") return this.#stale(query, options);
    const underLease = options.consistency === "lease" ? this.#underLease(query, options.minIndex ?? 0) : undefined;
    return underLease ?? this.#linearizable(query, options);
  }

  /** What the core says about reads, and what has been applied since. */
  onReady({ confirmedReads, rejectedReads }: Pick<Ready, "confirmedReads" | "rejectedReads">): void {
    const { reads, replica, nodeId } = this.#parts;
    for (const { readId, index } of confirmedReads) reads.confirmed(readId, index);
    for (const { readId, reason } of rejectedReads) reads.rejected(readId, readLost(nodeId, reason));
    reads.answerUpTo(replica.last.index, (query, level) => replica.answer(query, level));
  }

  #linearizable(query: Query, options: QueryOptions): Promise<Queried<Answer>> {
    const { raft, reads, clock, soon } = this.#parts;
    const { forward = false, minIndex = 0 } = options;
    this.#refuseBeyondLimit();
    const result = raft.readIndex({ forward });
    if (!result.accepted) throw result.reason === "busy" ? busy("reads") : this.#notLeader();
    const caller = new Waiting<Queried<Answer>>(clock.now(), options, "none");
    reads.add(result.readId, { query, minIndex, caller });
    soon();
    return caller.promise;
  }

  #stale(query: Query, options: QueryOptions): Queried<Answer> | Promise<Queried<Answer>> {
    const { replica, reads, clock, soon } = this.#parts;
    const { minIndex = 0, maxAgeMs } = options;
    if (replica.last.index >= minIndex) {
      this.#refuseIfOlder(maxAgeMs);
      return replica.answer(query, "stale");
    }
    this.#refuseBeyondLimit();
    const caller = new Waiting<Queried<Answer>>(clock.now(), options, "none");
    reads.addStale({ query, minIndex, caller });
    soon();
    return caller.promise.then((answered) => {
      this.#refuseIfOlder(maxAgeMs);
      return answered;
    });
  }

  #refuseIfOlder(maxAgeMs: number | undefined): void {
    if (maxAgeMs === undefined) return;
    const { raft, clock, nodeId } = this.#parts;
    const ageMs = raft.status(clock.now()).stateAgeMs ?? Number.POSITIVE_INFINITY;
    if (ageMs > maxAgeMs) throw staleTooOld(nodeId, ageMs, maxAgeMs);
  }

  /** The core bounds what waits to be confirmed; this bounds what waits for the state machine as well. */
  #refuseBeyondLimit(): void {
    const { raft, reads } = this.#parts;
    if (reads.size >= raft.options.limits.maxPendingReads) throw busy("reads");
  }

  /** Undefined if no lease covers the read from its beginning to its end: this process may be stopped at any point. */
  #underLease(query: Query, minIndex: number): Queried<Answer> | undefined {
    const { raft, replica, clock } = this.#parts;
    const index = raft.leaseReadIndex(clock.now());
    if (index === undefined || replica.last.index < Math.max(index, minIndex)) return undefined;
    const answer = replica.answer(query, "lease");
    return raft.leaseReadIndex(clock.now()) === undefined ? undefined : answer;
  }

  #notLeader(): QuorateError {
    const { id, term, leaderId } = this.#parts.raft.status();
    return notLeader(id, leaderId, term);
  }
}
