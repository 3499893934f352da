// Reading and writing the compact binary form that commands and snapshots share.
// The reader refuses anything that is not exactly what the writer writes.

const encoder = new TextEncoder();
// A byte order mark is part of the text here, not something to swallow.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Thrown by `ByteReader` on bytes that no `ByteWriter` wrote. */
export class MalformedBytes extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedBytes";
  }
}

/** Appends values to a buffer that grows; all numbers are big endian. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(initialBytes: number) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#view.setUint8(this.#length, value);
    this.#length += 1;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  /** A number within ±(2^53−1), exact as a double. */
  safeInteger(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** UTF-8 with its length in bytes in front. */
  text(value: string): void {
    // A UTF-16 code unit takes at most three bytes, so the text is encoded in place.
    this.#reserve(4 + value.length * 3);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#length + 4));
    this.#view.setUint32(this.#length, written);
    this.#length += 4 + written;
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written so far, without copying; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Takes values from bytes in the order in which they were written. Throws `MalformedBytes`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next value begins. */
  get offset(): number {
    return this.#offset;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** One byte, 0 or 1. */
  flag(): boolean {
    const value = this.uint8();
    if (value > 1) throw new MalformedBytes(`expected 0 or 1, found ${value}`);
    return value === 1;
  }

  safeInteger(): number {
    const value = this.#view.getFloat64(this.#take(8));
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new MalformedBytes(`expected an integer within ±(2^53−1), found ${value}`);
    }
    return value;
  }

  /** A view into the input. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    const length = this.uint32();
    const bytes = this.bytes(length);
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new MalformedBytes(`text at byte ${this.#offset - length} is not UTF-8 (${String(cause)})`);
    }
  }

  /** Call last: bytes that nobody read are as wrong as missing ones. */
  end(): void {
    if (this.#offset !== this.#bytes.length) {
      throw new MalformedBytes(`${this.#bytes.length - this.#offset} bytes too many`);
    }
  }

  #take(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) {
      throw new MalformedBytes(`ends at byte ${this.#bytes.length}, ${length} bytes expected at ${start}`);
    }
    this.#offset = start + length;
    return start;
  }
}
