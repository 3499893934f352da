// Both stores under their suites once more, on a disk in memory that can be small and can lose its power at every step.

import {
  callStorage,
  type SnapshotToWrite,
  snapshotStoreConformance,
  type StorageCall,
  storageConformance,
  type StorageCrash,
} from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import { openFileSnapshotStore } from "../src/file-snapshot-store.ts";
import type { FileSystem } from "../src/file-system.ts";
import { crashImages, diskWith, recording, type Step } from "./recorded-disk.ts";
import { TestDisk } from "./test-disk.ts";

const segmentBytes = 256 * 1024;
const open = (fileSystem: FileSystem) => openFileLogStorage({ directory: "/disk", segmentBytes }, fileSystem);

async function* crashesOfLog(calls: readonly StorageCall[]): AsyncGenerator<StorageCrash<TestDisk>> {
  const steps: Step[] = [];
  const storage = open(recording(new TestDisk(), steps));
  await storage.load();
  for (const [done, call] of calls.entries()) await noted(steps, done, () => callStorage(storage, call));
  await storage.close();
  yield* crashesOf(steps);
}

async function* crashesOfSnapshots(snapshots: readonly SnapshotToWrite[]): AsyncGenerator<StorageCrash<TestDisk>> {
  const steps: Step[] = [];
  const store = openFileSnapshotStore({ directory: "/disk" }, recording(new TestDisk(), steps));
  await store.load();
  for (const [done, { position, content }] of snapshots.entries()) {
    await noted(steps, done, async () => {
      const writer = await store.create(position);
      await writer.write(content);
      await writer.commit();
    });
  }
  await store.close();
  yield* crashesOf(steps);
}

async function noted(steps: Step[], done: number, call: () => Promise<void>): Promise<void> {
  steps.push({ type: "allowed", acknowledged: done, issued: done + 1 });
  await call();
  steps.push({ type: "allowed", acknowledged: done + 1, issued: done + 1 });
}

function* crashesOf(steps: readonly Step[]): Generator<StorageCrash<TestDisk>> {
  for (const kind of ["boundaries", "lost sectors"] as const) {
    for (const { files, acknowledged, issued, what } of crashImages(steps, { kind })) {
      yield { location: diskWith(files), acknowledged, begun: issued, moment: what };
    }
  }
}

storageConformance(
  { describe, test },
  {
    name: "fileLogStorage on a disk in memory",
    newLocation: () => new TestDisk(),
    open: (disk) => open(disk.fileSystem),
    supports: { durable: true, reservesSpace: true },
    openOnSmallDisk: (disk) => {
      disk.capacityBytes = 1024 * 1024;
      return open(disk.fileSystem);
    },
    crashes: crashesOfLog,
    cannotLock: "a disk in memory has no lock; the suite on real directories tries it",
  },
);

snapshotStoreConformance(
  { describe, test },
  {
    name: "fileSnapshotStore on a disk in memory",
    newLocation: () => new TestDisk(),
    open: (disk) => openFileSnapshotStore({ directory: "/disk" }, disk.fileSystem),
    isDurable: true,
    openOnSmallDisk: (disk) => {
      disk.capacityBytes = 1024 * 1024;
      return openFileSnapshotStore({ directory: "/disk" }, disk.fileSystem);
    },
    crashes: crashesOfSnapshots,
    cannotLock: "a disk in memory has no lock; the suite on real directories tries it",
  },
);
