// The log on a disk as plain data, and what each operation does to it. A disk has two of these: what the process sees, and
// what would survive a loss of power.

import type { Entry, EntryId, HardState, LogWrite, StoreIdentity, StoredState, TermRun } from "@quorate/contracts";

/** Something that changes what is stored. */
export type DiskOperation =
  | { readonly kind: "initialise"; readonly identity: StoreIdentity }
  | { readonly kind: "write"; readonly write: LogWrite }
  | { readonly kind: "compact"; readonly base: EntryId }
  /** Changes nothing; complete when everything before it is. */
  | { readonly kind: "barrier" };

/** What is stored. */
export class LogImage {
  identity: StoreIdentity | undefined;
  hardState: HardState = { term: 0, votedFor: undefined };
  base: EntryId = { index: 0, term: 0 };
  #entries: Entry[] = [];

  get lastIndex(): number {
    return this.base.index + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.base.term;
  }

  entryAt(index: number): Entry | undefined {
    return this.#entries[index - this.base.index - 1];
  }

  /** The term at `index`, also of the base; undefined outside the log. */
  termAt(index: number): number | undefined {
    return index === this.base.index ? this.base.term : this.entryAt(index)?.term;
  }

  /** Both ends inclusive; within `maxBytes` of data, but at least one. */
  slice(firstIndex: number, lastIndex: number, maxBytes: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = firstIndex; index <= lastIndex; index++) {
      const entry = this.entryAt(index);
      bytes += entry?.data.byteLength ?? 0;
      if (entry === undefined || (found.length > 0 && bytes > maxBytes)) break;
      found.push(entry);
    }
    return found;
  }

  /** A copy that later operations on either side do not share. */
  copy(): LogImage {
    const image = new LogImage();
    image.identity = this.identity;
    image.hardState = this.hardState;
    image.base = this.base;
    image.#entries = this.#entries.slice();
    return image;
  }

  take(operation: DiskOperation): void {
    switch (operation.kind) {
      case "initialise":
        this.identity = operation.identity;
        return;
      case "write":
        this.#write(operation.write);
        return;
      case "compact":
        this.#compact(operation.base);
        return;
      case "barrier":
        return;
    }
  }

  /** Why a write does not fit, or undefined if it does. */
  misfitOf({ truncateFrom, entries }: LogWrite): string | undefined {
    const keptUntil = (truncateFrom ?? this.lastIndex + 1) - 1;
    if (keptUntil < this.base.index || keptUntil > this.lastIndex) {
      return `truncation from ${keptUntil + 1} in a log of ${this.base.index + 1} to ${this.lastIndex}`;
    }
    let last = { index: keptUntil, term: this.termAt(keptUntil) ?? 0 };
    for (const entry of entries) {
      if (entry.index !== last.index + 1) return `entry ${entry.index} after entry ${last.index}`;
      if (entry.term < last.term) return `entry ${entry.index} of term ${entry.term} after one of term ${last.term}`;
      last = entry;
    }
    return undefined;
  }

  /** What a process finds when it starts. */
  load(): StoredState {
    const { identity, hardState, base, lastIndex } = this;
    const configurations = this.#entries.filter(({ kind }) => kind === "configuration");
    return { identity, hardState, log: { base, lastIndex, termRuns: this.#termRuns() }, configurations };
  }

  #termRuns(): readonly TermRun[] {
    return this.#entries
      .filter(({ term }, position) => term !== this.#entries[position - 1]?.term)
      .map(({ index, term }) => ({ firstIndex: index, term }));
  }

  #write({ hardState, truncateFrom, entries }: LogWrite): void {
    if (truncateFrom !== undefined) this.#entries.length = truncateFrom - this.base.index - 1;
    for (const entry of entries) this.#entries.push(entry);
    this.hardState = hardState ?? this.hardState;
  }

  #compact(base: EntryId): void {
    if (base.index <= this.base.index) return;
    const isInLog = this.termAt(base.index) === base.term;
    this.#entries = isInLog ? this.#entries.slice(base.index - this.base.index) : [];
    this.base = base;
  }
}
