// Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the high bit says that more follow. Each
// number has exactly one form, so that equal commands and equal tables are equal bytes.

const MAX_LENGTH = 8;
/** Up to this size a copy costs less than a view: engines keep small arrays on their heap, until somebody looks into them. */
const SMALL_BYTES = 64;

/** Thrown on bytes that nobody here wrote; turned into a refusal before it leaves the package. */
export class MalformedBytes extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedBytes";
  }
}

/** How many bytes `value` takes: 1 to 8. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** Writes a whole number from 0 to 2^53−1 at `offset`; returns the offset behind it. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  // Divided, not shifted: shifts end at 32 bits.
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = 0x80 + (rest % 0x80);
  bytes[at++] = rest;
  return at;
}

/** Takes numbers and pieces out of bytes, in order. Throws `MalformedBytes`. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** A whole number from `minimum` to 2^53−1. */
  number(minimum: number): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; ; length += 1, scale *= 0x80) {
      const byte = this.byte();
      value += (byte % 0x80) * scale;
      if (byte === 0 && length > 1) throw new MalformedBytes("a number is longer than it need be");
      if (byte < 0x80) break;
      if (length === MAX_LENGTH) throw new MalformedBytes("a number has no end");
    }
    if (!Number.isSafeInteger(value)) throw new MalformedBytes("a number is beyond 2^53−1");
    if (value < minimum) throw new MalformedBytes(`${value} where at least ${minimum} belongs`);
    return value;
  }

  byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw new MalformedBytes("the bytes end too early");
    this.#offset += 1;
    return byte;
  }

  /** The next bytes: a view, or a copy of a few. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#offset) throw new MalformedBytes("the bytes end too early");
    const start = this.#offset;
    this.#offset += length;
    return length <= SMALL_BYTES ? this.#bytes.slice(start, this.#offset) : this.#bytes.subarray(start, this.#offset);
  }

  /** Everything that is left, likewise. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#offset);
  }

  /** Call last: bytes that nobody read are as wrong as missing ones. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw new MalformedBytes("more bytes than belong here");
  }
}
