// One snapshot store under test, from a fresh place to its end, and the few builders that make the laws short to read.

import { crc32 } from "../crc32.ts";
import type { SnapshotPosition, SnapshotReader, SnapshotStore, StoredSnapshot } from "../snapshot-store.ts";
import { assertEqual, assertThat, skipTest, type TestFramework, withDeadline } from "./harness.ts";
import type { StorageCrash, StoreHazards } from "./hazards.ts";

/** A snapshot to be written. */
export type SnapshotToWrite = { readonly position: SnapshotPosition; readonly content: Uint8Array };

/**
 * What the suite must know about a snapshot store. `Location` is whatever finds the stored data again. What is optional lets the
 * suite do more: laws that need a missing part are reported as skipped, with the reason.
 */
export type SnapshotStoreConformance<Location> = StoreHazards<Location, SnapshotStore> & {
  /** Shown in the titles of the tests. */
  readonly name: string;
  /** A place where nothing has been stored yet. Clearing it away afterwards is up to the caller. */
  newLocation(): Location | Promise<Location>;
  /** A store on that place, not loaded yet. Called again for the same place after `close`, to see what is left. */
  open(location: Location): SnapshotStore | Promise<SnapshotStore>;
  /** Set, with the reason, if what was stored cannot be opened again: the laws about it are then skipped. */
  readonly cannotReopen?: string;
  /** Whether a committed snapshot outlives its process; then a second opener must be refused. Default false. */
  readonly isDurable?: boolean;
  /** Bits that are flipped in each file. Default 100. */
  readonly flipsPerFile?: number;
  /**
   * Writes the snapshots one after the other on a fresh store, and gives every place that a crash may have left: at every
   * boundary between two operations on the medium. What counts as acknowledged is a commit.
   */
  crashes?(snapshots: readonly SnapshotToWrite[]): AsyncIterable<StorageCrash<Location>>;
};

/** A store that is open and loaded, and can be closed and opened again. */
export class SnapshotSession<Location> {
  readonly #options: SnapshotStoreConformance<Location>;
  readonly #location: Location;
  #store: SnapshotStore;
  #loaded: StoredSnapshot | undefined;

  private constructor(start: {
    readonly options: SnapshotStoreConformance<Location>;
    readonly location: Location;
    readonly store: SnapshotStore;
    readonly loaded: StoredSnapshot | undefined;
  }) {
    this.#options = start.options;
    this.#location = start.location;
    this.#store = start.store;
    this.#loaded = start.loaded;
  }

  static async start<Place>(options: SnapshotStoreConformance<Place>): Promise<SnapshotSession<Place>> {
    const location = await options.newLocation();
    const store = await options.open(location);
    return new SnapshotSession({ options, location, store, loaded: await store.load() });
  }

  get location(): Location {
    return this.#location;
  }

  get store(): SnapshotStore {
    return this.#store;
  }

  /** What the latest `load` found. */
  get loaded(): StoredSnapshot | undefined {
    return this.#loaded;
  }

  /** Closes the store, opens what it left behind and loads it. */
  async reopen(): Promise<StoredSnapshot | undefined> {
    await this.#store.close();
    this.#store = await this.#options.open(this.#location);
    this.#loaded = await this.#store.load();
    return this.#loaded;
  }

  async end(): Promise<void> {
    await this.#store.close();
  }
}

type Declare<Location> = (title: string, check: (session: SnapshotSession<Location>) => Promise<void>) => void;

/** The two ways to declare a law for this store in this framework; `reopenLaw` needs it to be opened again. */
export function snapshotLaws<Location>(
  framework: TestFramework,
  options: SnapshotStoreConformance<Location>,
): { readonly law: Declare<Location>; readonly reopenLaw: Declare<Location> } {
  const law: Declare<Location> = (title, check) => {
    framework.test(title, async () => {
      const session = await SnapshotSession.start(options);
      try {
        await withDeadline(check(session), title, 20_000);
      } finally {
        await session.end();
      }
    });
  };
  const reason = options.cannotReopen;
  return { law, reopenLaw: reason === undefined ? law : (title) => skipTest(framework, { title, reason }) };
}

/** A position in term 3, with a configuration that has all of its parts. */
export function positionAt(index: number): SnapshotPosition {
  return {
    index,
    term: 3,
    configuration: {
      voters: ["n1", "n2", `ñ-${index}`],
      learners: ["n4"],
      outgoing: ["n1", "n5"],
      records: [
        { id: "n1", incarnation: "first", address: "n1.example:7101" },
        { id: "n4", promotes: true },
      ],
    },
  };
}

/** Bytes that differ from one seed to the next and from place to place. */
export function contentOf(seed: number, sizeBytes: number): Uint8Array {
  return Uint8Array.from(
    { length: sizeBytes },
    (_, at) => (at * 31 + (at >>> 8) * 17 + (at >>> 16) * 5 + seed * 7) & 255,
  );
}

/** What a store must say of a snapshot with this content. */
export function storedAt(position: SnapshotPosition, content: Uint8Array): StoredSnapshot {
  return { ...position, sizeBytes: content.length, checksum: crc32(content) };
}

/** Writes a whole snapshot, in chunks of this size, and makes it the latest. */
export async function writeSnapshot(
  store: SnapshotStore,
  snapshot: { readonly position: SnapshotPosition; readonly content: Uint8Array; readonly chunkBytes?: number },
): Promise<StoredSnapshot> {
  const { position, content, chunkBytes = 10_000 } = snapshot;
  const writer = await store.create(position);
  for (let at = 0; at < content.length; at += chunkBytes) await writer.write(content.subarray(at, at + chunkBytes));
  return writer.commit();
}

/** The latest snapshot's reader; fails if there is none. */
export async function openedLatest(store: SnapshotStore): Promise<SnapshotReader> {
  const reader = await store.openLatest();
  assertThat(reader !== undefined, "there is a latest snapshot");
  return reader;
}

/** Fails unless the latest snapshot of the store is this one, by its description and by its content. */
export async function assertLatest(
  store: SnapshotStore,
  expected: { readonly position: SnapshotPosition; readonly content: Uint8Array },
): Promise<void> {
  const { position, content } = expected;
  const reader = await openedLatest(store);
  assertEqual(reader.snapshot, storedAt(position, content), "latest snapshot");
  assertEqual(await reader.read(0, content.length + 1), content, "content of the latest snapshot");
  await reader.close();
}
