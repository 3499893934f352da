// A table from a state to the state before it, for many millions of them: two numbers for each, in typed arrays, because
// a Map ends at sixteen million entries and takes four times the memory.

/** Keys are integers from 0 to 2 ** 52. */
export class StateTable {
  size = 0;
  /** Each key plus one; 0 marks a free place. */
  #keys = new Float64Array(2 ** 16);
  #values = new Float64Array(2 ** 16);

  /** Adds a key that is not here yet; returns false if it is. */
  add(key: number, value: number): boolean {
    const place = this.#placeOf(key);
    if (this.#keys[place] !== 0) return false;
    this.#keys[place] = key + 1;
    this.#values[place] = value;
    this.size += 1;
    if (this.size * 2 > this.#keys.length) this.#grow();
    return true;
  }

  /** What was added with the key. */
  get(key: number): number | undefined {
    const place = this.#placeOf(key);
    return this.#keys[place] === 0 ? undefined : this.#values[place];
  }

  /** Where the key is, or the free place where it belongs. */
  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    const mixed = Math.imul(key >>> 0, 0x9e3779b1) ^ Math.imul((key / 2 ** 32) >>> 0, 0x85ebca6b);
    let place = (mixed ^ (mixed >>> 15)) & mask;
    while (this.#keys[place] !== 0 && this.#keys[place] !== key + 1) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(keys.length * 2);
    this.#values = new Float64Array(keys.length * 2);
    this.size = 0;
    for (const [place, key] of keys.entries()) if (key !== 0) this.add(key - 1, values[place] ?? 0);
  }
}
