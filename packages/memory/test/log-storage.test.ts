// Memory's log storage under the suite that defines the port.

import { storageConformance } from "@quorate/contracts/conformance";
import { describe, test } from "vitest";
import { memoryDisk, memoryLogStorage } from "../src/index.ts";

storageConformance(
  { describe, test },
  {
    name: "memoryLogStorage",
    newLocation: () => memoryDisk(),
    open: (disk) => memoryLogStorage(disk),
    supports: { durable: false },
  },
);
