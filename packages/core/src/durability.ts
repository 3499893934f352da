// What is on its way to the disk, and what must wait for it. The core holds back every message that promises something
// until the promise is durable, so a driver cannot get the order wrong.
//
// Writes are numbered in the order in which they are handed out; the storage keeps that order, so a completed write
// means that all before it are durable too, in whatever order the completions are reported.

import type { RaftLog } from "./log.ts";
import type { Message } from "./message.ts";
import type { Entry, HardState } from "./types.ts";

/** One atomic step for the storage: truncate, append, hard state. Answer with `raft.persisted(sequence)` when durable. */
export type LogWrite = {
  /** Numbers the writes: 1, 2, 3 … */
  readonly sequence: number;
  /** Present when term or vote changed. */
  readonly hardState: HardState | undefined;
  /** Delete this index and all after it before appending. */
  readonly truncateFrom: number | undefined;
  readonly entries: readonly Entry[];
};

type InFlight = {
  readonly sequence: number;
  /** When the write was handed out, in the caller's milliseconds. */
  readonly handedOutAt: number;
  /** Last index of the log that this write makes durable; lowered when a truncation overtakes it. */
  lastIndex: number;
};

/** Keeps the books between the log in memory and the log on disk. */
export class Durability {
  #lastSequence = 0;
  #durableSequence = 0;
  #inFlight: InFlight[] = [];
  #durableIndex: number;
  /** First index that no write has carried yet. */
  #unwrittenFrom: number;
  #truncateFrom: number | undefined;
  #hardState: HardState | undefined;
  #held: { readonly sequence: number; readonly message: Message }[] = [];

  constructor(durableIndex: number) {
    this.#durableIndex = durableIndex;
    this.#unwrittenFrom = durableIndex + 1;
  }

  /** Every entry up to here is on disk, as it is in memory now. */
  get durableIndex(): number {
    return this.#durableIndex;
  }

  /** Since when the disk owes an answer; undefined if it owes none. */
  get waitingSince(): number | undefined {
    return this.#inFlight[0]?.handedOutAt;
  }

  /** Remembers that term or vote changed; the next write carries them. */
  hardStateChanged(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /**
   * Remembers that the log was cut. What older writes bring from `index` on is no longer the log, so a completion that
   * comes late must not count it as durable.
   */
  truncated(index: number): void {
    this.#durableIndex = Math.min(this.#durableIndex, index - 1);
    for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, index - 1);
    if (index >= this.#unwrittenFrom) return;
    this.#truncateFrom = Math.min(this.#truncateFrom ?? index, index);
    this.#unwrittenFrom = index;
  }

  /**
   * The log begins after `index` now; everything before is durable as a snapshot. Storage replaces its whole log if it
   * does not hold that entry, so a truncation at or before it is done with.
   */
  rebased(index: number, { keepsTail }: { readonly keepsTail: boolean }): void {
    for (const write of this.#inFlight) write.lastIndex = keepsTail ? Math.max(write.lastIndex, index) : index;
    this.#durableIndex = keepsTail ? Math.max(this.#durableIndex, index) : index;
    this.#unwrittenFrom = keepsTail ? Math.max(this.#unwrittenFrom, index + 1) : index + 1;
    if (!keepsTail || (this.#truncateFrom ?? index + 1) <= index) this.#truncateFrom = undefined;
  }

  /** Everything that changed since the last call, as one write; undefined if nothing did. */
  takeWrite(log: RaftLog, now: number): LogWrite | undefined {
    if (!this.#isDirty(log)) return undefined;
    const entries =
      this.#unwrittenFrom > log.lastIndex
        ? []
        : (log.slice(this.#unwrittenFrom, log.lastIndex, Number.POSITIVE_INFINITY) ?? []);
    this.#lastSequence += 1;
    const write = {
      sequence: this.#lastSequence,
      hardState: this.#hardState,
      truncateFrom: this.#truncateFrom,
      entries,
    };
    this.#inFlight.push({ sequence: write.sequence, handedOutAt: now, lastIndex: log.lastIndex });
    this.#hardState = undefined;
    this.#truncateFrom = undefined;
    this.#unwrittenFrom = log.lastIndex + 1;
    return write;
  }

  /** The write after which everything known now is durable. */
  sequenceOfNow(log: RaftLog): number {
    return this.#isDirty(log) ? this.#lastSequence + 1 : this.#lastSequence;
  }

  /** True once the write with this number, and so all before it, is durable. */
  isDurable(sequence: number): boolean {
    return sequence <= this.#durableSequence;
  }

  /** Keeps a message back until everything known now is durable. */
  hold(message: Message, log: RaftLog): void {
    this.#held.push({ sequence: this.sequenceOfNow(log), message });
  }

  /** Notes a completion; completions may come in any order and more than once. */
  completed(sequence: number): void {
    if (sequence <= this.#durableSequence || sequence > this.#lastSequence) return;
    this.#durableSequence = sequence;
    while (this.#inFlight[0] !== undefined && this.#inFlight[0].sequence <= sequence) {
      this.#durableIndex = Math.max(this.#durableIndex, this.#inFlight[0].lastIndex);
      this.#inFlight.shift();
    }
  }

  /** The messages whose promises are durable now, in the order in which they were made. */
  takeReleased(): readonly Message[] {
    let count = 0;
    while (this.#held[count] !== undefined && this.isDurable(this.#held[count]?.sequence ?? 0)) count += 1;
    return this.#held.splice(0, count).map((held) => held.message);
  }

  #isDirty(log: RaftLog): boolean {
    return this.#hardState !== undefined || this.#truncateFrom !== undefined || this.#unwrittenFrom <= log.lastIndex;
  }
}
