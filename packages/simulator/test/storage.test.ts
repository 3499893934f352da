// The simulated disk: first the suite that every log storage must pass, then what a crash and a failure do to it.
import { snapshotStoreConformance, storageConformance } from "@quorate/contracts/conformance";
import { describe, expect, test } from "vitest";
import type { Entry, LogStorage, SnapshotReader, SnapshotStore, SnapshotWriter } from "@quorate/contracts";
import { Disk } from "../src/ports/disk.ts";
import { Process } from "../src/ports/process.ts";
import { SimulatedSnapshots } from "../src/ports/snapshots.ts";
import { SimulatedStorage } from "../src/ports/storage.ts";
import { SeededRandom } from "../src/world/random.ts";
import { World } from "../src/world/world.ts";

type Place = { readonly world: World; readonly disk: Disk };

function newPlace(seed = 1, slowFlush = 0): Place {
  const world = new World();
  const behaviour = { flushMs: [1, 2] as const, slowFlush, slowFlushMs: 50, lateReport: 0 };
  return { world, disk: new Disk({ world, random: new SeededRandom(seed), behaviour }) };
}

function open({ world, disk }: Place): SimulatedStorage {
  const process = new Process({ world, afterTurn: () => undefined, delayMs: () => 0 });
  disk.open();
  return new SimulatedStorage({ world, process, disk });
}

/** Virtual time goes on for as long as somebody waits. */
function driver(world: World): <T>(promise: Promise<T>) => Promise<T> {
  let waiting = 0;
  let isRunning = false;
  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    await world.run(world.nowMs + 1);
    isRunning = false;
    if (waiting > 0) await run();
  };
  return (promise) => {
    const over = (): void => void (waiting -= 1);
    waiting += 1;
    promise.then(over, over);
    void run();
    return promise;
  };
}

function driven(world: World, storage: LogStorage): LogStorage {
  const drive = driver(world);
  return {
    supports: storage.supports,
    load: () => drive(storage.load()),
    initialise: (identity) => drive(storage.initialise(identity)),
    write: (write) => drive(storage.write(write)),
    read: (range) => drive(storage.read(range)),
    compact: (base) => drive(storage.compact(base)),
    close: () => drive(storage.close()),
  };
}

function openSnapshots({ world, disk }: Place): SnapshotStore {
  const process = new Process({ world, afterTurn: () => undefined, delayMs: () => 0 });
  disk.open();
  const store = new SimulatedSnapshots({ world, process, disk });
  const drive = driver(world);
  const writer = (inner: SnapshotWriter): SnapshotWriter => ({
    get sizeBytes() {
      return inner.sizeBytes;
    },
    write: (chunk) => drive(inner.write(chunk)),
    commit: (expected) => drive(inner.commit(expected)),
    abort: () => drive(inner.abort()),
  });
  const reader = (inner: SnapshotReader): SnapshotReader => ({
    snapshot: inner.snapshot,
    read: (offsetBytes, lengthBytes) => drive(inner.read(offsetBytes, lengthBytes)),
    close: () => drive(inner.close()),
  });
  return {
    load: () => drive(store.load()),
    create: async (position) => writer(await drive(store.create(position))),
    openLatest: async () => {
      const latest = await drive(store.openLatest());
      return latest && reader(latest);
    },
    close: () => drive(store.close()),
  };
}

function entry(index: number, term = 1): Entry {
  return { index, term, kind: "command", data: Uint8Array.of(index) };
}

storageConformance(
  { describe, test },
  {
    name: "SimulatedStorage",
    newLocation: () => newPlace(),
    open: (place) => driven(place.world, open(place)),
    supports: { durable: true },
    cannotLock: "a simulated disk is opened by the one process that the simulator starts on it",
  },
);

snapshotStoreConformance(
  { describe, test },
  { name: "SimulatedSnapshots", newLocation: () => newPlace(), open: openSnapshots },
);

