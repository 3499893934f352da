// The limits are kept to the line.
import { expect, test } from "vitest";
import { fileSize } from "../../src/rules/file-size.ts";
import { findingsIn, lines } from "../fixtures.ts";

test("a source file may have 400 lines", () => {
  expect(findingsIn(fileSize, { "packages/core/src/a.ts": lines(400) })).toEqual([]);
});

test("a source file may not have 401 lines", () => {
  expect(findingsIn(fileSize, { "packages/core/src/a.ts": lines(401) })).toEqual([
    "packages/core/src/a.ts:401 401 lines, more than 400: find the second idea in it and move it",
  ]);
});

test("a package's README may have 150 lines and no more", () => {
  const files = { "packages/core/README.md": lines(150), "packages/node/README.md": lines(151) };
  expect(findingsIn(fileSize, files)).toEqual([expect.stringContaining("packages/node/README.md:151 ")]);
});

test("other texts may be long", () => {
  expect(findingsIn(fileSize, { "pnpm-lock.yaml": lines(5000) })).toEqual([]);
});
