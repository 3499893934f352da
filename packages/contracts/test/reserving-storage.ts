// The small durable store again, now one that reserves space: it says when half of its disk is used, and what does not fit waits.
// It can be told to make the mistakes that only such a store can make.

import {
  type Entry,
  type EntryId,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "../src/index.ts";
import { CheckedStorage, type Place } from "./checked-storage.ts";

/** Mistakes that the store can be told to make. */
export type ReservingMistake =
  | "none"
  | "says nothing"
  | "cries wolf"
  | "fails instead of waiting"
  | "stops reading while it waits"
  | "lets who waits wait for ever";

const sizeOf = (entries: readonly Entry[]): number => entries.reduce((sum, { data }) => sum + 4 * data.length, 0);

export class ReservingStorage implements LogStorage {
  readonly supports = { durable: true, reservesSpace: true };
  readonly #place: Place;
  readonly #mistake: ReservingMistake;
  readonly #inner: CheckedStorage;
  #usedBytes = 0;
  #waiting: ((reason: unknown) => void)[] = [];

  constructor(place: Place, mistake: ReservingMistake) {
    this.#place = place;
    this.#mistake = mistake;
    this.#inner = new CheckedStorage(place, "none");
  }

  get isShortOfSpace(): boolean {
    if (this.#mistake === "says nothing") return false;
    return this.#mistake === "cries wolf" || this.#usedBytes > this.#place.roomBytes / 2;
  }

  load(): Promise<StoredState> {
    return this.#inner.load();
  }

  initialise(identity: StoreIdentity): Promise<void> {
    return this.#inner.initialise(identity);
  }

  write(write: LogWrite): Promise<void> {
    const bytes = sizeOf(write.entries);
    if (this.#usedBytes + bytes <= this.#place.roomBytes) {
      this.#usedBytes += bytes;
      return this.#inner.write(write);
    }
    if (this.#mistake === "fails instead of waiting") return Promise.reject(failure());
    return new Promise((_resolve, reject) => this.#waiting.push(reject));
  }

  read(range: LogRange): Promise<readonly Entry[]> {
    if (this.#mistake === "stops reading while it waits" && this.#waiting.length > 0) return Promise.reject(failure());
    return this.#inner.read(range);
  }

  compact(base: EntryId): Promise<void> {
    return this.#inner.compact(base);
  }

  close(): Promise<void> {
    if (this.#mistake !== "lets who waits wait for ever") for (const reject of this.#waiting) reject(failure());
    return this.#inner.close();
  }
}

function failure(): QuorateError {
  return new QuorateError({ code: "QUORATE_STORAGE_FAILED", message: "no space", hint: "Free space on the disk." });
}
