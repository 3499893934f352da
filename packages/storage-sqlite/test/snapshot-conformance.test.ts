// The snapshots under the suite that defines their port.

import { snapshotStoreConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { sqliteSnapshotStore } from "../src/index.ts";
import { openSqliteSnapshotStore } from "../src/snapshot-store.ts";
import { crashesOfSnapshots, directoryFiles, readOnlyDirectory } from "./medium.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

snapshotStoreConformance(
  { describe, test },
  {
    name: "sqliteSnapshotStore",
    newLocation: temporaryDirectory,
    open: (directory) => sqliteSnapshotStore({ directory }),
    isDurable: true,
    flipsPerFile: 30,
    files: directoryFiles,
    openOnSmallDisk: (directory) => openSqliteSnapshotStore({ directory }, 500),
    readOnlyLocation: () => readOnlyDirectory,
    crashes: crashesOfSnapshots,
  },
);
