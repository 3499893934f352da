// The executable definition of the snapshot store port, as far as a process that is alive can see it; and, where the
// set-up offers its medium, crashes, rot and full disks as well.

import { crc32 } from "../crc32.ts";
import { assertEqual, assertRejects, inFlight, type TestFramework } from "./harness.ts";
import { declareSnapshotHazardLaws } from "./snapshot-hazards.ts";
import {
  assertLatest,
  contentOf,
  openedLatest,
  positionAt,
  snapshotLaws,
  type SnapshotStoreConformance,
  storedAt,
  writeSnapshot,
} from "./snapshot-session.ts";

/**
 * Declares the tests that every `SnapshotStore` must pass.
 *
 * @example
 * snapshotStoreConformance({ describe, test }, {
 *   name: "my snapshots",
 *   newLocation: () => mkdtemp(join(tmpdir(), "my-snapshots-")),
 *   open: (directory) => mySnapshotStore({ directory }),
 * });
 */
export function snapshotStoreConformance<Location>(
  framework: TestFramework,
  options: SnapshotStoreConformance<Location>,
): void {
  framework.describe(`${options.name} keeps the laws of snapshot stores`, () => {
    framework.describe("a snapshot", () => declareContentLaws(framework, options));
    framework.describe("commit", () => declareCommitLaws(framework, options));
    framework.describe("readers", () => declareReaderLaws(framework, options));
    framework.describe("hazards", () => declareSnapshotHazardLaws(framework, options));
    framework.describe("lifetime", () => declareLifetimeLaws(framework, options));
  });
}

const first = { position: positionAt(10), content: contentOf(1, 30_000) };
const second = { position: positionAt(20), content: contentOf(2, 170_000) };

function declareContentLaws<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const { law, reopenLaw } = snapshotLaws(framework, options);

  law("a fresh store has none", async ({ store, loaded }) => {
    assertEqual(loaded, undefined, "what load finds");
    assertEqual(await store.openLatest(), undefined, "the latest snapshot");
  });

  for (const chunkBytes of [1000, 65_536, 200_000]) {
    reopenLaw(`is found again as it was written, in chunks of ${chunkBytes} bytes`, async (session) => {
      const stored = await writeSnapshot(session.store, { ...second, chunkBytes });
      assertEqual(stored, storedAt(second.position, second.content), "what commit says");
      await assertLatest(session.store, second);
      assertEqual(await session.reopen(), stored, "what load finds");
      await assertLatest(session.store, second);
    });
  }

  for (const sizeBytes of [0, 1, 65_535, 65_536, 65_537, 131_072]) {
    reopenLaw(`may have ${sizeBytes} bytes`, async (session) => {
      const snapshot = { position: positionAt(1), content: contentOf(3, sizeBytes) };
      await writeSnapshot(session.store, snapshot);
      await assertLatest(session.store, snapshot);
      await session.reopen();
      await assertLatest(session.store, snapshot);
    });
  }

  reopenLaw("may lie at a large index and term, with any configuration", async (session) => {
    const configuration = { voters: [], learners: ["only"] };
    const snapshot = { position: { index: 2 ** 50, term: 2 ** 49 + 1, configuration }, content: contentOf(4, 10) };
    await writeSnapshot(session.store, snapshot);
    await session.reopen();
    await assertLatest(session.store, snapshot);
  });

  law(
    "is written on from where the writer says, chunks that are views of a larger buffer included",
    async (session) => {
      const writer = await session.store.create(first.position);
      assertEqual(writer.sizeBytes, 0, "bytes before the first chunk");
      await writer.write(first.content.subarray(0, 12_345));
      assertEqual(writer.sizeBytes, 12_345, "bytes after the first chunk");
      await writer.write(new Uint8Array(0));
      await writer.write(first.content.subarray(writer.sizeBytes));
      assertEqual(writer.sizeBytes, 30_000, "bytes after the last chunk");
      await writer.commit();
      await assertLatest(session.store, first);
    },
  );
}

