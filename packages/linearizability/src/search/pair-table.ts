// A map from two small numbers to a third, by open addressing: the search asks it at every step.

import { at, scramble } from "./cells.ts";

const empty = -2;

/** Remembers a number of at least -1 for pairs of numbers from 0. */
export class PairTable {
  #keys = new Int32Array(64);
  #values = new Int32Array(32).fill(empty);
  #count = 0;

  /** The number remembered for a pair, if any. */
  get(first: number, second: number): number | undefined {
    const value = at(this.#values, this.#slotOf(first, second));
    return value === empty ? undefined : value;
  }

  /** Remembers a number for a pair that has none yet. */
  add(first: number, second: number, value: number): void {
    if (this.#count * 2 >= this.#values.length) this.#grow();
    this.#count += 1;
    this.#put(first, second, value);
  }

  /** Memory taken, in bytes. */
  get sizeBytes(): number {
    return this.#keys.byteLength + this.#values.byteLength;
  }

  #put(first: number, second: number, value: number): void {
    const slot = this.#slotOf(first, second);
    this.#keys[2 * slot] = first;
    this.#keys[2 * slot + 1] = second;
    this.#values[slot] = value;
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#values.length - 1;
    let slot = scramble(scramble(first) ^ second) & mask;
    while (at(this.#values, slot) !== empty) {
      if (at(this.#keys, 2 * slot) === first && at(this.#keys, 2 * slot + 1) === second) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Int32Array(keys.length * 2);
    this.#values = new Int32Array(values.length * 2).fill(empty);
    for (let slot = 0; slot < values.length; slot += 1) {
      const value = at(values, slot);
      if (value !== empty) this.#put(at(keys, 2 * slot), at(keys, 2 * slot + 1), value);
    }
  }
}
