// Collects the messages of one turn of the event loop into one frame, so that many requests or answers cost one write.

import { type FrameType, headerBytes, maxFrameBytes, writeHeader } from "./frame.ts";
import { WireWriter } from "./writer.ts";

/** The count of messages is always written with four bytes, because it is known last. */
const countBytes = 5;
const start = headerBytes + countBytes;
/** A frame of this size is sent at once instead of growing on. */
const fullBytes = 64 * 1024;

/** Builds frames of one type. */
export class FrameWriter {
  readonly #type: FrameType;
  readonly #writer = new WireWriter(4096);
  #count = 0;

  constructor(type: FrameType) {
    this.#type = type;
    this.#begin();
  }

  /** Messages that `take` has not taken yet. */
  get count(): number {
    return this.#count;
  }

  /** True when the frame should be sent before more is added. */
  get isFull(): boolean {
    return this.#writer.length >= fullBytes;
  }

  /** Adds one message. False, and nothing added, if it is larger than any frame may be. */
  add(write: (writer: WireWriter) => void): boolean {
    const before = this.#writer.length;
    write(this.#writer);
    if (this.#writer.length - before > maxFrameBytes - start - fullBytes) {
      this.#writer.truncate(before);
      return false;
    }
    this.#count += 1;
    return true;
  }

  /** The frame with all messages; the next one begins. */
  take(): Uint8Array {
    this.#writer.patch32(headerBytes + 1, this.#count);
    const frame = this.#writer.take();
    writeHeader(frame, this.#type);
    this.#begin();
    return frame;
  }

  #begin(): void {
    this.#count = 0;
    this.#writer.raw(emptyStart);
  }
}

const emptyStart: Uint8Array = (() => {
  const bytes = new Uint8Array(start);
  bytes[headerBytes] = 0xdd; // array 32
  return bytes;
})();
