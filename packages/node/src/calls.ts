// Everything that callers of a node wait for, and what ends their waiting. Every call ends.

import type { QuorateError } from "@quorate/contracts";
import type { RaftEvent } from "@quorate/core";
import type { Transferred } from "./api.ts";
import { outcomeUnknown, transferAborted } from "./errors.ts";
import { NextBatch } from "./next-batch.ts";
import { Proposals } from "./proposals.ts";
import { Reads } from "./reads.ts";
import type { Waiting } from "./waiting.ts";

/** How often deadlines are looked at. */
const EXPIRY_CHECK_MS = 25;

/** The calls of one node that have not ended. */
export class Calls<Query, Answer, Result> {
  readonly nextBatch: NextBatch<Result>;
  readonly proposals: Proposals<Result> = new Proposals();
  readonly reads: Reads<Query, Answer> = new Reads();
  transfer: Waiting<Transferred> | undefined;
  readonly #settleProposalsMs: number;
  #nextExpiryMs = 0;

  constructor(limits: { readonly maxWaitingBytes: number; readonly settleProposalsMs: number }) {
    this.nextBatch = new NextBatch(limits.maxWaitingBytes);
    this.#settleProposalsMs = limits.settleProposalsMs;
  }

  /** When deadlines must be looked at again; Infinity if nobody waits. */
  nextExpiry(nowMs: number): number {
    const count = this.nextBatch.size + this.proposals.size + this.reads.size + (this.#isTransferring ? 1 : 0);
    return count === 0 ? Number.POSITIVE_INFINITY : Math.max(nowMs, this.#nextExpiryMs);
  }

  /** Ends what has waited long enough. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextExpiryMs) return;
    this.#nextExpiryMs = nowMs + EXPIRY_CHECK_MS;
    this.nextBatch.expire(nowMs);
    this.proposals.expire(nowMs);
    this.reads.expire(nowMs);
    if (this.transfer !== undefined && nowMs >= this.transfer.deadlineMs) {
      this.transfer.reject(outcomeUnknown("leadership was not handed over in time"));
    }
  }

  /** Some events decide what callers wait for. */
  onEvent(event: RaftEvent, nodeId: string, nowMs: number): void {
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
    this.transfer?.reject(error("unknown"));
  }

  get #isTransferring(): boolean {
    return this.transfer !== undefined && !this.transfer.isSettled;
  }
}
