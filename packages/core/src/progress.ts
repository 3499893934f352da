// What a leader knows about one peer's log, and how much it dares to send. Thesis 3.5 (nextIndex, matchIndex), 10.2.1 (pipelining).

import { assert } from "./errors.ts";
import type { LimitOptions } from "./options.ts";
import type { ReplicationMode } from "./status.ts";

type Inflight = { readonly lastIndex: number; readonly bytes: number };

/** A leader's view of one peer. Lives for one term of one leader. */
export class Progress {
  mode: ReplicationMode = "probe";
  /** Highest index known to be durable and equal at the peer. Never decreases. */
  matchIndex = 0;
  /** The next entry to send. Always above matchIndex. */
  nextIndex: number;
  /** When the peer last answered, in the caller's milliseconds. */
  lastContact: number;
  /** Highest heartbeat round that the peer has echoed. */
  confirmedRound = 0;
  /** The store that all of this is about; undefined before the first answer, and for a server without one to name. */
  incarnation: string | undefined;
  /** Another store that speaks under the peer's name now, and does not count. */
  stranger: string | undefined;
  /** When that one last spoke, in the caller's milliseconds. */
  strangerHeardAt: number = Number.NEGATIVE_INFINITY;
  /** A read of old entries for this peer is under way in the driver. */
  logReadPending = false;
  /** Sent and not answered, oldest first. */
  #inflight: Inflight[] = [];
  #inflightBytes = 0;
  /** In probe mode: one message is out, wait for its answer or the next heartbeat. */
  #probeOutstanding = false;

  constructor(nextIndex: number, now: number) {
    this.nextIndex = nextIndex;
    // A new peer counts as heard: CheckQuorum must not fire before it had a chance to answer.
    this.lastContact = now;
  }

  /** For how long the peer had been silent when another store last spoke under its name; 0 if it was heard since. */
  get replacedForMs(): number {
    return Math.max(0, this.strangerHeardAt - this.lastContact);
  }

  get inflightMessages(): number {
    return this.#inflight.length;
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** True if entries must wait: for the answer to a probe, for room in the window, for storage, or for a snapshot. */
  isPaused(limits: LimitOptions): boolean {
    if (this.logReadPending || this.mode === "snapshot") return true;
    if (this.mode === "probe") return this.#probeOutstanding;
    return this.#inflight.length >= limits.maxInflightMessages || this.#inflightBytes >= limits.maxInflightBytes;
  }

  /** Notes that entries up to `lastIndex` were sent (`bytes` 0 and `lastIndex` = nextIndex - 1 for an empty append). */
  onSent(lastIndex: number, bytes: number): void {
    if (this.mode === "probe") {
      this.#probeOutstanding = true;
      return;
    }
    if (lastIndex < this.nextIndex) return;
    this.#inflight.push({ lastIndex, bytes });
    this.#inflightBytes += bytes;
    this.nextIndex = lastIndex + 1;
  }

  /** Notes what the peer holds. Late and repeated answers change nothing. Returns true if matchIndex rose. */
  onAccepted(matchIndex: number): boolean {
    const rose = matchIndex > this.matchIndex;
    this.matchIndex = Math.max(this.matchIndex, matchIndex);
    this.nextIndex = Math.max(this.nextIndex, this.matchIndex + 1);
    this.#freeUpTo(this.matchIndex);
    // An answer below what we already know says nothing about the position that is being probed.
    if (this.mode !== "replicate" && matchIndex >= this.matchIndex) this.#startStreaming();
    return rose;
  }

  /**
   * Goes back after the peer refused the position `refusedIndex`. `resumeAfter` is the last position that may match.
   * Returns false if the refusal is old news.
   */
  onRejected(refusedIndex: number, resumeAfter: number): boolean {
    if (refusedIndex <= this.matchIndex) return false;
    // A probe has one message out; a refusal of any other position was sent before it.
    if (this.mode === "probe" && refusedIndex !== this.nextIndex - 1) return false;
    this.#probeFrom(Math.max(this.matchIndex, Math.min(resumeAfter, refusedIndex - 1)) + 1);
    return true;
  }

  /** A heartbeat came back: whatever was lost may be tried again. */
  onHeartbeatAnswered(): void {
    this.#probeOutstanding = false;
  }

  /** The log no longer reaches back to what this peer needs. */
  needsSnapshot(): void {
    this.mode = "snapshot";
    this.#clearInflight();
  }

  #startStreaming(): void {
    this.mode = "replicate";
    this.nextIndex = this.matchIndex + 1;
    this.#probeOutstanding = false;
    this.#clearInflight();
  }

  #probeFrom(nextIndex: number): void {
    assert(nextIndex > this.matchIndex, () => `nextIndex ${nextIndex} is not above matchIndex ${this.matchIndex}`);
    this.mode = "probe";
    this.nextIndex = nextIndex;
    this.#probeOutstanding = false;
    this.#clearInflight();
  }

  #freeUpTo(index: number): void {
    let count = 0;
    for (const message of this.#inflight) {
      if (message.lastIndex > index) break;
      this.#inflightBytes -= message.bytes;
      count += 1;
    }
    if (count > 0) this.#inflight.splice(0, count);
  }

  #clearInflight(): void {
    this.#inflight = [];
    this.#inflightBytes = 0;
  }
}
