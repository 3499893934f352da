// A small durable snapshot store on a disk that is plain data: one file with a checksum. It can be told to make mistakes that only
// crashes, rot, full disks and second openers bring to light.

import {
  crc32,
  QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "../src/index.ts";
import type { Place } from "./checked-storage.ts";

/** Mistakes that the store can be told to make. */
export type SnapshotMistake =
  | "none"
  | "ignores the checksum"
  | "takes rot for an empty store"
  | "shows half a snapshot"
  | "resolves before it has stored"
  | "deletes files that it does not know"
  | "goes on after a failed write"
  | "drops the older one first"
  | "gives no hint"
  | "lets everybody in";

const fileName = "snapshot";
type Stored = { readonly stored: StoredSnapshot; readonly content: readonly number[] };

export class CheckedSnapshots implements SnapshotStore {
  readonly #place: Place;
  readonly #mistake: SnapshotMistake;
  #isLoaded = false;
  #hasFailed = false;

  constructor(place: Place, mistake: SnapshotMistake) {
    this.#place = place;
    this.#mistake = mistake;
  }

  async load(): Promise<StoredSnapshot | undefined> {
    if (this.#place.isReadOnly) throw this.#refusal("QUORATE_STORAGE_FAILED");
    if (this.#place.isOpen && this.#mistake !== "lets everybody in") throw this.#refusal("QUORATE_DATA_LOCKED");
    const latest = this.#read();
    this.#place.isOpen = true;
    this.#isLoaded = true;
    if (this.#mistake === "deletes files that it does not know") this.#place.files.delete("a-note-of-somebody-else");
    return latest?.stored;
  }

  async create(position: SnapshotPosition): Promise<SnapshotWriter> {
    const content: number[] = [];
    if (this.#mistake === "drops the older one first") this.#place.files.delete(fileName);
    const describe = (): StoredSnapshot => {
      return { ...position, sizeBytes: content.length, checksum: crc32(Uint8Array.from(content)) };
    };
    return {
      sizeBytes: 0,
      write: async (chunk) => {
        for (const byte of chunk) content.push(byte);
        if (this.#mistake === "shows half a snapshot") this.#store({ stored: describe(), content });
        this.#checkRoom(content.length);
      },
      commit: async () => {
        const stored = { stored: describe(), content };
        if (this.#mistake === "resolves before it has stored") setTimeout(() => this.#store(stored), 0);
        else this.#store(stored);
        return stored.stored;
      },
      abort: async () => undefined,
    };
  }

  async openLatest(): Promise<SnapshotReader | undefined> {
    if (this.#hasFailed) throw this.#refusal("QUORATE_STORAGE_FAILED");
    const latest = this.#read();
    if (latest === undefined) return undefined;
    const { stored, content } = latest;
    return {
      snapshot: stored,
      read: async (offset, length) => Uint8Array.from(content.slice(offset, offset + length)),
      close: async () => undefined,
    };
  }

  async close(): Promise<void> {
    if (this.#isLoaded) this.#place.isOpen = false;
  }

  #checkRoom(sizeBytes: number): void {
    if (sizeBytes <= this.#place.roomBytes) return;
    this.#hasFailed = this.#mistake !== "goes on after a failed write";
    throw this.#refusal("QUORATE_STORAGE_FAILED");
  }

  #store(stored: Stored): void {
    const text = JSON.stringify(stored);
    const checksum = crc32(new TextEncoder().encode(text));
    this.#place.files.set(fileName, new TextEncoder().encode(`${checksum} ${text}`));
  }

  #read(): Stored | undefined {
    const bytes = this.#place.files.get(fileName);
    if (bytes === undefined) return undefined;
    const [, checksum, text = ""] = /^(\d+) (.*)$/s.exec(new TextDecoder().decode(bytes)) ?? [];
    const isWhole = crc32(new TextEncoder().encode(text)) === Number(checksum);
    if (!isWhole && this.#mistake === "takes rot for an empty store") return undefined;
    if (!isWhole && this.#mistake !== "ignores the checksum") throw this.#refusal("QUORATE_SNAPSHOT_CORRUPT");
    return JSON.parse(text) as Stored;
  }

  #refusal(code: string): QuorateError {
    const hint = this.#mistake === "gives no hint" ? "" : "Do something about it.";
    return new QuorateError({ code, message: code, hint });
  }
}
