// What waits to be written to one peer on one lane: bounded by bytes, taken out in batches that become one write each.

/** A queue of frames. */
export class Outbox {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame, or returns false and leaves the queue as it is. The header comes on top of the limit. */
  push(header: Uint8Array, payload: Uint8Array): boolean {
    if (this.#bytes + payload.length > this.#maxBytes) return false;
    this.#chunks.push(header, payload);
    this.#bytes += header.length + payload.length;
    return true;
  }

  /**
   * Takes the oldest bytes as one block of about `targetBytes`, or of one piece if that is larger; undefined if nothing
   * waits. One block makes one system call, whatever the number of frames in it.
   */
  take(targetBytes: number): Uint8Array | undefined {
    if (this.#chunks.length === 0) return undefined;
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#chunks) {
      if (count > 0 && bytes + chunk.length > targetBytes) break;
      bytes += chunk.length;
      count += 1;
    }
    const taken = count === this.#chunks.length ? this.#chunks : this.#chunks.splice(0, count);
    if (taken === this.#chunks) this.#chunks = [];
    this.#bytes -= bytes;
    const [only] = taken;
    return taken.length === 1 && only !== undefined ? only : Buffer.concat(taken, bytes);
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
