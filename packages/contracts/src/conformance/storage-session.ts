// One store under test, from a fresh place to its end: opening, closing and opening again as a server does when it restarts.
// Also the few builders that make the laws short to read.

import type { Entry, EntryId, EntryKind } from "@quorate/core";
import type { LogStorage, LogStorageSupports, StoredState, StoreIdentity } from "../log-storage.ts";
import { assertEqual, assertRejects, skipTest, type TestFramework, withDeadline } from "./harness.ts";
import type { StorageCrash, StoreHazards } from "./hazards.ts";
import type { StorageCall } from "./storage-model.ts";

/**
 * What the suite must know about a storage adapter. `Location` is whatever finds the stored data again: a path, a disk object.
 * What is optional lets the suite do more: laws that need a missing part are reported as skipped, with the reason.
 */
export type StorageConformance<Location> = StoreHazards<Location, LogStorage> & {
  /** Shown in the titles of the tests. */
  readonly name: string;
  /** A place where nothing has been stored yet. Clearing it away afterwards is up to the caller. */
  newLocation(): Location | Promise<Location>;
  /** A store on that place, not loaded yet. Called again for the same place after `close`, to see what is left. */
  open(location: Location): LogStorage | Promise<LogStorage>;
  /** What the adapter is expected to promise; compared with what it says of itself. */
  readonly supports: LogStorageSupports;
  /** Set, with the reason, if what was stored cannot be opened again: the laws about it are then skipped. */
  readonly cannotReopen?: string;
  /** First seed of the random histories. Default 1. */
  readonly seed?: number;
  /** Number of random histories, one per seed. Default 40. */
  readonly runs?: number;
  /** Bits that are flipped in each file. Default 100. */
  readonly flipsPerFile?: number;
  /**
   * Makes the calls on a fresh store, each when the one before it has resolved, and gives every place that a crash may have
   * left: at every boundary between two operations on the medium, with what was not yet durable there, gone or torn.
   */
  crashes?(calls: readonly StorageCall[]): AsyncIterable<StorageCrash<Location>>;
};

/** A store that is open and loaded, and can be closed and opened again. */
export class StorageSession<Location> {
  readonly #options: StorageConformance<Location>;
  readonly #location: Location;
  #storage: LogStorage;
  #loaded: StoredState;

  private constructor(start: {
    readonly options: StorageConformance<Location>;
    readonly location: Location;
    readonly storage: LogStorage;
    readonly loaded: StoredState;
  }) {
    this.#options = start.options;
    this.#location = start.location;
    this.#storage = start.storage;
    this.#loaded = start.loaded;
  }

  static async start<Place>(options: StorageConformance<Place>): Promise<StorageSession<Place>> {
    const location = await options.newLocation();
    const storage = await options.open(location);
    return new StorageSession({ options, location, storage, loaded: await storage.load() });
  }

  get location(): Location {
    return this.#location;
  }

  get storage(): LogStorage {
    return this.#storage;
  }

  /** What the latest `load` found. */
  get loaded(): StoredState {
    return this.#loaded;
  }

  /** Closes the store, opens what it left behind and loads it. */
  async reopen(): Promise<StoredState> {
    await this.#storage.close();
    this.#storage = await this.#options.open(this.#location);
    this.#loaded = await this.#storage.load();
    return this.#loaded;
  }

  async end(): Promise<void> {
    await this.#storage.close();
  }
}

/** A law of the port: a sentence, and a check on a fresh store. */
export type StorageLaws<Location> = {
  readonly law: (title: string, check: (session: StorageSession<Location>) => Promise<void>) => void;
  /** A law that needs the store to be opened again. */
  readonly reopenLaw: (title: string, check: (session: StorageSession<Location>) => Promise<void>) => void;
};

