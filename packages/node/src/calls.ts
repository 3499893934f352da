// Everything that callers of a node wait for, and what ends their waiting. Every call ends.

import type { QuorateError } from "@quorate/contracts";
import type { RaftEvent } from "@quorate/core";
import type { Changed, Transferred } from "./api.ts";
import { outcomeUnknown, transferAborted } from "./errors.ts";
import { NextBatch } from "./next-batch.ts";
import { Proposals } from "./proposals.ts";
import { Reads } from "./reads.ts";
import type { Waiting } from "./waiting.ts";

/** How often deadlines are looked at. */
const EXPIRY_CHECK_MS = 25;

/** What any waiting call has in common, whatever it waits for. */
type Ending = Pick<Waiting<unknown>, "isSettled" | "deadlineMs" | "timeoutMs" | "reject">;

/** The calls of one node that have not ended. */
export class Calls<Query, Answer, Result> {
  readonly nextBatch: NextBatch<Result>;
  readonly proposals: Proposals<Result> = new Proposals();
  readonly reads: Reads<Query, Answer>;
  transfer: Waiting<Transferred> | undefined;
  change: Waiting<Changed> | undefined;
  readonly #settleProposalsMs: number;
  #nextExpiryMs = 0;

  constructor(nodeId: string, limits: { readonly maxWaitingBytes: number; readonly settleProposalsMs: number }) {
    this.reads = new Reads(nodeId);
    this.nextBatch = new NextBatch(limits.maxWaitingBytes);
    this.#settleProposalsMs = limits.settleProposalsMs;
  }

  /** When deadlines must be looked at again; Infinity if nobody waits. */
  nextExpiry(nowMs: number): number {
    const count = this.nextBatch.size + this.proposals.size + this.reads.size + this.#single.length;
    return count === 0 ? Number.POSITIVE_INFINITY : Math.max(nowMs, this.#nextExpiryMs);
  }

  /** Ends what has waited long enough. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = nowMs + EXPIRY_CHECK_MS;
    this.nextBatch.expire(nowMs);
    this.proposals.expire(nowMs);
    this.reads.expire(nowMs);
    for (const call of this.#single) {
      if (nowMs >= call.deadlineMs) call.reject(outcomeUnknown(`not finished within ${call.timeoutMs} ms`));
    }
  }

  /** Some events decide what callers wait for. */
  onEvent(event: RaftEvent, nodeId: string, nowMs: number): void {
    if (event.type === "steppedDown" && event.reason !== "removed") {
      this.change?.reject(outcomeUnknown(`leadership was lost during the change: ${event.detail}`));
    }
    if (event.type === "steppedDown" && event.reason !== "higherTerm" && event.reason !== "removed") {
      this.transfer?.reject(outcomeUnknown(`leadership was lost before it was handed over: ${event.detail}`));
    }
    // The next leader usually decides what the last one left open; who waits longer learns that nobody knows.
    if (event.type === "steppedDown") this.proposals.shortenDeadlines(nowMs + this.#settleProposalsMs);
    if (event.type === "transferAborted") this.transfer?.reject(transferAborted(event.to));
    if (event.type === "leaderChanged" && event.leaderId !== undefined && event.leaderId !== nodeId) {
      this.transfer?.resolve({ leaderId: event.leaderId, term: event.term });
    }
  }

  /** Ends everything. `outcome` says whether a call may have had an effect. */
  rejectAll(error: (outcome: "none" | "unknown") => QuorateError): void {
    this.nextBatch.rejectAll(() => error("none"));
    this.reads.rejectAll(() => error("none"));
    this.proposals.rejectAll(() => error("unknown"));
    for (const call of this.#single) call.reject(error("unknown"));
  }

  /** The calls of which there is at most one at a time, if they wait. */
  get #single(): readonly Ending[] {
    const all: readonly (Ending | undefined)[] = [this.transfer, this.change];
    return all.flatMap((call) => (call === undefined || call.isSettled ? [] : [call]));
  }
}
