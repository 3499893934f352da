// The log under the suite that defines its port.

import { storageConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { sqliteLogStorage } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

storageConformance(
  { describe, test },
  {
    name: "sqliteLogStorage",
    newLocation: temporaryDirectory,
    open: (directory) => sqliteLogStorage({ directory }),
    supports: { durable: true },
    runs: 8,
  },
);
