// Reads MessagePack by schema: each call says which type must come next. Nothing is built but what was asked for, so there
// is no depth to run into, no count to believe and no key to be poisoned by. Bytes and text are checked against what is left
// before anything is made of them.

import { notUnderstood } from "./refusal.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const shortText = 24;

/** Takes values from bytes in order. Throws `QUORATE_DECODE_FAILED` at the first that is not what it must be. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  // Without a DataView: every command and answer has a reader of its own, and holds a few small numbers.
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The count of an array's elements. Every element takes a byte, so a count beyond what is left is a lie. */
  arrayLength(field: string): number {
    const head = this.#head(field);
    let count: number;
    if (head >= 0x90 && head <= 0x9f) count = head & 0x0f;
    else if (head === 0xdc) count = this.#uint(2, field);
    else if (head === 0xdd) count = this.#uint(4, field);
    else throw notUnderstood(`${field} is not an array`);
    if (count > this.#bytes.length - this.#offset) throw notUnderstood(`${field} declares ${count} elements`);
    return count;
  }

  /** An array of exactly `count` elements. */
  arrayOf(count: number, field: string): void {
    const found = this.arrayLength(field);
    if (found !== count) throw notUnderstood(`${field} has ${found} elements instead of ${count}`);
  }

  /** True, and past it, if nil comes next. */
  skipNil(): boolean {
    return this.#skip(0xc0);
  }

  /** True, and past it, if false comes next. */
  skipFalse(): boolean {
    return this.#skip(0xc2);
  }

  boolean(field: string): boolean {
    const head = this.#head(field);
    if (head !== 0xc2 && head !== 0xc3) throw notUnderstood(`${field} is neither true nor false`);
    return head === 0xc3;
  }

  /** A whole number within ±(2^53−1). */
  integer(field: string): number {
    const head = this.#head(field);
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xcc:
        return this.#uint(1, field);
      case 0xcd:
        return this.#uint(2, field);
      case 0xce:
        return this.#uint(4, field);
      case 0xcf:
        return this.#exact(this.#uint(4, field) * 0x1_0000_0000 + this.#uint(4, field), field);
      case 0xd0:
        return this.#int(1, field);
      case 0xd1:
        return this.#int(2, field);
      case 0xd2:
        return this.#int(4, field);
      case 0xd3:
        return this.#exact(this.#int(4, field) * 0x1_0000_0000 + this.#uint(4, field), field);
      default:
        throw notUnderstood(`${field} is not a whole number`);
    }
  }

  /** A whole number from 0. */
  unsigned(field: string): number {
    const value = this.integer(field);
    if (value < 0) throw notUnderstood(`${field} is below 0`);
    return value;
  }

  /** A view into the input. */
  bytes(field: string): Uint8Array {
    const head = this.#head(field);
    if (head !== 0xc4 && head !== 0xc5 && head !== 0xc6) throw notUnderstood(`${field} is not bytes`);
    const length = this.#uint(1 << (head - 0xc4), field);
    const start = this.#take(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  /** Text of at most `maxBytes` bytes of UTF-8. */
  text(field: string, maxBytes: number): string {
    const head = this.#head(field);
    let length: number;
    if (head >= 0xa0 && head <= 0xbf) length = head & 0x1f;
    else if (head >= 0xd9 && head <= 0xdb) length = this.#uint(1 << (head - 0xd9), field);
    else throw notUnderstood(`${field} is not text`);
    if (length > maxBytes) throw notUnderstood(`${field} has ${length} bytes; ${maxBytes} are allowed`);
    const start = this.#take(length, field);
    const short = length < shortText ? this.#asciiText(start, length) : undefined;
    if (short !== undefined) return short;
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw notUnderstood(`${field} is not UTF-8`, cause);
    }
  }

  /** Call last: bytes that nobody asked for are as wrong as missing ones. */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left !== 0) throw notUnderstood(`${left} bytes too many`);
  }

  #skip(head: number): boolean {
    if (this.#bytes[this.#offset] !== head) return false;
    this.#offset += 1;
    return true;
  }

  #asciiText(start: number, length: number): string | undefined {
    let text = "";
    for (let at = start; at < start + length; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #exact(value: number, field: string): number {
    if (Number.isSafeInteger(value)) return value;
    throw notUnderstood(`${field} is beyond ±(2^53−1)`);
  }

  #head(field: string): number {
    return this.#uint(1, field);
  }

  #uint(sizeBytes: number, field: string): number {
    const start = this.#take(sizeBytes, field);
    let value = 0;
    for (let at = start; at < start + sizeBytes; at += 1) value = value * 0x100 + (this.#bytes[at] ?? 0);
    return value;
  }

  #int(sizeBytes: number, field: string): number {
    const value = this.#uint(sizeBytes, field);
    const range = 0x100 ** sizeBytes;
    return value < range / 2 ? value : value - range;
  }

  #take(length: number, field: string): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw notUnderstood(`it ends in the middle of ${field}`);
    this.#offset = start + length;
    return start;
  }
}
