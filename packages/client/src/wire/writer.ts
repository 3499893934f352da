// Writes the few MessagePack types that the protocol uses into one buffer that grows and is used again. By hand, because a
// request costs a microsecond this way, and because nothing outside the protocol can be written by accident.

const encoder = new TextEncoder();
const shortText = 32;

/** Appends MessagePack values to a buffer. */
export class WireWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 1024) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** The header of an array; its elements are written next. */
  array(count: number): void {
    this.#reserve(5);
    if (count < 16) this.#byte(0x90 | count);
    else if (count < 0x1_0000) this.#tagged16(0xdc, count);
    else this.#tagged32(0xdd, count);
  }

  nil(): void {
    this.#reserve(1);
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** A whole number within ±(2^53−1). */
  integer(value: number): void {
    this.#reserve(9);
    if (value >= 0) this.#unsigned(value);
    else if (value >= -32) this.#byte(value & 0xff);
    else {
      this.#byte(0xd3);
      this.#view.setBigInt64(this.#length, BigInt(value));
      this.#length += 8;
    }
  }

  text(value: string): void {
    if (value.length < shortText && this.#asciiText(value)) return;
    const bytes = encoder.encode(value);
    this.#reserve(5 + bytes.length);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length < 0x100) this.#tagged8(0xd9, bytes.length);
    else if (bytes.length < 0x1_0000) this.#tagged16(0xda, bytes.length);
    else this.#tagged32(0xdb, bytes.length);
    this.raw(bytes);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(5 + value.length);
    if (value.length < 0x100) this.#tagged8(0xc4, value.length);
    else if (value.length < 0x1_0000) this.#tagged16(0xc5, value.length);
    else this.#tagged32(0xc6, value.length);
    this.raw(value);
  }

  /** Bytes as they are: values that are MessagePack already. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Sets four bytes at `offset`, which were written before, to a number. */
  patch32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** What was written, without a copy; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Short ASCII text, which most names are, without the encoder; false and nothing written if it is something else. */
  #asciiText(value: string): boolean {
    this.#reserve(1 + shortText);
    const start = this.#length;
    this.#byte(0xa0 | value.length);
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) {
        this.#length = start;
        return false;
      }
      this.#byte(unit);
    }
    return true;
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) this.#tagged8(0xcc, value);
    else if (value < 0x1_0000) this.#tagged16(0xcd, value);
    else if (value < 0x1_0000_0000) this.#tagged32(0xce, value);
    else {
      this.#byte(0xcf);
      this.#view.setUint32(this.#length, Math.floor(value / 0x1_0000_0000));
      this.#view.setUint32(this.#length + 4, value % 0x1_0000_0000);
      this.#length += 8;
    }
  }

  #byte(value: number): void {
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #tagged8(tag: number, value: number): void {
    this.#byte(tag);
    this.#byte(value);
  }

  #tagged16(tag: number, value: number): void {
    this.#byte(tag);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  #tagged32(tag: number, value: number): void {
    this.#byte(tag);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
