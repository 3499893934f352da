// Where a search has been. A configuration need not be tried if the same operations of known outcome led to the same state
// with fewer of the unknown ones spent: whatever succeeds from here would have succeeded from there.

import { at, scramble } from "./cells.ts";
import type { Configuration } from "./configuration.ts";

const headerWords = 5;

/** A set of configurations: open addressing over entries in one growing array. */
export class Visited {
  #slots = new Int32Array(256);
  #count = 0;
  /** Entries [hash, state, firstPending, window length, first spent set, window...] and spent sets [next, words...]. */
  #pool = new Int32Array(2048);
  /** 0 stands for "nothing", so nothing is stored there. */
  #end = 1;

  /** Adds a configuration; `false` if it need not be tried. */
  add(configuration: Configuration, comparesUnknown: boolean): boolean {
    const hash = scramble(configuration.hash ^ scramble(configuration.state));
    const slot = this.#find(configuration, hash);
    const entry = at(this.#slots, slot);
    if (entry === 0) {
      this.#slots[slot] = this.#store(configuration, hash);
      if (comparesUnknown) this.#spend(at(this.#slots, slot), configuration.unknown);
      this.#count += 1;
      if (this.#count * 2 > this.#slots.length) this.#grow();
      return true;
    }
    if (!comparesUnknown || this.#hasSpentLess(entry, configuration.unknown)) return false;
    this.#spend(entry, configuration.unknown);
    return true;
  }

  /** Memory taken, in bytes. */
  get sizeBytes(): number {
    return this.#slots.byteLength + this.#pool.byteLength;
  }

  #find(configuration: Configuration, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let entry = at(this.#slots, slot); entry !== 0; entry = at(this.#slots, slot)) {
      if (at(this.#pool, entry) === hash && this.#equals(entry, configuration)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #equals(entry: number, configuration: Configuration): boolean {
    const { state, firstPending, known } = configuration;
    if (at(this.#pool, entry + 1) !== state || at(this.#pool, entry + 2) !== firstPending) return false;
    const length = windowLength(configuration);
    if (at(this.#pool, entry + 3) !== length) return false;
    const first = firstPending >>> 5;
    for (let word = 0; word < length; word += 1) {
      if (at(this.#pool, entry + headerWords + word) !== (at(known, first + word) | 0)) return false;
    }
    return true;
  }

  /** Everything before `firstPending` has taken effect, so only the words from there to the last are kept. */
  #store(configuration: Configuration, hash: number): number {
    const { state, firstPending, known } = configuration;
    const length = windowLength(configuration);
    const entry = this.#reserve(headerWords + length);
    this.#pool[entry] = hash;
    this.#pool[entry + 1] = state;
    this.#pool[entry + 2] = firstPending;
    this.#pool[entry + 3] = length;
    this.#pool[entry + 4] = 0;
    const first = firstPending >>> 5;
    for (let word = 0; word < length; word += 1) this.#pool[entry + headerWords + word] = at(known, first + word);
    return entry;
  }

  #spend(entry: number, unknown: Uint32Array): void {
    const place = this.#reserve(1 + unknown.length);
    this.#pool[place] = at(this.#pool, entry + 4);
    this.#pool[entry + 4] = place;
    for (let word = 0; word < unknown.length; word += 1) this.#pool[place + 1 + word] = at(unknown, word);
  }

  #hasSpentLess(entry: number, unknown: Uint32Array): boolean {
    for (let place = at(this.#pool, entry + 4); place !== 0; place = at(this.#pool, place)) {
      let word = 0;
      while (word < unknown.length && (at(this.#pool, place + 1 + word) & ~at(unknown, word)) === 0) word += 1;
      if (word === unknown.length) return true;
    }
    return false;
  }

  #reserve(words: number): number {
    const start = this.#end;
    this.#end += words;
    if (this.#end > this.#pool.length) {
      const pool = new Int32Array(Math.max(this.#end, this.#pool.length * 2));
      pool.set(this.#pool);
      this.#pool = pool;
    }
    return start;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    const mask = this.#slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = at(this.#pool, entry) & mask;
      while (at(this.#slots, slot) !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function windowLength({ firstPending, lastKnown }: Configuration): number {
  return lastKnown < firstPending ? 0 : (lastKnown >>> 5) - (firstPending >>> 5) + 1;
}
