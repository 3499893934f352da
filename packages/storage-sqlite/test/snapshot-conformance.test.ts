// The snapshots under the suite that defines their port.

import { snapshotStoreConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { sqliteSnapshotStore } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

snapshotStoreConformance(
  { describe, test },
  {
    name: "sqliteSnapshotStore",
    newLocation: temporaryDirectory,
    open: (directory) => sqliteSnapshotStore({ directory }),
  },
);