describe("the simulated disk", () => {
  test("refuses to be read where it has changed, until what has changed is gone", async () => {
    const place = newPlace();
    const storage = driven(place.world, open(place));
    await storage.write({ entries: [1, 2, 3].map((index) => entry(index)) });
    expect(place.disk.decayEntries([2])).toBe(true);
    const range = { firstIndex: 1, lastIndex: 3, maxBytes: 100 };
    await expect(storage.read(range)).rejects.toMatchObject({ code: "QUORATE_LOG_CORRUPT" });
    await expect(driven(place.world, open(place)).load()).rejects.toMatchObject({ code: "QUORATE_LOG_CORRUPT" });
    await storage.compact({ index: 2, term: 1 });
    expect(await storage.read({ ...range, firstIndex: 3 })).toHaveLength(1);
  });

  test("shows no snapshot when its file is missing, which matters only to a log that begins behind it", async () => {
    const place = newPlace();
    const storage = driven(place.world, open(place));
    const snapshots = openSnapshots(place);
    await storage.write({ entries: [entry(1), entry(2)] });
    const writer = await snapshots.create({ index: 2, term: 1, configuration: { voters: ["n1"], learners: [] } });
    await writer.commit();
    expect(place.disk.decaySnapshot("missing")).toBe(false);
    await storage.compact({ index: 2, term: 1 });
    expect(place.disk.decaySnapshot("missing")).toBe(true);
    expect(await snapshots.load()).toBeUndefined();
    expect(place.disk.isRotten).toBe(true);
    place.disk.wipe();
    expect(place.disk.isRotten).toBe(false);
  });

  test("shows a write at once and makes it durable later", async () => {
    const place = newPlace();
    const storage = open(place);
    void storage.write({ entries: [entry(1)] });
    expect(place.disk.visible.lastIndex).toBe(1);
    expect(place.disk.durable.lastIndex).toBe(0);
    await place.world.run(5);
    expect(place.disk.durable.lastIndex).toBe(1);
  });

  test("keeps, of the writes that were under way in a crash, any prefix and nothing else", () => {
    const kept = new Set<number>();
    for (let seed = 1; seed <= 100; seed++) {
      const place = newPlace(seed);
      const storage = open(place);
      for (const index of [1, 2, 3]) void storage.write({ entries: [entry(index)] });
      place.disk.crash();
      open(place);
      kept.add(place.disk.visible.lastIndex);
    }
    expect([...kept].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });

  test("never reports to a process that has died", async () => {
    const place = newPlace();
    const process = new Process({ world: place.world, afterTurn: () => undefined, delayMs: () => 0 });
    const storage = new SimulatedStorage({ ...place, process });
    let reports = 0;
    storage.write({ entries: [entry(1)] }).then(
      () => (reports += 1),
      () => (reports += 1),
    );
    process.kill();
    await place.world.run(10);
    expect(reports).toBe(0);
  });

  test("completes nothing while it stalls, and everything afterwards", async () => {
    const place = newPlace();
    const storage = open(place);
    place.disk.stall(1_000);
    void storage.write({ entries: [entry(1)] });
    await place.world.run(999);
    expect(place.disk.durable.lastIndex).toBe(0);
    await place.world.run(1_001);
    expect(place.disk.durable.lastIndex).toBe(1);
  });

  test.each(["error", "full"] as const)(
    "refuses everything after a failure (%s) until it is opened anew",
    async (kind) => {
      const place = newPlace();
      const storage = driven(place.world, open(place));
      place.disk.failNextFlush(kind);
      await expect(storage.write({ entries: [entry(1)] })).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
      await expect(storage.write({ entries: [entry(1)] })).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED" });
      const reopened = driven(place.world, open(place));
      const { log } = await reopened.load();
      await reopened.write({ entries: [entry(log.lastIndex + 1)] });
      expect(place.disk.durable.lastIndex).toBe(log.lastIndex + 1);
    },
  );

  test("forgets the log up to a base, and begins anew after one that it does not have", async () => {
    const place = newPlace();
    const storage = driven(place.world, open(place));
    await storage.write({ entries: [1, 2, 3, 4].map((index) => entry(index)) });
    await storage.compact({ index: 2, term: 1 });
    expect((await storage.read({ firstIndex: 3, lastIndex: 4, maxBytes: 100 })).map(({ index }) => index)).toEqual([
      3, 4,
    ]);
    await expect(storage.read({ firstIndex: 2, lastIndex: 4, maxBytes: 100 })).rejects.toMatchObject({
      code: "QUORATE_OUT_OF_RANGE",
    });
    await storage.compact({ index: 4, term: 7 });
    expect(place.disk.durable.lastIndex).toBe(4);
    expect(place.disk.durable.base).toEqual({ index: 4, term: 7 });
  });
});
