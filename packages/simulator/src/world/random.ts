// The one source of chance. Everything that a simulation leaves to luck comes from a seed through here.

/** A seeded source of chance: the same seed gives the same sequence on every machine. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed` is any safe integer. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    // Neighbouring seeds begin alike; a few rounds drive them apart.
    for (let round = 0; round < 12; round++) this.#next32();
  }

  /** Uniform in [0, 1). */
  readonly next = (): number => this.#next32() / 2 ** 32;

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** Uniform between two numbers, the upper one exclusive. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** A whole number from 0 to `below - 1`. */
  integer(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[this.integer(list.length)];
    if (picked === undefined) throw new RangeError("cannot pick from an empty list");
    return picked;
  }

  /** Mostly near `typical`, now and then far beyond it, never above `max`. Uses no operation that engines round differently. */
  heavyTail(typical: number, max: number): number {
    return Math.min(max, (typical * 0.5) / (1 - this.next()));
  }

  /** An independent source: what one part draws from it does not change what another part sees. */
  fork(): SeededRandom {
    return new SeededRandom(this.#next32() * 2 ** 20 + (this.#next32() >>> 12));
  }

  /** The sfc32 generator. */
  #next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
