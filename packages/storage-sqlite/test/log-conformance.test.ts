// The log under the suite that defines its port.

import { storageConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { sqliteLogStorage } from "../src/index.ts";
import { openSqliteLogStorage } from "../src/log-storage.ts";
import { crashesOfLog, directoryFiles, readOnlyDirectory } from "./medium.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

storageConformance(
  { describe, test },
  {
    name: "sqliteLogStorage",
    newLocation: temporaryDirectory,
    open: (directory) => sqliteLogStorage({ directory }),
    supports: { durable: true, reservesSpace: false },
    runs: 8,
    flipsPerFile: 30,
    files: directoryFiles,
    openOnSmallDisk: (directory) => openSqliteLogStorage({ directory }, 500),
    readOnlyLocation: () => readOnlyDirectory,
    crashes: crashesOfLog,
  },
);
