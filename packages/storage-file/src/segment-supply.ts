// Has the next segment made before it is needed. When the disk is full that fails without harm: nothing of the log has been
// touched. So it is said in time, tried again and again, and whoever needs the segment waits until there is space.

import { codeOf } from "@quorate/contracts";
import type { LogSegment } from "./segment-files.ts";

/** How long after a segment did not fit on the disk it is tried again. */
const TRY_AGAIN_MS = 250;

/** What a supply tells. */
export type SupplyObserver = {
  /** A segment could not be made ahead of time. Said once, however often it is tried. */
  onFailed(error: unknown): void;
  /** There was no space for this segment, and now there is. */
  onSpaceReturned(segment: LogSegment): void;
};

export class SegmentSupply {
  readonly #observer: SupplyObserver;
  /** The segment that is being made ahead of time, or was. */
  #prepared: LogSegment | undefined;
  /** The segments that do not fit on the disk. */
  readonly #missing = new Set<LogSegment>();
  #isClosed = false;
  /** Until the next attempt; all who wait, wait together. */
  #pause: Promise<void> | undefined;
  #endPause: () => void = () => {};

  constructor(observer: SupplyObserver) {
    this.#observer = observer;
  }

  /** Whether the disk has no space for the segment that will be needed next. */
  get isShortOfSpace(): boolean {
    return this.#missing.size > 0;
  }

  /** Has a segment made ahead of time, in place of one that is too small. */
  prepare(segment: LogSegment): void {
    this.#prepared = segment;
    this.#make(segment, () => this.#prepared === segment).catch((error: unknown) => {
      // Not lost: the group that needs the segment tries again, and fails with what is wrong then.
      if (!isForLackOfSpace(error)) this.#observer.onFailed(error);
    });
  }

  /** Resolves when the segment has a file; waits for space as long as it takes, or until the log is closed. */
  async made(segment: LogSegment): Promise<void> {
    await this.#make(segment, () => true);
  }

  /** Nobody waits for space any more. */
  close(): void {
    this.#isClosed = true;
    this.#endPause();
  }

  async #make(segment: LogSegment, isWanted: () => boolean): Promise<void> {
    for (;;) {
      try {
        await segment.make();
        break;
      } catch (error) {
        if (!isForLackOfSpace(error) || this.#isClosed || !isWanted()) {
          this.#missing.delete(segment);
          throw error;
        }
        if (!this.isShortOfSpace) this.#observer.onFailed(error);
        this.#missing.add(segment);
        await this.#someTime();
        if (this.#isClosed) throw error;
      }
    }
    if (this.#missing.delete(segment) && !this.isShortOfSpace) this.#observer.onSpaceReturned(segment);
  }

  #someTime(): Promise<void> {
    this.#pause ??= new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TRY_AGAIN_MS);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    }).finally(() => {
      this.#pause = undefined;
    });
    return this.#pause;
  }
}

function isForLackOfSpace(error: unknown): boolean {
  return codeOf(error) === "QUORATE_STORAGE_FULL";
}
