// An import that works only inside the workspace is found in code and in declarations.
import { expect, test } from "vitest";
import { undeclaredImports } from "../src/imports.ts";

const declared = ["@quorate/node", "@quorate/core"];

test.each([
  'import { a } from "./a.js";',
  'import { open } from "node:fs";',
  'import { Raft } from "@quorate/core";',
  'import { suite } from "@quorate/core/deep";',
  'export { self } from "@quorate/node";',
])("%s is declared", (text) => {
  expect(undeclaredImports("dist/a.js", text, declared)).toEqual([]);
});

test.each([
  'import { pack } from "msgpackr";',
  'export * from "@quorate/corelike";',
  'await import("@quorate/memory");',
])("%s is not declared", (text) => {
  expect(undeclaredImports("dist/a.js", text, declared)).toHaveLength(1);
});

test("a type taken from an undeclared package is found in a declaration file", () => {
  const text = 'export declare const a: import("msgpackr").Packr;';
  expect(undeclaredImports("dist/a.d.ts", text, declared)).toEqual([
    "dist/a.d.ts:1 imports msgpackr, which is not among the dependencies",
  ]);
});
