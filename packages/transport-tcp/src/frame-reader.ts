// Cuts a byte stream into frames. Frames that lie inside one chunk are handed out without a copy; the rest is gathered in
// a buffer that grows with what has really arrived, never with what a header declares.

import { checkPayload, type Frame, type FrameHeader, type FrameLimits, headerBytes, readHeader } from "./frame.ts";

const smallestBufferBytes = 1024;

/** Reads one connection's stream. */
export class FrameReader {
  /** What is acceptable now; changes when the handshake ends. */
  limits: FrameLimits;
  readonly #onFrame: (frame: Frame) => void;
  #partial: Buffer = Buffer.alloc(0);
  #filledBytes = 0;
  #stopped = false;

  constructor(limits: FrameLimits, onFrame: (frame: Frame) => void) {
    this.limits = limits;
    this.#onFrame = onFrame;
  }

  /** True between the first and the last byte of a frame. */
  get isInsideFrame(): boolean {
    return this.#filledBytes > 0;
  }

  /** Ignores everything from now on, also the rest of the chunk that is being read. */
  stop(): void {
    this.#stopped = true;
    this.#partial = Buffer.alloc(0);
    this.#filledBytes = 0;
  }

  /** @throws QuorateError what `readHeader` and `checkPayload` throw; the stream cannot be read on after it. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length && !this.#stopped) {
      offset = this.#filledBytes === 0 ? this.#readWhole(chunk, offset) : this.#readPart(chunk, offset);
    }
  }

  /** Hands out a frame that is complete in the chunk, or begins to gather one that is not. Returns the new offset. */
  #readWhole(chunk: Buffer, offset: number): number {
    const rest = chunk.subarray(offset);
    if (rest.length < headerBytes) return this.#readPart(chunk, offset);
    const header = readHeader(rest, this.limits);
    const end = headerBytes + header.payloadBytes;
    if (rest.length < end) return this.#readPart(chunk, offset);
    this.#handOut(header, rest.subarray(headerBytes, end));
    return offset + end;
  }

  /** Adds to the frame that is being gathered: first its header, then the rest. Returns the new offset. */
  #readPart(chunk: Buffer, offset: number): number {
    const wantedBytes = this.#filledBytes < headerBytes ? headerBytes : this.#frameBytes();
    const takenBytes = Math.min(wantedBytes - this.#filledBytes, chunk.length - offset);
    this.#reserve(this.#filledBytes + takenBytes, wantedBytes);
    chunk.copy(this.#partial, this.#filledBytes, offset, offset + takenBytes);
    this.#filledBytes += takenBytes;
    if (this.#filledBytes >= headerBytes && this.#filledBytes === this.#frameBytes()) {
      const frame = this.#partial.subarray(0, this.#filledBytes);
      // The frame is handed over with its memory: the next one gets its own.
      this.#partial = Buffer.alloc(0);
      this.#filledBytes = 0;
      this.#handOut(readHeader(frame, this.limits), frame.subarray(headerBytes));
    }
    return offset + takenBytes;
  }

  #frameBytes(): number {
    return headerBytes + readHeader(this.#partial, this.limits).payloadBytes;
  }

  #reserve(neededBytes: number, wantedBytes: number): void {
    if (neededBytes <= this.#partial.length) return;
    const grownBytes = Math.max(neededBytes, 2 * this.#partial.length, smallestBufferBytes);
    const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, Math.min(grownBytes, wantedBytes)));
    this.#partial.copy(larger, 0, 0, this.#filledBytes);
    this.#partial = larger;
  }

  #handOut(header: FrameHeader, payload: Buffer): void {
    checkPayload(header, payload);
    // A plain view: whoever decodes it hands parts of it to users, who expect no Buffer.
    this.#onFrame({
      type: header.type,
      payload: new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength),
    });
  }
}
