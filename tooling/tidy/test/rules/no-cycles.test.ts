// Circles are found through any kind of dependency and named in full.
import { expect, test } from "vitest";
import { noCycles } from "../../src/rules/no-cycles.ts";
import { findingsIn, manifest } from "../fixtures.ts";

test("a line of dependencies is no circle", () => {
  const files = {
    "packages/a/package.json": manifest("a"),
    "packages/b/package.json": manifest("b", { dependencies: ["@quorate/a"] }),
    "packages/c/package.json": manifest("c", { dependencies: ["@quorate/a", "@quorate/b"] }),
  };
  expect(findingsIn(noCycles, files)).toEqual([]);
});

test("a circle through a development dependency is found", () => {
  const files = {
    "packages/a/package.json": manifest("a", { devDependencies: ["@quorate/c"] }),
    "packages/b/package.json": manifest("b", { dependencies: ["@quorate/a"] }),
    "packages/c/package.json": manifest("c", { dependencies: ["@quorate/b"] }),
  };
  expect(findingsIn(noCycles, files)).toEqual([
    expect.stringContaining("@quorate/a → @quorate/c → @quorate/b → @quorate/a"),
    expect.stringContaining("packages/b/package.json"),
    expect.stringContaining("packages/c/package.json"),
  ]);
});
