// Puts together the snapshot that a leader sends: chunks in order, whatever arrives twice or mixed up, complete only when
// its checksum holds and it is durable. Thesis figure 5.3.

import type { SnapshotStore, SnapshotWriter, StoredSnapshot } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import { decodeConfiguration, type SnapshotRequest } from "@quorate/core";

/** What a receiver needs of its node. */
export type ReceiverParts = {
  readonly store: SnapshotStore;
  /** Tells the leader how much of its snapshot is here. */
  readonly answer: (chunk: SnapshotRequest, receivedBytes: number) => void;
  /** A snapshot is durable. */
  readonly onComplete: (snapshot: StoredSnapshot) => Promise<void>;
  readonly onError: (error: unknown) => void;
};

/** Chunks that wait while one is being written; a leader has one under way, so more are repetitions. */
const MAX_WAITING = 4;

/** The snapshot that is being received. */
export class SnapshotReceiver {
  readonly #parts: ReceiverParts;
  #current: { readonly name: string; readonly writer: SnapshotWriter } | undefined;
  #waiting: SnapshotRequest[] = [];
  #isBusy = false;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** Takes a chunk; what does not fit is answered with what does. */
  take(chunk: SnapshotRequest): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push(chunk);
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift())
        await this.#store(chunk);
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #store(chunk: SnapshotRequest): Promise<void> {
    const writer = await this.#writerFor(chunk);
    if (writer === undefined) return;
    if (chunk.offsetBytes === writer.sizeBytes && chunk.data.byteLength > 0) await writer.write(chunk.data);
    if (writer.sizeBytes < chunk.sizeBytes) {
      this.#parts.answer(chunk, writer.sizeBytes);
      return;
    }
    this.#current = undefined;
    await this.#parts.onComplete(await writer.commit({ sizeBytes: chunk.sizeBytes, checksum: chunk.checksum }));
  }

  /** The writer of the snapshot that the chunk belongs to; a newer snapshot takes the place of an unfinished one. */
  async #writerFor(chunk: SnapshotRequest): Promise<SnapshotWriter | undefined> {
    const { lastIncludedIndex: index, lastIncludedTerm: term, sizeBytes, checksum } = chunk;
    const name = [index, term, sizeBytes, checksum].join();
    if (this.#current?.name === name) return this.#current.writer;
    const configuration = decodeConfiguration({ data: chunk.configuration });
    if (configuration === undefined) return undefined;
    await this.#current?.writer.abort();
    this.#current = undefined;
    const writer = await this.#parts.store.create({ index, term, configuration });
    this.#current = { name, writer };
    return writer;
  }

  /**
   * What was sent is damaged or out of date, or there is no space for it: forget it, the leader begins again. Anything else is the
   * disk's failure.
   */
  async #fail(error: unknown): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    this.#waiting = [];
    const code = codeOf(error) ?? "";
    const isOurFault = !["QUORATE_SNAPSHOT_CORRUPT", "QUORATE_SNAPSHOT_STALE"].includes(code);
    try {
      if (!isOurFault || code === "QUORATE_STORAGE_FULL") await current?.writer.abort();
      if (isOurFault) throw error;
    } catch (failure) {
      this.#parts.onError(failure);
    }
  }
}
