// Each kind of unwanted syntax is found where it stands.
import { expect, test } from "vitest";
import { syntax } from "../../src/rules/syntax.ts";
import { findingsIn } from "../fixtures.ts";

test.each([
  "export default 1;",
  "export default function f() {}",
  "const a: any = 1;",
  "function f(a: readonly any[]) {}",
  "const a = b!;",
  "const a = b!.c;",
  "enum Color { Red }",
  "const enum Color { Red }",
  "namespace N { export const a = 1; }",
  "class A { constructor(readonly b: number) {} }",
  "class A { private b = 1; }",
  "class A { private b() {} }",
  "class A { private static b = 1; }",
  "class A { b!: number; }",
  "class A { @logged b() {} }",
])("refuses %s", (text) => {
  expect(findingsIn(syntax, { "packages/core/src/a.ts": `\n${text}\n` })).toEqual([
    expect.stringContaining("packages/core/src/a.ts:2 "),
  ]);
});

test.each([
  "export const a = 1;",
  "class A { #b = 1; protected c = 2; }",
  "class A { private constructor() {} }",
  "const a = b !== c;",
  "declare global { interface Window {} }",
  'const text = "any enum namespace private";',
])("accepts %s", (text) => {
  expect(findingsIn(syntax, { "packages/core/src/a.ts": text })).toEqual([]);
});

test("a configuration file may have a default export, because its tool asks for one", () => {
  expect(findingsIn(syntax, { "packages/core/vitest.config.ts": "export default 1;" })).toEqual([]);
});
