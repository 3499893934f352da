// The executable definition of the log storage port: an adapter that passes keeps what Raft's safety rests on, as far as a
// process that is alive can see it; and, where the set-up offers its medium, crashes, rot and full disks as well.

import type { TestFramework } from "./harness.ts";
import { declareCompactLaws } from "./storage-compact.ts";
import { declareHazardLaws } from "./storage-hazards.ts";
import { declareHistoryLaws } from "./storage-history.ts";
import { declareLifecycleLaws } from "./storage-lifecycle.ts";
import { declareReadLaws } from "./storage-read.ts";
import type { StorageConformance } from "./storage-session.ts";
import { declareWriteLaws } from "./storage-write.ts";

/**
 * Declares the tests that every `LogStorage` must pass.
 *
 * @example
 * storageConformance({ describe, test }, {
 *   name: "my storage",
 *   newLocation: () => mkdtemp(join(tmpdir(), "my-storage-")),
 *   open: (directory) => myLogStorage({ directory }),
 *   supports: { durable: true },
 * });
 */
export function storageConformance<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  framework.describe(`${options.name} keeps the laws of log storage`, () => {
    framework.describe("identity and lifetime", () => declareLifecycleLaws(framework, options));
    framework.describe("writes", () => declareWriteLaws(framework, options));
    framework.describe("reads", () => declareReadLaws(framework, options));
    framework.describe("compaction", () => declareCompactLaws(framework, options));
    framework.describe("hazards", () => declareHazardLaws(framework, options));
    framework.describe("histories", () => declareHistoryLaws(framework, options));
  });
}
