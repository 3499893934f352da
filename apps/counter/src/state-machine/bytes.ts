// Reading and writing the compact binary form that commands and snapshots share.
// The reader refuses anything that is not exactly what the writer writes.

const encoder = new TextEncoder();
// A byte order mark is part of the text here, not something to swallow.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Names are mostly short and ASCII: those are read and written byte by byte, which costs less than a call of the platform. */
const shortText = 32;

// Floats on their way out of bytes. One for all: a reader of its own view costs more than the numbers that most commands hold.
const scratch = new DataView(new ArrayBuffer(8));

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
    if (value.length < shortText && this.#asciiText(value)) return;
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

  /** False, and nothing written, if it is not ASCII. */
  #asciiText(value: string): boolean {
    this.#reserve(4 + shortText);
    const start = this.#length + 4;
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      this.#bytes[start + at] = unit;
    }
    this.#view.setUint32(this.#length, value.length);
    this.#length = start + value.length;
    return true;
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
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where the next value begins. */
  get offset(): number {
    return this.#offset;
  }

  uint8(): number {
    return this.#byteAt(this.#take(1));
  }

  uint32(): number {
    return this.#uint32At(this.#take(4));
  }

  /** One byte, 0 or 1. */
  flag(): boolean {
    const value = this.uint8();
    if (value > 1) throw new MalformedBytes(`expected 0 or 1, found ${value}`);
    return value === 1;
  }

  safeInteger(): number {
    const start = this.#take(8);
    scratch.setUint32(0, this.#uint32At(start));
    scratch.setUint32(4, this.#uint32At(start + 4));
    const value = scratch.getFloat64(0);
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
    const start = this.#take(length);
    const short = length < shortText ? this.#asciiText(start, length) : undefined;
    if (short !== undefined) return short;
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length));
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

  #asciiText(start: number, length: number): string | undefined {
    let text = "";
    for (let at = start; at < start + length; at += 1) {
      const byte = this.#byteAt(at);
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A byte that `#take` has taken. */
  #byteAt(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #uint32At(at: number): number {
    const upper = (this.#byteAt(at) << 24) | (this.#byteAt(at + 1) << 16);
    return (upper | (this.#byteAt(at + 2) << 8) | this.#byteAt(at + 3)) >>> 0;
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
