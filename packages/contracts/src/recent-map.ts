// A map for what waits for an answer: the keys are numbers that only rise, and hardly anything stays for long.
//
// A `Map` holds the same, but where entries come and go it moves to a new table all the time. An old table keeps what was in
// it and refers to the next one, so once the garbage collector has come to take one of them for long-lived, it keeps
// everything that came after it until its next full collection. Measured: at 50,000 answers a second, pauses of 12 ms
// instead of 1 or 2.

const MIN_PLACES = 16;

/** Values by whole numbers from 0 on, mostly put in by rising number and taken out soon. `undefined` is no value. */
export class RecentMap<Value extends object> {
  /** A number has its place by its lowest bits; there are 2^n places. */
  #values: (Value | undefined)[] = Array.from({ length: MIN_PLACES });
  #numbers: number[] = Array.from({ length: MIN_PLACES }, () => 0);
  #inPlace = 0;
  /** What was still there when a later number needed its place. */
  readonly #displaced = new Map<number, Value>();

  get size(): number {
    return this.#inPlace + this.#displaced.size;
  }

  get(number: number): Value | undefined {
    const place = this.#placeOf(number);
    return this.#numbers[place] === number ? this.#values[place] : this.#displaced.get(number);
  }

  /** Puts a value in; it replaces the one with the same number. */
  set(number: number, value: Value): void {
    if (this.#displaced.size > 0 && this.#displaced.has(number)) {
      this.#displaced.set(number, value);
      return;
    }
    // Half of the places stay free, so that what stays for long displaces little.
    if (2 * this.#inPlace >= this.#values.length) this.#grow();
    this.#put(number, value);
  }

  delete(number: number): void {
    const place = this.#placeOf(number);
    if (this.#numbers[place] === number && this.#values[place] !== undefined) {
      this.#values[place] = undefined;
      this.#inPlace -= 1;
    } else if (this.#displaced.size > 0) this.#displaced.delete(number);
  }

  /** All numbers with their values, in no order. A copy: the map may be changed meanwhile. */
  entries(): (readonly [number, Value])[] {
    const inPlace = this.#values.flatMap((value, place) =>
      value === undefined ? [] : [[this.#numbers[place] ?? 0, value] as const],
    );
    return [...this.#displaced, ...inPlace];
  }

  /** All values, in no order. */
  values(): Value[] {
    return this.entries().map(([, value]) => value);
  }

  clear(): void {
    this.#displaced.clear();
    this.#values.fill(undefined);
    this.#inPlace = 0;
  }

  #placeOf(number: number): number {
    return number & (this.#values.length - 1);
  }

  #put(number: number, value: Value): void {
    const place = this.#placeOf(number);
    const before = this.#values[place];
    const numberBefore = this.#numbers[place];
    if (before === undefined) this.#inPlace += 1;
    else if (numberBefore !== undefined && numberBefore !== number) this.#displaced.set(numberBefore, before);
    this.#values[place] = value;
    this.#numbers[place] = number;
  }

  #grow(): void {
    const [values, numbers] = [this.#values, this.#numbers];
    this.#values = Array.from({ length: 2 * values.length });
    this.#numbers = Array.from({ length: 2 * values.length }, () => 0);
    this.#inPlace = 0;
    for (const [place, value] of values.entries()) {
      if (value !== undefined) this.#put(numbers[place] ?? 0, value);
    }
  }
}
