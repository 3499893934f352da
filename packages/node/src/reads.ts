// Reads between their arrival and their answer. Linearizable ones wait for two things: first a majority confirms the
// leader, then the state machine catches up with what was committed then. Thesis 6.4. Any read may want to see an index.

import { RecentMap } from "@quorate/contracts";
import type { NodeId } from "@quorate/core";
import type { Consistency, Queried } from "./api.ts";
import { indexNotReached, readTimeout } from "./errors.ts";
import type { Waiting } from "./waiting.ts";

type PendingRead<Query, Answer> = {
  readonly query: Query;
  readonly consistency: Consistency;
  /** What the caller wants to see; 0 if it does not say. */
  readonly minIndex: number;
  readonly caller: Waiting<Queried<Answer>>;
};

/** The reads of one node that are not answered yet. */
export class Reads<Query, Answer> {
  readonly #nodeId: NodeId;
  readonly #unconfirmed = new RecentMap<PendingRead<Query, Answer>>();
  /** These wait only for the state machine to reach an index. */
  #confirmed: { readonly index: number; readonly read: PendingRead<Query, Answer> }[] = [];
  #lastApplied = 0;

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  get size(): number {
    return this.#unconfirmed.size + this.#confirmed.length;
  }

  /** Takes a linearizable read; `confirmed` or `rejected` will be called with its id. */
  add(readId: number, read: Omit<PendingRead<Query, Answer>, "consistency">): void {
    this.#unconfirmed.set(readId, { ...read, consistency: "linearizable" });
  }

  /** Takes a stale read, which waits only for what it wants to see. */
  addStale(read: Omit<PendingRead<Query, Answer>, "consistency">): void {
    this.#confirmed.push({ index: read.minIndex, read: { ...read, consistency: "stale" } });
  }

  confirmed(readId: number, index: number): void {
    const read = this.#unconfirmed.get(readId);
    this.#unconfirmed.delete(readId);
    if (read !== undefined) this.#confirmed.push({ index: Math.max(index, read.minIndex), read });
  }

  rejected(readId: number, error: Error): void {
    this.#unconfirmed.get(readId)?.caller.reject(error);
    this.#unconfirmed.delete(readId);
  }

  /** Answers everything that the state machine, having applied up to `lastApplied`, can answer. */
  answerUpTo(lastApplied: number, answer: (query: Query, consistency: Consistency) => Queried<Answer>): void {
    this.#lastApplied = lastApplied;
    if (this.#confirmed.length === 0) return;
    const due = this.#confirmed.filter(({ index }) => index <= lastApplied);
    if (due.length === 0) return;
    this.#confirmed = this.#confirmed.filter(({ index }) => index > lastApplied);
    for (const { read } of due) if (!read.caller.isSettled) settle(read, answer);
  }

  /** Ends everything whose time is over, and forgets what its caller has given up. */
  expire(nowMs: number): void {
    for (const [readId, { caller }] of this.#unconfirmed.entries()) {
      if (nowMs >= caller.deadlineMs) caller.reject(readTimeout(caller.timeoutMs));
      if (caller.isSettled) this.#unconfirmed.delete(readId);
    }
    this.#confirmed = this.#confirmed.filter(({ read: { caller, minIndex } }) => {
      const { timeoutMs } = caller;
      const lastApplied = this.#lastApplied;
      if (nowMs >= caller.deadlineMs) {
        const isBehind = minIndex > lastApplied;
        const behind = { minIndex, lastApplied, timeoutMs };
        caller.reject(isBehind ? indexNotReached(this.#nodeId, behind) : readTimeout(timeoutMs));
      }
      return !caller.isSettled;
    });
  }

  /** Ends everything. */
  rejectAll(error: () => Error): void {
    for (const { caller } of this.#unconfirmed.values()) caller.reject(error());
    for (const { read } of this.#confirmed) read.caller.reject(error());
    this.#unconfirmed.clear();
    this.#confirmed = [];
  }
}

/** A query that the state machine cannot answer is its caller's misfortune, not the node's. */
function settle<Query, Answer>(
  { query, consistency, caller }: PendingRead<Query, Answer>,
  answer: (query: Query, consistency: Consistency) => Queried<Answer>,
): void {
  try {
    caller.resolve(answer(query, consistency));
  } catch (error) {
    caller.reject(error);
  }
}
