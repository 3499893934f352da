// Linearizable reads without writing to the log (ReadIndex). A read may be answered when a majority has confirmed, after
// the read arrived, that this server still leads, and when the state machine has applied what was committed then.
// Thesis 6.4.

import type { NodeId } from "./types.ts";

/** A read that waits at a leader: one of its own callers', or a request of `from` for those of its callers. */
export type QueuedRead = { readonly readId: number; readonly from?: NodeId };

/** A read whose answer must contain everything up to `index`. */
export type IndexedRead = QueuedRead & { readonly index: number };

/** The reads that wait at a leader, and the heartbeat rounds that confirm them. */
export class ReadQueue {
  /** Arrived, but no heartbeat round was started for them yet. */
  #waiting: QueuedRead[] = [];
  /** Confirmed by a round; ascending by round. */
  #asked: (IndexedRead & { readonly round: number })[] = [];
  #lastRound = 0;

  get size(): number {
    return this.#waiting.length + this.#asked.length;
  }

  /** The number of the latest heartbeat round. */
  get lastRound(): number {
    return this.#lastRound;
  }

  /** True if a new round would help somebody: reads wait and no earlier round of reads is still out. */
  get wantsRound(): boolean {
    return this.#waiting.length > 0 && this.#asked.length === 0;
  }

  add(read: QueuedRead): void {
    this.#waiting.push(read);
  }

  /**
   * Starts a heartbeat round. If `readIndex` is given, the round confirms all reads that have arrived, at that index;
   * without one (nothing of this term is committed yet) they go on waiting. Returns the round's number.
   */
  startRound(readIndex: number | undefined): number {
    this.#lastRound += 1;
    if (readIndex !== undefined) {
      for (const read of this.#waiting) this.#asked.push({ ...read, round: this.#lastRound, index: readIndex });
      this.#waiting = [];
    }
    return this.#lastRound;
  }

  /** Releases, in order of arrival, all reads whose round or a later one was confirmed by a majority. */
  confirmUpTo(round: number): readonly IndexedRead[] {
    const pending = this.#asked.findIndex((read) => read.round > round);
    return this.#asked.splice(0, pending === -1 ? this.#asked.length : pending);
  }

  /** Empties the queue. */
  takeAll(): readonly QueuedRead[] {
    const all = [...this.#asked, ...this.#waiting];
    this.#asked = [];
    this.#waiting = [];
    return all;
  }
}
