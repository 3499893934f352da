// Canonical JSON: deep equality as equality of strings.

import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, type JsonValue } from "../../src/index.ts";

test("equal values have equal texts, whatever the order of their keys", () => {
  expect(canonicalJson({ b: [1, { d: 2, c: 3 }], a: null })).toBe('{"a":null,"b":[1,{"c":3,"d":2}]}');
  expect(canonicalJson({ a: null, b: [1, { c: 3, d: 2 }] })).toBe('{"a":null,"b":[1,{"c":3,"d":2}]}');
});

test("two values have the same text exactly if they are deeply equal", () => {
  const pairs = fc.tuple(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(pairs, ([left, right]) => {
      // A round trip through JSON drops what JSON cannot tell apart, such as 0 and −0.
      const a: JsonValue = JSON.parse(JSON.stringify(left));
      const b: JsonValue = JSON.parse(JSON.stringify(right));
      expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(a, b));
      expect(JSON.parse(canonicalJson(a))).toEqual(a);
    }),
  );
});

test("a key named __proto__ is a key like any other", () => {
  expect(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":2}'))).toBe('{"__proto__":{"x":1},"a":2}');
});

test("nesting of any depth is written without recursion", () => {
  const text = "[".repeat(300_000) + "]".repeat(300_000);
  expect(canonicalJson(JSON.parse(text))).toBe(text);
});

test("a number beyond double precision is refused", () => {
  expect(() => canonicalJson(JSON.parse("[1e999]"))).toThrow(RangeError);
});
