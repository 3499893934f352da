// The log and the latest snapshot on a disk as plain data, and what each operation does to them. A disk has two of these:
// what the process sees, and what would survive a loss of power.

import type {
  Configuration,
  Entry,
  EntryId,
  HardState,
  LogWrite,
  StoredSnapshot,
  StoreIdentity,
  StoredState,
  TermRun,
} from "@quorate/contracts";
import { configurationOf } from "../checkers/configurations.ts";

/** A snapshot with its content. */
export type SnapshotImage = { readonly stored: StoredSnapshot; readonly content: Uint8Array };

/** A configuration and where it stands in the log. */
export type PlacedConfiguration = { readonly index: number; readonly configuration: Configuration };

/** Something that changes what is stored. */
export type DiskOperation =
  | { readonly kind: "initialise"; readonly identity: StoreIdentity }
  | { readonly kind: "write"; readonly write: LogWrite }
  | { readonly kind: "compact"; readonly base: EntryId }
  /** A whole snapshot takes the place of an older one. */
  | { readonly kind: "snapshot"; readonly snapshot: SnapshotImage }
  /** Changes nothing; complete when everything before it is. */
  | { readonly kind: "barrier" };

/** What is stored. */
export class LogImage {
  identity: StoreIdentity | undefined;
  hardState: HardState = { term: 0, votedFor: undefined };
  base: EntryId = { index: 0, term: 0 };
  snapshot: SnapshotImage | undefined;
  #entries: Entry[] = [];
  /** Those of the entries that carry a configuration, oldest first. */
  #configurations: Entry[] = [];
  /** What says the configuration as of the base, once there is something. */
  #baseConfiguration: Entry | Configuration | undefined;
  /** Worked out when it is asked for, and kept until something changes it: it is asked for at every turn. */
  #newest: { readonly found: PlacedConfiguration | undefined } | undefined;

  get lastIndex(): number {
    return this.base.index + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.base.term;
  }

  /** The newest configuration in the log and where it stands; undefined if it is still the one that formed the cluster. */
  get configuration(): PlacedConfiguration | undefined {
    this.#newest ??= { found: this.#findNewest() };
    return this.#newest.found;
  }

  /** True if the entry is here, or in the snapshot that has taken the place of the log's beginning. */
  holds(index: number, term: number): boolean {
    return index <= (this.snapshot?.stored.index ?? 0) || index < this.base.index || this.termAt(index) === term;
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
    image.snapshot = this.snapshot;
    image.#entries = this.#entries.slice();
    image.#configurations = this.#configurations.slice();
    image.#baseConfiguration = this.#baseConfiguration;
    image.#newest = this.#newest;
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
      case "snapshot":
        this.snapshot = operation.snapshot;
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
    const configurations = this.#configurations.slice();
    return { identity, hardState, log: { base, lastIndex, termRuns: this.#termRuns() }, configurations };
  }

  #termRuns(): readonly TermRun[] {
    return this.#entries
      .filter(({ term }, position) => term !== this.#entries[position - 1]?.term)
      .map(({ index, term }) => ({ firstIndex: index, term }));
  }

  #write({ hardState, truncateFrom, entries }: LogWrite): void {
    const configurations = entries.filter(({ kind }) => kind === "configuration");
    if (truncateFrom !== undefined) {
      this.#entries.length = truncateFrom - this.base.index - 1;
      this.#configurations = this.#configurations.filter(({ index }) => index < truncateFrom);
    }
    this.#entries.push(...entries);
    this.#configurations.push(...configurations);
    if (truncateFrom !== undefined || configurations.length > 0) this.#newest = undefined;
    this.hardState = hardState ?? this.hardState;
  }

  #compact(base: EntryId): void {
    if (base.index <= this.base.index) return;
    const isInLog = this.termAt(base.index) === base.term;
    const covered = this.#configurations.findLast(({ index }) => index <= base.index);
    this.#configurations = isInLog ? this.#configurations.filter(({ index }) => index > base.index) : [];
    if (!isInLog) this.#baseConfiguration = this.snapshot?.stored.configuration;
    else if (covered !== undefined) this.#baseConfiguration = covered;
    this.#entries = isInLog ? this.#entries.slice(base.index - this.base.index) : [];
    this.base = base;
    this.#newest = undefined;
  }

  #findNewest(): PlacedConfiguration | undefined {
    const [entry, base] = [this.#configurations.at(-1), this.#baseConfiguration];
    if (entry !== undefined) return { index: entry.index, configuration: configurationOf(entry) };
    if (base === undefined) return undefined;
    return { index: this.base.index, configuration: "data" in base ? configurationOf(base) : base };
  }
}
