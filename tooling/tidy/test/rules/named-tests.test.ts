// An id that no test begins with is reported.
import { expect, test } from "vitest";
import { namedTests } from "../../src/rules/named-tests.ts";
import { findingsIn } from "../fixtures.ts";

/** How many ids are missing when these are the tests. */
function missing(files: Readonly<Record<string, string>>): readonly string[] {
  return findingsIn(namedTests, files).map((finding) => / (\w\d\d):/.exec(finding)?.[1] ?? finding);
}

test("an id counts at the beginning of a title, of a group, and of a row of a table", () => {
  const all = missing({ "packages/core/test/a.test.ts": "" });
  const text = 'test("S01 one", () => {}); describe("P02 two", () => {}); test.each([["P04 four"]])("%s", () => {});';
  expect(all).toContain("S01");
  expect(missing({ "packages/core/test/a.test.ts": text })).toEqual(
    all.filter((id) => !["S01", "P02", "P04"].includes(id)),
  );
});

test.each([
  ["inside a title", "packages/core/test/a.test.ts", 'test("as in S01 above", () => {});'],
  ["in a comment", "packages/core/test/a.test.ts", "// S01 to S03"],
  ["as a part of a word", "packages/core/test/a.test.ts", 'test("S012 more", () => {});'],
  ["outside the tests", "packages/core/src/a.ts", 'const id = "S01 one";'],
])("an id %s does not count", (_where, path, text) => {
  expect(missing({ [path]: text })).toContain("S01");
});
