// Names that say nothing, and tests that would never run, are found.
import { expect, test } from "vitest";
import { places } from "../../src/rules/places.ts";
import { findingsIn } from "../fixtures.ts";

const manifest = JSON.stringify({
  name: "@quorate/core",
  exports: {
    ".": { types: "./dist/index.d.ts", "quorate-source": "./src/index.ts" },
    "./x": { a: "./src/x/index.ts" },
  },
});

function check(path: string) {
  return findingsIn(places, { "packages/core/package.json": manifest, [`packages/core/${path}`]: "" });
}

test.each([
  "src/index.ts",
  "src/x/index.ts",
  "src/quorum.ts",
  "test/quorum.test.ts",
  "test/deep/quorum.test.ts",
  "test/index.html",
])("%s is a good place", (path) => {
  expect(check(path)).toEqual([]);
});

test.each([
  "src/utils.ts",
  "src/utils/x.ts",
  "test/util.ts",
  "src/helpers.ts",
  "src/quorum.test.ts",
  "test/quorum.spec.ts",
  "quorum.test.ts",
  "src/deep/index.ts",
])("%s is not a good place", (path) => {
  expect(check(path)).toEqual([expect.stringContaining(`packages/core/${path}:1 `)]);
});