/** The two ways to declare a law for this adapter in this framework. */
export function storageLaws<Location>(
  framework: TestFramework,
  options: StorageConformance<Location>,
): StorageLaws<Location> {
  const law: StorageLaws<Location>["law"] = (title, check) => {
    framework.test(title, async () => {
      const session = await StorageSession.start(options);
      try {
        await withDeadline(check(session), title, 20_000);
      } finally {
        await session.end();
      }
    });
  };
  const reason = options.cannotReopen;
  const reopenLaw: StorageLaws<Location>["reopenLaw"] =
    reason === undefined ? law : (title) => skipTest(framework, { title, reason });
  return { law, reopenLaw };
}

/** An identity to initialise a store with. */
export const someIdentity: StoreIdentity = {
  clusterId: "cluster-1",
  nodeId: "n1",
  incarnation: "incarnation-1",
  configuration: { voters: ["n1", "n2", "n3"], learners: ["n4"] },
};

/** An entry whose data is this text, or, without text, an entry of kind `empty`. */
export function entry(index: number, term: number, text = "", kind?: EntryKind): Entry {
  const data = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { index, term, kind: kind ?? (text === "" ? "empty" : "command"), data };
}

/** Entries of one term, `firstIndex` to `lastIndex` inclusive, each with other data. */
export function entries(range: {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly term: number;
}): readonly Entry[] {
  return Array.from({ length: range.lastIndex - range.firstIndex + 1 }, (_, offset) => {
    const index = range.firstIndex + offset;
    return entry(index, range.term, `t${range.term}-i${index}`);
  });
}

/** A log that was never compacted begins after this. */
const noBase: EntryId = { index: 0, term: 0 };

/** What a log must hold: where it begins, and its entries. */
export type LogContent = { readonly base: EntryId; readonly entries: readonly Entry[] };

/** Fails unless the log of the store is exactly these entries: by its reads, and by the summary if one is given. */
export async function assertLog(storage: LogStorage, expected: readonly Entry[], loaded?: StoredState): Promise<void> {
  await assertContent(storage, { base: noBase, entries: expected }, loaded);
}

/** The same for a log that may have been compacted. */
export async function assertContent(storage: LogStorage, content: LogContent, loaded?: StoredState): Promise<void> {
  const { base, entries: expected } = content;
  if (loaded !== undefined) {
    assertEqual(loaded.log, summaryOf(content), "summary of the log");
    const configurations = expected.filter((one) => one.kind === "configuration");
    assertEqual(loaded.configurations, configurations, "configurations");
  }
  const maxBytes = Number.MAX_SAFE_INTEGER;
  if (base.index > 0) {
    const compacted = storage.read({ firstIndex: base.index, lastIndex: base.index, maxBytes });
    await assertRejects(compacted, "QUORATE_OUT_OF_RANGE", `a read of the base ${base.index}`);
  }
  const last = expected.at(-1);
  if (last === undefined) return;
  const range = { firstIndex: base.index + 1, lastIndex: last.index, maxBytes };
  assertEqual(await storage.read(range), expected, "entries of the log");
}

/** Fails unless the log is exactly these entries after the store was opened again. Returns what `load` found. */
export async function assertReopened<Location>(
  session: StorageSession<Location>,
  expected: readonly Entry[],
): Promise<StoredState> {
  return assertContentReopened(session, { base: noBase, entries: expected });
}

/** The same for a log that may have been compacted. */
export async function assertContentReopened<Location>(
  session: StorageSession<Location>,
  content: LogContent,
): Promise<StoredState> {
  const loaded = await session.reopen();
  await assertContent(session.storage, content, loaded);
  return loaded;
}

/** The summary that a log of these entries has. */
function summaryOf({ base, entries: log }: LogContent): StoredState["log"] {
  const termRuns = log
    .filter((one, position) => one.term !== log[position - 1]?.term)
    .map((one) => ({ firstIndex: one.index, term: one.term }));
  return { base, lastIndex: base.index + log.length, termRuns };
}
