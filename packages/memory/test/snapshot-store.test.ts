// Memory's snapshot store under the suite that defines the port.

import { snapshotStoreConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { memoryDisk, memorySnapshotStore } from "../src/index.ts";

snapshotStoreConformance(
  { describe, test },
  {
    name: "memorySnapshotStore",
    newLocation: () => memoryDisk(),
    open: (disk) => memorySnapshotStore(disk),
  },
);
