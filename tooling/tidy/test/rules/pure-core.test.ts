// Everything that would make the core depend on its surroundings is found; its own words are left alone.
import { expect, test } from "vitest";
import { pureCore } from "../../src/rules/pure-core.ts";
import { findingsIn } from "../fixtures.ts";

test.each([
  "const now = Date.now();",
  "const now = performance.now();",
  "const chance = Math.random();",
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "setImmediate(() => {});",
  "queueMicrotask(() => {});",
  "type Later = Promise<void>;",
  "async function f() {}",
  "const f = async () => {};",
  "class A { async f() {} }",
  "const id = process.pid;",
  'console.log("x");',
  "const bytes = Buffer.alloc(1);",
  "const all = globalThis;",
  'fetch("x");',
  "const here = import.meta.url;",
  'import { x } from "@quorate/contracts";',
  'import { x } from "node:fs";',
  "const o = { now: Date };",
])("the core may not say %s", (text) => {
  expect(findingsIn(pureCore, { "packages/core/src/a.ts": `\n${text}\n` })).toEqual([
    expect.stringContaining("packages/core/src/a.ts:2 "),
  ]);
});

test.each([
  'import { quorum } from "./quorum.ts";',
  "const x = ready.fetch;",
  "interface Work { readonly fetch: number; process(): void }",
  "const o = { console: 1 };",
  "const x = Math.max(1, 2);",
])("the core may say %s", (text) => {
  expect(findingsIn(pureCore, { "packages/core/src/a.ts": text })).toEqual([]);
});

test("other packages may look at the clock", () => {
  expect(findingsIn(pureCore, { "apps/counter/src/a.ts": "const now = Date.now();" })).toEqual([]);
});
