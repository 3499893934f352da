// What clients and operators wait for at a bare core: proposals, reads, one change and one transfer at a time. Nothing here
// gives up by itself; whoever has waited for too long goes away.

import type { Entry, NodeId } from "@quorate/contracts";
import type { MembershipChange, Raft, RaftEvent, Ready } from "@quorate/core";
import type { Proposed, Queried } from "@quorate/node";
import type { CallFailure, Outcome, ReadOptions } from "./program.ts";

type Proposal<Result> = { readonly term: number; readonly end: (outcome: Outcome<Proposed<Result>>) => void };

type Read<Query, Answer> = { readonly query: Query; readonly end: (outcome: Outcome<Queried<Answer>>) => void };

/** What calls need of their server. */
export type CallsParts<Query, Answer> = {
  readonly id: NodeId;
  readonly raft: Raft;
  /** The last entry that is in the state machine. */
  readonly applied: () => Pick<Entry, "index" | "term">;
  readonly answer: (query: Query) => Answer;
};

/** The calls of one server that have not ended. */
export class CoreCalls<Query, Answer, Result> {
  readonly #parts: CallsParts<Query, Answer>;
  /** By index: a later leadership may propose where an earlier proposal still waits. */
  readonly #proposals = new Map<number, Proposal<Result>[]>();
  readonly #unconfirmed = new Map<number, Read<Query, Answer>>();
  /** These wait only for the state machine to reach an index. */
  #confirmed: (Read<Query, Answer> & { readonly index: number })[] = [];
  #onChanged: (() => void) | undefined;
  #onTransferred: (() => void) | undefined;

  constructor(parts: CallsParts<Query, Answer>) {
    this.#parts = parts;
  }

  propose(data: Uint8Array, end: Proposal<Result>["end"]): void {
    const result = this.#parts.raft.propose(data);
    if (!result.accepted) {
      end(refused(result.reason === "notLeader" ? notLeader(result) : "QUORATE_BUSY", result.leaderId));
      return;
    }
    const proposal = { term: result.term, end };
    const others = this.#proposals.get(result.index);
    if (others === undefined) this.#proposals.set(result.index, [proposal]);
    else others.push(proposal);
  }

  query(query: Query, { consistency, forward }: ReadOptions, end: Read<Query, Answer>["end"], now: number): void {
    const { raft, applied } = this.#parts;
    const leaseIndex = consistency === "lease" ? raft.leaseReadIndex(now) : undefined;
    // No time passes in between, so the lease need not be asked again.
    if (leaseIndex !== undefined && applied().index >= leaseIndex) {
      this.#answer({ query, end }, "lease");
      return;
    }
    const result = raft.readIndex({ forward });
    if (result.accepted) this.#unconfirmed.set(result.readId, { query, end });
    else end(refused(result.reason === "notLeader" ? notLeader(result) : "QUORATE_BUSY", result.leaderId));
  }

  transfer(to: NodeId | undefined, onDone: () => void): void {
    if (this.#parts.raft.transferLeadership(to).accepted) this.#onTransferred = onDone;
  }

  change(changes: readonly MembershipChange[], force: boolean, onDone: () => void): void {
    if (this.#parts.raft.proposeConfiguration({ changes, force }).accepted) this.#onChanged = onDone;
  }

  /** An entry is in the state machine, with its result if it was a command. */
  applied({ index }: Entry, result: Result | undefined): void {
    const waiting = this.#proposals.get(index);
    if (waiting === undefined) return;
    this.#proposals.delete(index);
    for (const { term, end } of waiting) {
      const outcome = this.#parts.raft.outcomeOf({ index, term });
      // Index and term identify the entry, so this is the result of what was proposed.
      if (outcome === "committed") end({ value: { index, term, result: result as Result } });
      if (outcome === "lost") end(refused("QUORATE_PROPOSAL_DROPPED", undefined));
    }
  }

  /** Takes what the core says about reads and of what has happened. */
  onReady({ confirmedReads, rejectedReads, events }: Ready): void {
    for (const { readId, index } of confirmedReads) {
      const read = this.#unconfirmed.get(readId);
      if (read !== undefined) this.#confirmed.push({ ...read, index });
      this.#unconfirmed.delete(readId);
    }
    for (const { readId } of rejectedReads) {
      this.#unconfirmed.get(readId)?.end(refused("QUORATE_NO_LEADER", undefined));
      this.#unconfirmed.delete(readId);
    }
    this.#answerReads();
    for (const event of events) this.#onEvent(event);
    if (this.#onChanged !== undefined) this.#concludeChange(this.#onChanged);
  }

  #answerReads(): void {
    if (this.#confirmed.length === 0) return;
    const { index: lastApplied } = this.#parts.applied();
    const due = this.#confirmed.filter(({ index }) => index <= lastApplied);
    if (due.length === 0) return;
    this.#confirmed = this.#confirmed.filter(({ index }) => index > lastApplied);
    for (const read of due) this.#answer(read, "linearizable");
  }

  /** A query that the state machine cannot answer is its caller's misfortune. */
  #answer({ query, end }: Read<Query, Answer>, consistency: "lease" | "linearizable"): void {
    const { applied, answer } = this.#parts;
    const { index, term } = applied();
    let value: Answer;
    try {
      value = answer(query);
    } catch (error) {
      end({ failure: { code: undefined, message: String(error), outcome: "none", leaderId: undefined } });
      return;
    }
    end({ value: { answer: value, index, term, consistency } });
  }

  #onEvent(event: RaftEvent): void {
    if (event.type === "steppedDown" && event.reason !== "removed") this.#onChanged = undefined;
    if (event.type === "transferAborted") this.#onTransferred = undefined;
    if (event.type === "leaderChanged" && event.leaderId !== undefined && event.leaderId !== this.#parts.id) {
      this.#onTransferred?.();
      this.#onTransferred = undefined;
    }
  }

  /** A change is over when the configuration in use is committed and not joint. */
  #concludeChange(onChanged: () => void): void {
    const { configuration, configurationIndex, commitIndex } = this.#parts.raft.status();
    if (configurationIndex > commitIndex || configuration.outgoing !== undefined) return;
    this.#onChanged = undefined;
    onChanged();
  }
}

function notLeader({ leaderId }: { readonly leaderId: NodeId | undefined }): string {
  return leaderId === undefined ? "QUORATE_NO_LEADER" : "QUORATE_NOT_LEADER";
}

function refused(code: string, leaderId: NodeId | undefined): { readonly failure: CallFailure } {
  return { failure: { code, message: code, outcome: "none", leaderId } };
}
