// The exceptions to the house rules. Each names the rule, the file, and the reason why the rule is wrong there;
// an entry that is no longer needed makes the test fail.
import type { Allowance } from "./src/allow-list.ts";

export const allowList: readonly Allowance[] = [
  {
    rule: "used-dependencies",
    path: "tooling/release-check/package.json",
    subject: "@arethetypeswrong/cli",
    reason: "Run as a program, never imported: src/published-shape.ts starts its command attw.",
  },
  {
    rule: "used-dependencies",
    path: "packages/core/package.json",
    subject: "@vitest/coverage-v8",
    reason: "Never imported: vitest loads it for the script test:coverage.",
  },
  {
    rule: "manifests",
    path: "packages/storage-sqlite/package.json",
    reason: "It needs Node 22.13: in 22.12, node:sqlite exists only behind a flag.",
  },
  {
    rule: "manifests",
    path: "apps/counter/package.json",
    reason: "It can be told to store in SQLite, so it needs the Node that storage-sqlite needs: 22.13.",
  },
];
