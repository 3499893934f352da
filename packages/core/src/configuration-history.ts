// Which configuration counts: the newest one in the log, committed or not. When the log is cut, an older one counts
// again. Thesis 4.1: a server uses a configuration as soon as it is in its log.

import { decodeConfiguration } from "./configuration.ts";
import { InvariantViolation } from "./errors.ts";
import type { Configuration, Entry } from "./types.ts";

/** A configuration and where in the log it stands. */
export type PlacedConfiguration = {
  /** 0, or the base of a compacted log, for the one that the log begins with. */
  readonly index: number;
  readonly configuration: Configuration;
};

/** The configurations of one log, oldest first. */
export class ConfigurationHistory {
  #placed: readonly PlacedConfiguration[];

  constructor(first: PlacedConfiguration, entries: readonly Entry[]) {
    this.#placed = [first, ...entries.map(placed)];
  }

  /** The one in use. */
  get current(): PlacedConfiguration {
    const last = this.#placed.at(-1);
    if (last === undefined) throw new InvariantViolation("a log without any configuration");
    return last;
  }

  /** The one that was in use as of `index`. */
  asOf(index: number): PlacedConfiguration {
    return this.#placed.findLast((each) => each.index <= index) ?? this.current;
  }

  /** All that may still be in use somewhere: the newest committed one and those after it. */
  since(commitIndex: number): readonly PlacedConfiguration[] {
    const committed = this.asOf(commitIndex);
    return this.#placed.filter(({ index }) => index >= committed.index);
  }

  /** Takes a configuration into use. */
  append(entry: Entry): void {
    this.#placed = [...this.#placed, placed(entry)];
  }

  /** The log begins after `first` now; later configurations go on counting only if their entries were kept. */
  rebase(first: PlacedConfiguration, { keepsTail }: { readonly keepsTail: boolean }): void {
    this.#placed = [first, ...(keepsTail ? this.#placed.filter(({ index }) => index > first.index) : [])];
  }

  /** Goes back to what counted before `index`. */
  truncateFrom(index: number): void {
    this.#placed = this.#placed.filter((each) => each.index < index);
  }
}

function placed(entry: Entry): PlacedConfiguration {
  const configuration = decodeConfiguration(entry);
  if (configuration === undefined) {
    throw new InvariantViolation(`entry ${entry.index} of kind configuration does not contain one`);
  }
  return { index: entry.index, configuration };
}
