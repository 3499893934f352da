// Cuts a byte stream into frames. A frame that lies inside one chunk is handed out without a copy; the rest is gathered in
// a buffer that grows with what has really arrived, never with what a header declares.

import { type FrameHeader, type FrameLimits, type FrameType, headerBytes, readHeader } from "./frame.ts";

const smallestBufferBytes = 1024;

/** Reads one connection's stream. */
export class FrameReader {
  /** What is acceptable now; changes when the handshake ends. */
  limits: FrameLimits;
  readonly #onFrame: (type: FrameType, payload: Uint8Array) => void;
  #partial = new Uint8Array(0);
  #filledBytes = 0;
  #header: FrameHeader | undefined;
  #isStopped = false;
  #framesRead = 0;

  constructor(limits: FrameLimits, onFrame: (type: FrameType, payload: Uint8Array) => void) {
    this.limits = limits;
    this.#onFrame = onFrame;
  }

  /** True between the first and the last byte of a frame. */
  get isInsideFrame(): boolean {
    return this.#filledBytes > 0;
  }

  /** Frames that were handed out. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** Memory that is held for a frame that is not complete. */
  get bufferBytes(): number {
    return this.#partial.length;
  }

  /** Ignores everything from now on, also the rest of the chunk that is being read. */
  stop(): void {
    this.#isStopped = true;
    this.#partial = new Uint8Array(0);
    this.#filledBytes = 0;
  }

  /** Throws what `readHeader` throws; the stream cannot be read on after it. */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length && !this.#isStopped) {
      offset = this.#filledBytes === 0 ? this.#readWhole(chunk, offset) : this.#readPart(chunk, offset);
    }
  }

  /** Hands out a frame that is complete in the chunk, or begins to gather one that is not. Returns the new offset. */
  #readWhole(chunk: Uint8Array, offset: number): number {
    const rest = chunk.subarray(offset);
    if (rest.length < headerBytes) return this.#readPart(chunk, offset);
    const header = readHeader(rest, this.limits);
    const end = headerBytes + header.payloadBytes;
    if (rest.length < end) return this.#readPart(chunk, offset);
    this.#handOut(header.type, rest.subarray(headerBytes, end));
    return offset + end;
  }

  /** Adds to the frame that is being gathered: first its header, then the rest. Returns the new offset. */
  #readPart(chunk: Uint8Array, offset: number): number {
    const wantedBytes = this.#header === undefined ? headerBytes : headerBytes + this.#header.payloadBytes;
    const takenBytes = Math.min(wantedBytes - this.#filledBytes, chunk.length - offset);
    this.#reserve(this.#filledBytes + takenBytes, wantedBytes);
    this.#partial.set(chunk.subarray(offset, offset + takenBytes), this.#filledBytes);
    this.#filledBytes += takenBytes;
    if (this.#header === undefined && this.#filledBytes === headerBytes) {
      this.#header = readHeader(this.#partial, this.limits);
    }
    const header = this.#header;
    if (header !== undefined && this.#filledBytes === headerBytes + header.payloadBytes) {
      const payload = this.#partial.subarray(headerBytes, this.#filledBytes);
      // The frame is handed over with its memory: the next one gets its own.
      this.#partial = new Uint8Array(0);
      this.#filledBytes = 0;
      this.#header = undefined;
      this.#handOut(header.type, payload);
    }
    return offset + takenBytes;
  }

  #handOut(type: FrameType, payload: Uint8Array): void {
    this.#framesRead += 1;
    this.#onFrame(type, payload);
  }

  #reserve(neededBytes: number, wantedBytes: number): void {
    if (neededBytes <= this.#partial.length) return;
    const grownBytes = Math.max(neededBytes, 2 * this.#partial.length, smallestBufferBytes);
    const larger = new Uint8Array(Math.max(neededBytes, Math.min(grownBytes, wantedBytes)));
    larger.set(this.#partial.subarray(0, this.#filledBytes));
    this.#partial = larger;
  }
}
