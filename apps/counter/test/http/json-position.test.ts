// Where a text stops being JSON: the scanner and JSON.parse must agree on what JSON is.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonErrorPosition } from "../../src/http/json-position.ts";

test.each([
  ["", 0],
  ["   ", 3],
  ["{", 1],
  ['{"a"', 4],
  ['{"a":1', 6],
  ['{"a":1,}', 7],
  ["{a:1}", 1],
  ["[1,]", 3],
  ["[,1]", 1],
  ["[1 2]", 3],
  ["tru", 0],
  ["01", 1],
  ["1.", 1],
  ["-", 0],
  ['"a\nb"', 2],
  ['"\\x"', 1],
  ['"\\u12g4"', 1],
  ["[1]]", 3],
  ["// x", 0],
])("%j stops being JSON at %i", (text, position) => {
  expect(jsonErrorPosition(text)).toBe(position);
});

test("a whole JSON text is read to its end", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (text, space) => {
      const spaced = JSON.stringify(JSON.parse(text), null, space);
      expect(jsonErrorPosition(spaced)).toBe(spaced.length);
    }),
  );
});

test("a long and deep text is scanned without recursion", () => {
  const text = `${"[".repeat(100_000)}"${"x".repeat(1_000_000)}"`;
  expect(jsonErrorPosition(text)).toBe(text.length);
});
