// What the tests of snapshots share: small snapshots, and what a store on a test disk finds.

import type { SnapshotPosition, SnapshotStore, StoredSnapshot } from "@quorate/contracts";
import { openFileSnapshotStore } from "../src/file-snapshot-store.ts";
import type { TestDisk } from "./test-disk.ts";

export type FoundSnapshot = { readonly stored: StoredSnapshot; readonly content: Uint8Array };

export function snapshotsOn(disk: TestDisk): SnapshotStore {
  return openFileSnapshotStore({ directory: "/disk" }, disk.fileSystem);
}

export function positionAt(index: number): SnapshotPosition {
  return { index, term: 2, configuration: { voters: ["n1", "n2"], learners: ["n3"] } };
}

export function contentOf(index: number, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 7 + (at >>> 8) + index) & 255);
}

/** Writes a whole snapshot and makes it the latest one. */
export async function take(
  store: SnapshotStore,
  { index, sizeBytes }: { readonly index: number; readonly sizeBytes: number },
): Promise<void> {
  const writer = await store.create(positionAt(index));
  const content = contentOf(index, sizeBytes);
  for (let at = 0; at < sizeBytes; at += 50_000) await writer.write(content.subarray(at, at + 50_000));
  await writer.commit();
}

/** Opens the disk, reads the latest snapshot and closes it. Rejects if the store refuses the disk. */
export async function findSnapshotOn(disk: TestDisk): Promise<FoundSnapshot | undefined> {
  const store = snapshotsOn(disk);
  try {
    await store.load();
    const reader = await store.openLatest();
    if (reader === undefined) return undefined;
    return { stored: reader.snapshot, content: await reader.read(0, reader.snapshot.sizeBytes) };
  } finally {
    await store.close();
  }
}