function declareCommitLaws<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const { law, reopenLaw } = snapshotLaws(framework, options);

  reopenLaw("alone makes a snapshot the latest one", async (session) => {
    await writeSnapshot(session.store, first);
    const writer = await session.store.create(second.position);
    await writer.write(second.content);
    await assertLatest(session.store, first);
    await session.reopen();
    await assertLatest(session.store, first);
  });

  reopenLaw("replaces the snapshot before", async (session) => {
    await writeSnapshot(session.store, first);
    await writeSnapshot(session.store, second);
    await assertLatest(session.store, second);
    assertEqual(await session.reopen(), storedAt(second.position, second.content), "what load finds");
  });

  law("takes what was expected", async ({ store }) => {
    const writer = await store.create(first.position);
    await writer.write(first.content);
    await writer.commit({ sizeBytes: 30_000, checksum: crc32(first.content) });
    await assertLatest(store, first);
  });

  const misfits = [
    { what: "another checksum", expected: { sizeBytes: 170_000, checksum: crc32(second.content) ^ 1 } },
    { what: "fewer bytes", expected: { sizeBytes: 169_999, checksum: crc32(second.content) } },
    { what: "more bytes", expected: { sizeBytes: 170_001, checksum: crc32(second.content) } },
  ];
  for (const { what, expected } of misfits) {
    reopenLaw(`refuses what was expected with ${what}, and keeps the snapshot before`, async (session) => {
      await writeSnapshot(session.store, first);
      const writer = await session.store.create(second.position);
      await writer.write(second.content);
      await assertRejects(writer.commit(expected), "QUORATE_SNAPSHOT_CORRUPT", `commit with ${what}`);
      await assertRejects(writer.commit(), "QUORATE_CLOSED", "a second commit");
      await assertLatest(session.store, first);
      await session.reopen();
      await assertLatest(session.store, first);
      await writeSnapshot(session.store, second);
      await assertLatest(session.store, second);
    });
  }

  law("ends the writer", async ({ store }) => {
    const writer = await store.create(first.position);
    await writer.write(first.content);
    await writer.commit();
    await assertRejects(writer.write(first.content), "QUORATE_CLOSED", "write after commit");
    await assertRejects(writer.commit(), "QUORATE_CLOSED", "commit after commit");
    await writer.abort();
    await assertLatest(store, first);
  });

  law("an aborted snapshot is gone, and may be begun anew", async ({ store }) => {
    const writer = await store.create(first.position);
    await writer.write(second.content);
    await Promise.all([writer.abort(), writer.abort()]);
    await writer.abort();
    await assertRejects(writer.write(first.content), "QUORATE_CLOSED", "write after abort");
    await assertRejects(writer.commit(), "QUORATE_CLOSED", "commit after abort");
    assertEqual(await store.openLatest(), undefined, "the latest snapshot");
    await writeSnapshot(store, first);
    await assertLatest(store, first);
  });

  reopenLaw("a snapshot that goes no further than the latest one is refused", async (session) => {
    await writeSnapshot(session.store, first);
    await session.reopen();
    for (const index of [9, 10]) {
      await assertRejects(session.store.create(positionAt(index)), "QUORATE_SNAPSHOT_STALE", `one at ${index}`);
    }
    await assertRejects(session.store.create(positionAt(0)), "QUORATE_SNAPSHOT_STALE", "one at 0");
    await assertLatest(session.store, first);
  });

  reopenLaw("of two snapshots that are written at the same time the one that goes further stays", async (session) => {
    const { store } = session;
    const writers = [await store.create(first.position), await store.create(second.position)] as const;
    await Promise.all([writers[0].write(first.content), writers[1].write(second.content)]);
    await writers[1].commit();
    await assertRejects(writers[0].commit(), "QUORATE_SNAPSHOT_STALE", "commit of the one that is behind");
    await assertLatest(store, second);
    await session.reopen();
    await assertLatest(session.store, second);
  });

  law("two snapshots at one index do not get into each other's way", async ({ store }) => {
    const writers = [await store.create(first.position), await store.create(first.position)] as const;
    await Promise.all([writers[0].write(first.content), writers[1].write(second.content)]);
    await writers[0].commit();
    await assertRejects(writers[1].commit(), "QUORATE_SNAPSHOT_STALE", "commit of the second one");
    await assertLatest(store, first);
  });
}

