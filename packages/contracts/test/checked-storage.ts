// A small durable store on a disk that is plain data: one file with a checksum, rewritten with every call. It can be told to make
// mistakes that only crashes, rot, full disks and second openers bring to light.

import {
  crc32,
  type Entry,
  type EntryId,
  type HardState,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "../src/index.ts";

/** The disk; `roomBytes` is what the file may have at most. */
export type Place = {
  readonly files: Map<string, Uint8Array>;
  isOpen: boolean;
  roomBytes: number;
  isReadOnly: boolean;
};

/** Mistakes that the store can be told to make. */
export type Mistake =
  | "none"
  | "ignores the checksum"
  | "takes rot for an empty store"
  | "resolves before it has stored"
  | "stores half a write first"
  | "deletes files that it does not know"
  | "goes on after a failed write"
  | "forgets on a full disk"
  | "gives no hint"
  | "lets everybody in";

type Content = {
  readonly identity?: StoreIdentity;
  readonly hardState: HardState;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
};

const fileName = "store.json";
const fresh: Content = { hardState: { term: 0, votedFor: undefined }, base: { index: 0, term: 0 }, entries: [] };

export const newPlace = (): Place => ({
  files: new Map(),
  isOpen: false,
  roomBytes: Number.MAX_SAFE_INTEGER,
  isReadOnly: false,
});

export class CheckedStorage implements LogStorage {
  readonly supports = { durable: true };
  readonly #place: Place;
  readonly #mistake: Mistake;
  #content: Content = fresh;
  #isLoaded = false;
  #isClosed = false;
  #hasFailed = false;

  constructor(place: Place, mistake: Mistake) {
    this.#place = place;
    this.#mistake = mistake;
  }

  async load(): Promise<StoredState> {
    if (this.#isClosed) throw this.#refusal("QUORATE_CLOSED");
    if (this.#place.isReadOnly) throw this.#refusal("QUORATE_STORAGE_FAILED");
    if (this.#place.isOpen && this.#mistake !== "lets everybody in") throw this.#refusal("QUORATE_DATA_LOCKED");
    this.#content = this.#stored();
    this.#place.isOpen = true;
    this.#isLoaded = true;
    if (this.#mistake === "deletes files that it does not know") this.#place.files.delete("a-note-of-somebody-else");
    const { identity, hardState, base, entries } = this.#content;
    const termRuns = entries
      .filter(({ term }, position) => term !== entries[position - 1]?.term)
      .map(({ index, term }) => ({ firstIndex: index, term }));
    const configurations = entries.filter(({ kind }) => kind === "configuration");
    return { identity, hardState, log: { base, lastIndex: base.index + entries.length, termRuns }, configurations };
  }

  initialise(identity: StoreIdentity): Promise<void> {
    return this.#change({ ...this.#content, identity });
  }

  write({ hardState, truncateFrom, entries }: LogWrite): Promise<void> {
    const { base } = this.#content;
    const kept = this.#content.entries.slice(0, truncateFrom === undefined ? undefined : truncateFrom - base.index - 1);
    const next = { ...this.#content, entries: [...kept, ...entries], hardState: hardState ?? this.#content.hardState };
    if (this.#mistake === "stores half a write first") this.#store({ ...next, hardState: this.#content.hardState });
    return this.#change(next);
  }

  async read({ firstIndex, lastIndex }: LogRange): Promise<readonly Entry[]> {
    if (this.#hasFailed) throw this.#refusal("QUORATE_STORAGE_FAILED");
    const { base, entries } = this.#content;
    if (firstIndex <= base.index) throw this.#refusal("QUORATE_OUT_OF_RANGE");
    return entries.slice(firstIndex - base.index - 1, lastIndex - base.index);
  }

  compact(base: EntryId): Promise<void> {
    const { entries } = this.#content;
    const isInLog = entries.some(({ index, term }) => index === base.index && term === base.term);
    const kept = isInLog ? entries.filter(({ index }) => index > base.index) : [];
    return this.#change({ ...this.#content, base, entries: kept });
  }

  async close(): Promise<void> {
    if (this.#isLoaded) this.#place.isOpen = false;
    this.#isLoaded = false;
    this.#isClosed = true;
  }

  async #change(content: Content): Promise<void> {
    if (this.#hasFailed) throw this.#refusal("QUORATE_STORAGE_FAILED");
    this.#content = content;
    if (this.#mistake === "resolves before it has stored") setTimeout(() => this.#store(content), 0);
    else this.#store(content);
  }

  #store(content: Content): void {
    const text = JSON.stringify(content, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value));
    const bytes = new TextEncoder().encode(`${crc32(new TextEncoder().encode(text))} ${text}`);
    if (bytes.length > this.#place.roomBytes) {
      if (this.#mistake !== "goes on after a failed write") this.#hasFailed = true;
      if (this.#mistake === "forgets on a full disk") this.#place.files.delete(fileName);
      throw this.#refusal("QUORATE_STORAGE_FAILED");
    }
    this.#place.files.set(fileName, bytes);
  }

  #stored(): Content {
    const bytes = this.#place.files.get(fileName);
    if (bytes === undefined) return fresh;
    const [, checksum, text = ""] = /^(\d+) (.*)$/s.exec(new TextDecoder().decode(bytes)) ?? [];
    const isWhole = crc32(new TextEncoder().encode(text)) === Number(checksum);
    if (!isWhole && this.#mistake === "takes rot for an empty store") return fresh;
    if (!isWhole && this.#mistake !== "ignores the checksum") throw this.#refusal("QUORATE_LOG_CORRUPT");
    const content = JSON.parse(text) as Content;
    const entries = content.entries.map((entry) => ({ ...entry, data: Uint8Array.from(entry.data) }));
    return { ...content, hardState: { term: content.hardState.term, votedFor: content.hardState.votedFor }, entries };
  }

  #refusal(code: string): QuorateError {
    const hint = this.#mistake === "gives no hint" ? "" : "Do something about it.";
    return new QuorateError({ code, message: code, hint });
  }
}
