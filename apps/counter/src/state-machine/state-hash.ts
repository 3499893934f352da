// A fingerprint of the whole state that is cheap to keep up to date: the sum, modulo 2^128, of the SHA-256 digests of all
// items. Only what changed since the last question is hashed again, so asking a busy server with a large state does not
// stop it. It tells diverged servers apart; it is no defence against somebody who forges states.

import { hash } from "node:crypto";
import { ByteWriter } from "./bytes.ts";
import { type Item, writeItem } from "./items.ts";

const kindByte = { counter: 1, register: 2, answer: 3 } as const;

// Bounds the work that one question can find waiting: about 20 ms of hashing.
const maxPendingItems = 8192;

/** Follows the changes of a set of items. */
export class StateHash {
  #sum = 0n;
  /** What changed since the last question; a hole where it was taken out again. */
  #pending: (Item | undefined)[] = [];
  readonly #writer = new ByteWriter(1024);

  /** `item` is part of the state from now on, in place of `previous` if there is one. */
  put(item: Item, previous?: Item): void {
    item.digest = previous?.digest ?? 0n;
    // An item that changes often takes the place of its predecessor, so that the list grows with the items alone.
    item.pendingAt = previous?.pendingAt ?? this.#pending.length;
    this.#pending[item.pendingAt] = item;
    if (this.#pending.length >= maxPendingItems) this.#settle();
  }

  /** `item` is no longer part of the state. */
  remove(item: Item): void {
    if (item.pendingAt !== undefined) this.#pending[item.pendingAt] = undefined;
    item.pendingAt = undefined;
    this.#sum = BigInt.asUintN(128, this.#sum - item.digest);
    item.digest = 0n;
  }

  /** 32 hexadecimal digits; equal for equal sets of items, whatever their history. */
  hex(): string {
    this.#settle();
    return this.#sum.toString(16).padStart(32, "0");
  }

  #settle(): void {
    let sum = this.#sum;
    for (const item of this.#pending) {
      if (item === undefined) continue;
      item.pendingAt = undefined;
      const digest = this.#digestOf(item);
      sum += digest - item.digest;
      item.digest = digest;
    }
    this.#sum = BigInt.asUintN(128, sum);
    this.#pending = [];
  }

  #digestOf(item: Item): bigint {
    this.#writer.reset();
    this.#writer.uint8(kindByte[item.kind]);
    writeItem(this.#writer, item);
    return BigInt(`0x${hash("sha256", this.#writer.written(), "hex").slice(0, 32)}`);
  }
}
