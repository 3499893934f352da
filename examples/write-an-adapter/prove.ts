// Proves the adapter: the suite that defines the port runs against it, here under Node's own test runner.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { storageConformance } from "@quorate/contracts/conformance";
import { journalLogStorage } from "./journal-storage.ts";

const directory = await mkdtemp(join(tmpdir(), "journal-"));
after(() => rm(directory, { recursive: true }));
let journals = 0;

storageConformance(
  { describe, test },
  {
    name: "journalLogStorage",
    newLocation: () => join(directory, `${(journals += 1)}.journal`),
    open: journalLogStorage,
    supports: { durable: true },
    // Laws that need more than this, such as crashes and damaged files, are reported as skipped, with the reason.
    cannotLock: "it is short: give each node a file of its own",
  },
);
