// The list of packages is what the summary and the release check believe in.
import { expect, test } from "vitest";
import { packagePatterns, publishedPackages, workspacePackages } from "../src/workspace.ts";

test("the patterns end where the next key starts", () => {
  expect(packagePatterns('packages:\n  - packages/*\n  - "apps/*"\n\ncatalog:\n  - x\n')).toEqual([
    "packages/*",
    "apps/*",
  ]);
});

test("a file without patterns is refused", () => {
  expect(() => packagePatterns("catalog:\n")).toThrow("packages:");
});

test("every folder of the workspace is found", () => {
  const folders = workspacePackages().map(({ folder }) => folder);
  expect(folders).toEqual(expect.arrayContaining(["apps/counter", "packages/core", "tooling/checks"]));
});

test("tooling is not published", () => {
  const folders = publishedPackages().map(({ folder }) => folder);
  expect(folders).toContain("packages/core");
  expect(folders).not.toContain("tooling/checks");
});
