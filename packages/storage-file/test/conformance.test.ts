// Both stores under the suites that define their ports; the log with small segments, so that it spans many of them.

import { snapshotStoreConformance, storageConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { fileLogStorage, fileSnapshotStore } from "../src/index.ts";
import { directoryFiles } from "./directory-files.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

storageConformance(
  { describe, test },
  {
    name: "fileLogStorage",
    newLocation: temporaryDirectory,
    open: (directory) => fileLogStorage({ directory, segmentBytes: 64 * 1024 }),
    supports: { durable: true, reservesSpace: true },
    files: directoryFiles,
    readOnlyLocation: () => "/sys",
  },
);

snapshotStoreConformance(
  { describe, test },
  {
    name: "fileSnapshotStore",
    newLocation: temporaryDirectory,
    open: (directory) => fileSnapshotStore({ directory }),
    isDurable: true,
    files: directoryFiles,
    readOnlyLocation: () => "/sys",
  },
);
