// A file opens with its reason, in one to five lines.
import { expect, test } from "vitest";
import { openingComment } from "../../src/rules/opening-comment.ts";
import { findingsIn } from "../fixtures.ts";

test.each([
  "// Why.\nexport const a = 1;\n",
  "#!/usr/bin/env node\n// Why.\n",
  "/* Why. */\nconst a = 1;\n",
  "/**\n * Why,\n * in two lines.\n */\nconst a = 1;\n",
  "// 1\n// 2\n// 3\n// 4\n// 5\n\n// Another comment, about the next line.\nconst a = 1;\n",
  "// Why.\n/** About a. */\nexport const a = 1;\n",
])("accepts %j", (text) => {
  expect(findingsIn(openingComment, { "a.ts": text })).toEqual([]);
});

test.each([
  "export const a = 1;\n",
  "",
  'import "b";\n// Why.\n',
  "//\nconst a = 1;\n",
  "// 1\n// 2\n// 3\n// 4\n// 5\n// 6\n",
  "/**\n * 1\n * 2\n * 3\n * 4\n * 5\n * 6\n */\n",
])("refuses %j", (text) => {
  expect(findingsIn(openingComment, { "a.ts": text })).toEqual([expect.stringContaining("a.ts:1 ")]);
});
