// An import says the truth about a package's dependencies.
import { expect, test } from "vitest";
import { importArrows } from "../../src/rules/import-arrows.ts";
import { findingsIn, manifest } from "../fixtures.ts";

function check(path: string, text: string) {
  return findingsIn(importArrows, {
    "packages/core/package.json": manifest("core"),
    "packages/contracts/package.json": manifest("contracts", { dependencies: ["@quorate/core"] }),
    "packages/node/package.json": manifest("node", {
      dependencies: ["@quorate/core", "@quorate/contracts"],
      devDependencies: ["@quorate/memory", "vitest"],
    }),
    "tooling/checks/package.json": manifest("checks"),
    "tooling/tidy/package.json": manifest("tidy"),
    [path]: text,
  });
}

test.each([
  ["packages/node/src/a.ts", 'import { Raft } from "@quorate/core";'],
  ["packages/node/src/a.ts", 'import { b } from "./b.ts";'],
  ["packages/node/src/a.ts", 'import { suite } from "@quorate/contracts/conformance";'],
  ["packages/node/test/a.test.ts", 'import { memory } from "@quorate/memory"; import { test } from "vitest";'],
  ["packages/node/test/a.test.ts", 'import { RaftNode } from "@quorate/node"; import { a } from "../src/a.ts";'],
  ["packages/node/vitest.config.ts", 'import { packageTests } from "../../tooling/checks/src/vitest-config.ts";'],
  ["packages/contracts/src/a.ts", 'import type { Message } from "@quorate/core";'],
  ["packages/contracts/src/a.ts", 'export type { Message } from "@quorate/core";'],
  ["packages/contracts/src/a.ts", 'import { type Message, type Entry } from "@quorate/core";'],
  ["tooling/tidy/src/a.ts", 'import { root } from "../../checks/src/workspace.ts";'],
])("%s may say %s", (path, text) => {
  expect(check(path, text)).toEqual([]);
});

test.each([
  ["packages/node/src/a.ts", 'import { memory } from "@quorate/memory";'],
  ["packages/node/src/a.ts", 'import { test } from "vitest";'],
  ["packages/node/src/a.ts", 'export * from "@quorate/client";'],
  ["packages/node/src/a.ts", 'const later = import("@quorate/client");'],
  ["packages/node/src/a.ts", 'type Later = import("@quorate/client").Client;'],
  ["packages/node/src/a.ts", 'import { Raft } from "../../core/src/index.ts";'],
  ["packages/node/src/a.ts", 'import { root } from "../../../tooling/checks/src/workspace.ts";'],
  ["packages/node/test/a.test.ts", 'import { client } from "@quorate/client";'],
  ["packages/contracts/src/a.ts", 'import { Raft } from "@quorate/core";'],
  ["packages/contracts/src/a.ts", 'import { type Message, Raft } from "@quorate/core";'],
  ["packages/contracts/src/a.ts", 'export { Raft } from "@quorate/core";'],
])("%s may not say %s", (path, text) => {
  expect(check(path, `\n${text}\n`)).toEqual([expect.stringContaining(`${path}:2 `)]);
});
