// How many bytes of entries have gone into the state machine, and how far back a given number of bytes reaches.

import type { Entry } from "@quorate/core";

type Mark = { readonly index: number; readonly totalBytes: number };

/** Marks lie this far apart, so that their number is bounded by the length of the log in bytes. */
const MARK_BYTES = 64 * 1024;

/** The volume of what one node has applied since it started. */
export class LogVolume {
  #totalBytes = 0;
  /** What is known of earlier entries, oldest first. */
  #marks: Mark[] = [];

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Entries were applied. */
  add(entries: readonly Entry[]): void {
    for (const { index, data } of entries) {
      const { totalBytes = Number.NEGATIVE_INFINITY } = this.#marks.at(-1) ?? {};
      if (this.#totalBytes - totalBytes >= MARK_BYTES) {
        this.#marks.push({ index: index - 1, totalBytes: this.#totalBytes });
      }
      this.#totalBytes += data.byteLength;
    }
  }

  /**
   * The lowest index behind which, up to `upTo`, there are known to be at most `bytes`; 0 if they are not known to be more.
   * Off by one mark at most, to the side of fewer bytes.
   */
  reach(upTo: number, bytes: number): number {
    const end = this.#marks.find(({ index }) => index >= upTo)?.totalBytes ?? this.#totalBytes;
    const place = this.#marks.findIndex(({ totalBytes }) => end - totalBytes <= bytes);
    if (place === 0) return 0;
    return Math.min(upTo, this.#marks[place]?.index ?? upTo);
  }

  /** The log begins behind `index` now. */
  forget(index: number): void {
    const place = this.#marks.findLastIndex((mark) => mark.index <= index);
    this.#marks = this.#marks.slice(Math.max(0, place));
  }
}
