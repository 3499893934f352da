// Typed arrays that fail loudly: an index outside of them is a defect of the search, never a zero.

/** The value at an index that exists. */
export function at(cells: Int32Array | Uint32Array | readonly number[], index: number): number {
  const value = cells[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${cells.length}`);
  return value;
}

/** Whether a bit is set. */
export function hasBit(words: Uint32Array, bit: number): boolean {
  return (at(words, bit >>> 5) & (1 << (bit & 31))) !== 0;
}

/** Sets a bit that is clear, or clears one that is set. */
export function flipBit(words: Uint32Array, bit: number): void {
  words[bit >>> 5] = at(words, bit >>> 5) ^ (1 << (bit & 31));
}

/** Words for that many bits, at least one. */
export function bitWords(bits: number): Uint32Array {
  return new Uint32Array(Math.max(1, (bits + 31) >>> 5));
}

/** Spreads a whole number over 32 bits, so that the exclusive or of many is a good hash of their set. */
export function scramble(number: number): number {
  let bits = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  bits = Math.imul(bits ^ (bits >>> 16), 0x27d4eb2f);
  return bits ^ (bits >>> 15);
}
