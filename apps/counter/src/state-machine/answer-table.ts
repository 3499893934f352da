// The first answers to requests that carried an idempotency key. Part of the replicated state: it survives failover, restart
// and snapshots. Bounded by count and by bytes; the oldest by log order leave first, on every server at the same entry.

import type { AnswerItem } from "./items.ts";
import type { CommandResult } from "./result.ts";
import type { StateHash } from "./state-hash.ts";

/** Bounds of the table. All servers of a cluster must use the same. */
export type AnswerTableLimits = {
  /** Default 100 000. */
  readonly maxKeys: number;
  /** Bytes of memory that the answers may take, roughly. Default 64 MiB. */
  readonly maxBytes: number;
};

/** The bounds that the service uses. */
export const defaultAnswerTableLimits: AnswerTableLimits = { maxKeys: 100_000, maxBytes: 64 * 1024 * 1024 };

const itemOverheadBytes = 200;

/** Answers by idempotency key, in the order of the log. */
export class AnswerTable {
  readonly #limits: AnswerTableLimits;
  readonly #hash: StateHash;
  readonly #items = new Map<string, AnswerItem>();
  /** Oldest first, from `#head` on. A Map would find its oldest key only behind the holes of all deleted ones. */
  #order: AnswerItem[] = [];
  #head = 0;
  #sizeBytes = 0;

  constructor(limits: AnswerTableLimits, hash: StateHash) {
    this.#limits = limits;
    this.#hash = hash;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: string): AnswerItem | undefined {
    return this.#items.get(key);
  }

  /** Remembers a first answer; the key must be new. */
  add(item: AnswerItem): void {
    this.#items.set(item.key, item);
    this.#order.push(item);
    this.#sizeBytes += sizeOf(item);
    this.#hash.put(item);
    while (this.#items.size > this.#limits.maxKeys || this.#sizeBytes > this.#limits.maxBytes) this.#removeOldest();
  }

  /** All of this moment, oldest first. */
  values(): readonly AnswerItem[] {
    return this.#order.slice(this.#head);
  }

  #removeOldest(): void {
    const item = this.#order[this.#head];
    if (item === undefined) throw new Error("the answer table is over its limit and empty");
    this.#head += 1;
    this.#items.delete(item.key);
    this.#sizeBytes -= sizeOf(item);
    this.#hash.remove(item);
    // Half of the list is history: moving the rest now costs no more than what was added since the last time.
    if (this.#head * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
  }
}

function sizeOf(item: AnswerItem): number {
  return itemOverheadBytes + 2 * (item.key.length + valueLength(item.result));
}

/** Only a failed compare-and-set keeps a register's value; everything else has a fixed size. */
function valueLength(result: CommandResult): number {
  return result.type === "valueMismatch" ? (result.current?.value.length ?? 0) : 0;
}
