// The file storage under the suite that defines the port, with small segments so that logs span many of them.

import { storageConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { fileLogStorage } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

storageConformance(
  { describe, test },
  {
    name: "fileLogStorage",
    newLocation: temporaryDirectory,
    open: (directory) => fileLogStorage({ directory, segmentBytes: 64 * 1024 }),
    supports: { durable: true },
  },
);
