// The words that must not get into the repository, put together here so that this file does not hold them.
import { expect, test } from "vitest";
import { wording } from "../../src/rules/wording.ts";
import { findingsIn } from "../fixtures.ts";

const number = "12";

test.each([
  `// ${"TO"}${"DO"}: later`,
  `// ${"FIX"}${"ME"}`,
  `see ${"/"}work/main/README.md`,
  `in ${"/"}root/.cache`,
  `https://registry.${"npmjs"}.org/x`,
  `fixes issue ${number}`,
  `fixes issue #${number}`,
  `https://example.org/x/issues/${number}`,
  `see pull request ${number}`,
])("refuses %s", (text) => {
  expect(findingsIn(wording, { "docs/a.md": `\n${text}\n` })).toEqual([expect.stringContaining("docs/a.md:2 ")]);
});

test.each(["a framework/x", "https://example.org/work/x", "the issue is that 12 entries", "register 12", "to do"])(
  "accepts %s",
  (text) => {
    expect(findingsIn(wording, { "docs/a.md": text })).toEqual([]);
  },
);
