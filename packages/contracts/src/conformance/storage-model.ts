// What a store must equal after every call: a log in an array, and the steps of a life that has everything in it.

import type { Entry, EntryId, HardState } from "@quorate/core";
import type { LogStorage, LogWrite, StoreIdentity } from "../log-storage.ts";
import { entries, entry, type LogContent, someIdentity } from "./storage-session.ts";

/** One call of the port that changes what is stored. */
export type StorageCall =
  | { readonly type: "write"; readonly write: LogWrite }
  | { readonly type: "compact"; readonly base: EntryId }
  | { readonly type: "initialise"; readonly identity: StoreIdentity };

/** Makes the call. */
export function callStorage(storage: LogStorage, call: StorageCall): Promise<void> {
  switch (call.type) {
    case "write":
      return storage.write(call.write);
    case "compact":
      return storage.compact(call.base);
    case "initialise":
      return storage.initialise(call.identity);
  }
}

/** The call in a few words, for failures. */
export function describeCall(call: StorageCall): string {
  if (call.type === "initialise") return "initialise";
  if (call.type === "compact") return `compact to index ${call.base.index} of term ${call.base.term}`;
  const { hardState, truncateFrom, entries: appended } = call.write;
  const first = appended[0];
  const parts = [
    hardState && `term ${hardState.term} with ${hardState.votedFor === undefined ? "no vote" : "a vote"}`,
    truncateFrom === undefined ? undefined : `truncation from ${truncateFrom}`,
    first && `entries ${first.index} to ${appended.at(-1)?.index} of term ${first.term}`,
  ].filter((part) => part !== undefined);
  return `write ${parts.join(", ") || "nothing"}`;
}

/** What a store must equal: the log as an array that begins after its base, and the hard state. */
export class LogModel {
  #content: LogContent = { base: { index: 0, term: 0 }, entries: [] };
  #hardState: HardState = { term: 0, votedFor: undefined };
  #identity: StoreIdentity | undefined;

  get content(): LogContent {
    return this.#content;
  }

  get firstIndex(): number {
    return this.#content.base.index + 1;
  }

  get lastIndex(): number {
    return this.#content.base.index + this.#content.entries.length;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** The entry at an index of the log, or the base. */
  at(index: number): EntryId | undefined {
    const { base, entries: log } = this.#content;
    return index === base.index ? base : log[index - base.index - 1];
  }

  slice(firstIndex: number, lastIndex: number): readonly Entry[] {
    const { base, entries: log } = this.#content;
    return log.slice(firstIndex - base.index - 1, lastIndex - base.index);
  }

  get identity(): StoreIdentity | undefined {
    return this.#identity;
  }

  take(call: StorageCall): void {
    if (call.type === "write") this.write(call.write);
    else if (call.type === "compact") this.compact(call.base);
    else this.#identity ??= call.identity;
  }

  write(write: LogWrite): void {
    const { base } = this.#content;
    const kept = this.slice(this.firstIndex, (write.truncateFrom ?? this.lastIndex + 1) - 1);
    this.#content = { base, entries: [...kept, ...write.entries] };
    this.#hardState = write.hardState ?? this.#hardState;
  }

  compact(base: EntryId): void {
    if (base.index < this.firstIndex) return;
    const isInLog = this.at(base.index)?.term === base.term;
    this.#content = { base, entries: isInLog ? this.slice(base.index + 1, this.lastIndex) : [] };
  }
}

/** Writes of every kind. */
export const scriptedWrites: readonly LogWrite[] = [
  { hardState: { term: 1, votedFor: "n1" }, entries: [] },
  { entries: [entry(1, 1), entry(2, 1, "n1,n2,n3", "configuration")] },
  { hardState: { term: 2, votedFor: undefined }, entries: [entry(3, 2, "three")] },
  { entries: entries({ firstIndex: 4, lastIndex: 9, term: 2 }) },
  { truncateFrom: 7, entries: [] },
  { hardState: { term: 4, votedFor: "n3" }, truncateFrom: 6, entries: [entry(6, 4, "six")] },
  { truncateFrom: 2, entries: [entry(2, 4, "n1", "configuration"), entry(3, 4, "three")] },
  { entries: [] },
  { truncateFrom: 1, entries: [] },
  { entries: [entry(1, 6, "one")] },
];

/** The same with an identity, compactions of both kinds and an entry of some size. */
export const scriptedCalls: readonly StorageCall[] = [
  { type: "initialise", identity: someIdentity },
  ...scriptedWrites.map((write) => ({ type: "write", write }) as const),
  { type: "write", write: { entries: entries({ firstIndex: 2, lastIndex: 12, term: 6 }) } },
  { type: "compact", base: { index: 5, term: 6 } },
  {
    type: "write",
    write: { entries: [{ index: 13, term: 7, kind: "command", data: new Uint8Array(40_000).fill(3) }] },
  },
  { type: "compact", base: { index: 20, term: 8 } },
  { type: "write", write: { hardState: { term: 9, votedFor: "n2" }, entries: [entry(21, 9, "n1", "configuration")] } },
  { type: "write", write: { entries: entries({ firstIndex: 22, lastIndex: 24, term: 9 }) } },
];
