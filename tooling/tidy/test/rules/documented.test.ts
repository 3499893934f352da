// A public name without a doc comment is found however it gets out.
import { expect, test } from "vitest";
import { documented } from "../../src/rules/documented.ts";
import { findingsIn } from "../fixtures.ts";

const manifest = {
  name: "@quorate/core",
  exports: { ".": { "quorate-source": "./src/index.ts" }, "./package.json": "./package.json" },
};

function check(index: string, other = "", fields: object = {}) {
  return findingsIn(documented, {
    "packages/core/package.json": JSON.stringify({ ...manifest, ...fields }),
    "packages/core/src/index.ts": index,
    "packages/core/src/other.ts": other,
    "packages/core/src/third.ts": "export const c = 1;",
  });
}

test.each([
  ['export { a } from "./other.ts";', "export const a = 1;"],
  ['export * from "./other.ts";', "export function a() {}"],
  ['export type { a } from "./other.ts";', "export interface a {}"],
  ['export { a as b } from "./other.ts";', "export class a {}"],
  ['import { a } from "./other.ts"; export { a };', "export type a = 1;"],
  ['export { a } from "./other.ts";', "// Not a doc comment.\nexport const a = 1;"],
  ['export { a } from "./other.ts";', "/** Of something else. */\nconst x = 1;\nexport const a = x;"],
  ['export { a } from "./other.ts";', "const a = 1;\nexport { a };"],
  ['export { c } from "./other.ts";', 'export { c } from "./third.ts";'],
])("finds the name behind %s and %s", (index, other) => {
  expect(check(index, other)).toHaveLength(1);
});

test("finds a name declared in the entry itself, and says where", () => {
  expect(check("\nexport const a = 1;")).toEqual([expect.stringContaining("packages/core/src/index.ts:2 a is public")]);
});

test("a name that gets out twice is found once", () => {
  const twice = 'export { a } from "./other.ts"; export { a as b } from "./other.ts";';
  expect(check(twice, "export const a = 1;")).toHaveLength(1);
});

test.each([
  ['export { a } from "./other.ts";', "/** Documented. */\nexport const a = 1;"],
  ['export * from "./other.ts";', "/** Documented. */\nexport function a(): void;\nexport function a(): void {}"],
  ['export { a } from "./other.ts";', "/** Documented. */\nconst a = 1;\nexport { a };"],
  ['export { a } from "./other.ts";', "/** Documented. */\nexport const a = 1;\nexport const inner = 2;"],
  ['export type { Entry } from "@quorate/contracts";', ""],
])("accepts %s and %s", (index, other) => {
  expect(check(index, other)).toEqual([]);
});

test("a package that is not published may be silent", () => {
  expect(check("export const a = 1;", "", { private: true })).toEqual([]);
});
