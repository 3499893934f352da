// What is declared and never imported is found; what only the tests import belongs to the development dependencies.
import { expect, test } from "vitest";
import { usedDependencies } from "../../src/rules/used-dependencies.ts";
import { findingsIn, manifest, type ManifestFields } from "../fixtures.ts";

function check(fields: ManifestFields) {
  return findingsIn(usedDependencies, {
    "packages/node/package.json": manifest("node", fields),
    "packages/node/src/a.ts": 'import { Raft } from "@quorate/core"; import { x } from "@quorate/contracts/deep";',
    "packages/node/test/a.test.ts": 'import { memory } from "@quorate/memory";',
  });
}

test.each([
  { dependencies: ["@quorate/core", "@quorate/contracts"] },
  { devDependencies: ["@quorate/memory", "@types/node", "vitest"] },
])("%j is used", (fields) => {
  expect(check(fields)).toEqual([]);
});

test.each([
  { dependencies: ["pino"] },
  { dependencies: ["@quorate/memory"] },
  { devDependencies: ["fast-check"] },
  { dependencies: ["@quorate/cor"] },
])("%j is not used", (fields) => {
  expect(check(fields)).toHaveLength(1);
});
