// The words that must not get into the repository, put together here so that this file does not hold them.
import { expect, test } from "vitest";
import { wording } from "../../src/rules/wording.ts";
import { findingsIn } from "../fixtures.ts";

const join = (...parts: string[]): string => parts.join("");

test.each([
  join("// TO", "DO: later"),
  join("// FIX", "ME"),
  join("see /", "work/main/README.md"),
  join("in /", "root/.cache"),
  join("https://registry.", "npmjs.org/x"),
  join("fixes issue ", "12"),
  join("fixes issue #", "12"),
  join("https://example.org/x/issues/", "12"),
  join("see pull request ", "12"),
])("refuses %s", (text) => {
  expect(findingsIn(wording, { "docs/a.md": `\n${text}\n` })).toEqual([expect.stringContaining("docs/a.md:2 ")]);
});

test.each(["a framework/x", "https://example.org/work/x", "the issue is that 12 entries", "register 12", "to do"])(
  "accepts %s",
  (text) => {
    expect(findingsIn(wording, { "docs/a.md": text })).toEqual([]);
  },
);
