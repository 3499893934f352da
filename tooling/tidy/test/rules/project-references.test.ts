// A dependency without a reference, and a reference without a dependency, are both found.
import { expect, test } from "vitest";
import { projectReferences } from "../../src/rules/project-references.ts";
import { findingsIn, manifest } from "../fixtures.ts";

function check(dependencies: readonly string[], references: readonly string[]) {
  return findingsIn(projectReferences, {
    "packages/core/package.json": manifest("core"),
    "packages/memory/package.json": manifest("memory"),
    "packages/node/package.json": manifest("node", { dependencies }),
    "packages/node/tsconfig.json": JSON.stringify({ references: references.map((path) => ({ path })) }),
  });
}

test("references that mirror the dependencies are accepted", () => {
  expect(check(["@quorate/core", "pino"], ["../core"])).toEqual([]);
});

test("a dependency without a reference is found", () => {
  expect(check(["@quorate/core", "@quorate/memory"], ["../core"])).toEqual([
    'packages/node/tsconfig.json:1 "references" must name packages/memory: it is a dependency',
  ]);
});

test("a reference without a dependency is found", () => {
  expect(check(["@quorate/core"], ["../core", "../memory"])).toEqual([
    'packages/node/tsconfig.json:1 "references" names packages/memory, which is not a dependency',
  ]);
});
