// A table of the states that were seen, for hundreds of millions of them: each is three numbers and the place of the state
// before it, in typed arrays, because a Map ends at sixteen million entries and takes many times the memory.

const FIRST_CAPACITY = 2 ** 16;

/** States in the order in which they were added; that order is also the queue of a breadth-first search. */
export class StateTable {
  size = 0;
  /** Four numbers for each state: its three parts, and the place of the state before it. */
  #rows = new Uint32Array(4 * FIRST_CAPACITY);
  /** Hashed: the place of a state plus one; 0 marks a free slot. At most half of the slots are taken. */
  #slots = new Uint32Array(2 * FIRST_CAPACITY);

  /** Adds a state that is not here yet; returns false if it is. Parts are integers from 0 to 2 ** 32 - 1. */
  add(a: number, b: number, c: number, before: number): boolean {
    const slot = this.#slotOf(a, b, c);
    if (this.#slots[slot] !== 0) return false;
    const row = 4 * this.size;
    this.#rows[row] = a;
    this.#rows[row + 1] = b;
    this.#rows[row + 2] = c;
    this.#rows[row + 3] = before;
    this.size += 1;
    this.#slots[slot] = this.size;
    if (2 * this.size === this.#slots.length) this.#grow();
    return true;
  }

  /** The part of a state. */
  part(place: number, which: number): number {
    return this.#rows[4 * place + which] ?? 0;
  }

  /** The place of the state from which this one was reached first. */
  before(place: number): number {
    return this.#rows[4 * place + 3] ?? 0;
  }

  /** Where the state is, or the free slot where it belongs. */
  #slotOf(a: number, b: number, c: number): number {
    const rows = this.#rows;
    const mask = this.#slots.length - 1;
    let slot = mixed(a, b, c) & mask;
    for (;;) {
      const row = 4 * ((this.#slots[slot] ?? 0) - 1);
      if (row < 0 || (rows[row] === a && rows[row + 1] === b && rows[row + 2] === c)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const rows = new Uint32Array(2 * this.#rows.length);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let place = 0; place < this.size; place++) {
      this.#slots[this.#slotOf(this.part(place, 0), this.part(place, 1), this.part(place, 2))] = place + 1;
    }
  }
}

/** Spreads three numbers over 32 bits. */
function mixed(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