function declareReaderLaws<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const { law } = snapshotLaws(framework, options);

  law("give any part, fewer bytes at the end and none behind it", async ({ store }) => {
    await writeSnapshot(store, second);
    const reader = await openedLatest(store);
    for (const offset of [0, 1, 65_535, 65_536, 100_000, 131_071, 169_999, 170_000, 170_001, 999_999]) {
      for (const length of [0, 1, 2, 65_536, 65_537, 200_000]) {
        const part = await reader.read(offset, length);
        assertEqual(part, second.content.slice(offset, offset + length), `${length} bytes from ${offset} on`);
      }
    }
    await reader.close();
  });

  law("may read at the same time", async ({ store }) => {
    await writeSnapshot(store, second);
    const readers = [await openedLatest(store), await openedLatest(store)];
    const offsets = Array.from({ length: 20 }, (_, position) => position * 8000);
    const parts = await Promise.all(
      offsets.flatMap((offset) => readers.map(async (reader) => reader.read(offset, 8000))),
    );
    const expected = offsets.flatMap((offset) => readers.map(() => second.content.slice(offset, offset + 8000)));
    assertEqual(parts, expected, "parts that were read at the same time");
    await Promise.all(readers.map(async (reader) => reader.close()));
  });

  law("go on with their snapshot when a newer one has taken its place", async ({ store }) => {
    await writeSnapshot(store, first);
    const reader = await openedLatest(store);
    assertEqual(await reader.read(0, 100), first.content.slice(0, 100), "the beginning");
    await writeSnapshot(store, second);
    assertEqual(await reader.read(100, 50_000), first.content.slice(100), "the rest");
    assertEqual(reader.snapshot, storedAt(first.position, first.content), "snapshot of the reader");
    await reader.close();
    await assertLatest(store, second);
  });

  law("can be opened while a snapshot takes the place of another, and have one of the two", async ({ store }) => {
    await writeSnapshot(store, first);
    const writer = await store.create(second.position);
    await writer.write(second.content);
    const committed = inFlight(writer.commit());
    const reader = await openedLatest(store);
    const content = await reader.read(0, 200_000);
    assertEqual(crc32(content), reader.snapshot.checksum, "checksum of what was read");
    await committed;
    await reader.close();
  });

  law("can be closed twice, and not be used afterwards", async ({ store }) => {
    await writeSnapshot(store, first);
    const reader = await openedLatest(store);
    await Promise.all([reader.close(), reader.close()]);
    await reader.close();
    await assertRejects(reader.read(0, 1), "QUORATE_CLOSED", "read after close");
  });
}

function declareLifetimeLaws<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const { law, reopenLaw } = snapshotLaws(framework, options);

  law("close may be called again, also while the first close is running", async ({ store }) => {
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  law("every call after close is refused, those of writers and readers too", async ({ store }) => {
    await writeSnapshot(store, first);
    const writer = await store.create(second.position);
    await writer.write(second.content);
    const reader = await openedLatest(store);
    await store.close();
    await assertRejects(store.load(), "QUORATE_CLOSED", "load after close");
    await assertRejects(store.create(second.position), "QUORATE_CLOSED", "create after close");
    await assertRejects(store.openLatest(), "QUORATE_CLOSED", "openLatest after close");
    await assertRejects(writer.write(second.content), "QUORATE_CLOSED", "write after close");
    await assertRejects(writer.commit(), "QUORATE_CLOSED", "commit after close");
    await assertRejects(reader.read(0, 1), "QUORATE_CLOSED", "read after close");
    await writer.abort();
    await reader.close();
  });

  law("a store that was never loaded can be closed", async () => {
    const store = await options.open(await options.newLocation());
    await store.close();
    await assertRejects(store.load(), "QUORATE_CLOSED", "load after close");
  });

  reopenLaw("snapshot after snapshot is found again, and goes on", async (session) => {
    for (let index = 1; index <= 8; index += 1) {
      const snapshot = { position: positionAt(index), content: contentOf(index, index * 20_000) };
      const unfinished = await session.store.create(positionAt(index + 1));
      await unfinished.write(snapshot.content);
      await writeSnapshot(session.store, snapshot);
      assertEqual(await session.reopen(), storedAt(snapshot.position, snapshot.content), "what load finds");
      await assertLatest(session.store, snapshot);
    }
  });
}
