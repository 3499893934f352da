// Memory's log storage under the suite that defines the port.

import { callStorage, storageConformance, type StorageCall, type StorageCrash } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { type MemoryDisk, memoryDisk, memoryLogStorage } from "../src/index.ts";

storageConformance(
  { describe, test },
  {
    name: "memoryLogStorage",
    newLocation: () => memoryDisk(),
    open: (disk) => memoryLogStorage(disk),
    supports: { durable: false },
    crashes: crashesOf,
  },
);

/** Each call is one operation on the disk: a crash leaves what was there before it, or after it. */
async function* crashesOf(calls: readonly StorageCall[]): AsyncGenerator<StorageCrash<MemoryDisk>> {
  const disk = memoryDisk();
  const storage = memoryLogStorage(disk);
  for (const [position, call] of calls.entries()) {
    yield { location: structuredClone(disk), acknowledged: position, begun: position, moment: "before a call" };
    await callStorage(storage, call);
  }
  yield { location: disk, acknowledged: calls.length, begun: calls.length, moment: "at the end" };
}
