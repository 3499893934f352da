// Gives back the space of a compacted log: deletes segments that hold none of its entries any more. Oldest first, and each
// durably before the next, so that whatever a crash leaves begins somewhere and has no gap.

import { join } from "node:path";
import { storageFailed } from "./errors.ts";
import { segmentFileName, type SegmentPlace } from "./segment-files.ts";

export class SegmentRemoval {
  readonly #place: SegmentPlace;
  readonly #readsInFlight: () => Promise<unknown>;
  readonly #onFailure: (cause: unknown) => void;
  /** The oldest segment that has a file. */
  #firstId: number;
  /** The oldest segment that is needed. */
  #neededId: number;
  #isRunning = false;
  #hasFailed = false;
  #run: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly place: SegmentPlace;
    readonly firstSegmentId: number;
    /** Resolves when the reads that are under way now have what they need. */
    readonly readsInFlight: () => Promise<unknown>;
    readonly onFailure: (cause: unknown) => void;
  }) {
    this.#place = parts.place;
    this.#readsInFlight = parts.readsInFlight;
    this.#onFailure = parts.onFailure;
    this.#firstId = parts.firstSegmentId;
    this.#neededId = parts.firstSegmentId;
  }

  /**
   * Deletes the segments before this one, without being waited for. That none of them is needed must be durable: the base
   * behind their last entry, and the checkpoint that begins this segment.
   */
  removeBefore(segmentId: number): void {
    this.#neededId = Math.max(this.#neededId, segmentId);
    if (this.#isRunning || this.#hasFailed || this.#firstId >= this.#neededId) return;
    this.#isRunning = true;
    this.#run = this.#removeAll();
  }

  /** Resolves when no deletion is under way. */
  async settled(): Promise<void> {
    await this.#run;
  }

  async #removeAll(): Promise<void> {
    try {
      while (this.#firstId < this.#neededId) {
        await this.#readsInFlight();
        await this.#remove(this.#firstId);
        this.#firstId += 1;
      }
    } catch (cause) {
      this.#hasFailed = true;
      this.#onFailure(cause);
    } finally {
      this.#isRunning = false;
    }
  }

  async #remove(segmentId: number): Promise<void> {
    const { fileSystem, directory, lock } = this.#place;
    const path = join(directory, segmentFileName(segmentId));
    try {
      if (!(await lock.isHeld())) throw new Error("the lock file was removed from the directory while it was in use");
      await fileSystem.remove(path);
      await fileSystem.syncDirectory(directory);
    } catch (cause) {
      throw storageFailed({ action: "delete the segment", path, cause });
    }
  }
}
