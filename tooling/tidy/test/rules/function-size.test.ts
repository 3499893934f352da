// The limit is kept to the line, and titled bodies count for themselves.
import { expect, test } from "vitest";
import { functionSize } from "../../src/rules/function-size.ts";
import { findingsIn, lines } from "../fixtures.ts";

test("a function may have 70 lines", () => {
  const text = `function f() {\n${lines(68)}}\n`;
  expect(findingsIn(functionSize, { "a.ts": text })).toEqual([]);
});

test.each([
  ["f", `function f() {\n${lines(69)}}\n`],
  ["f", `const f = () => {\n${lines(69)}};\n`],
  ["step", `class A {\n  step() {\n${lines(69)}}\n}\n`],
  ["a function", `run(() => {\n${lines(69)}});\n`],
])("%s may not have 71 lines", (name, text) => {
  expect(findingsIn(functionSize, { "a.ts": text })).toEqual([expect.stringContaining(`${name} has 71 lines`)]);
});

test.each([
  `describe("x", () => {\n${`test("y", () => {\n${lines(30)}});\n`.repeat(5)}});\n`,
  `function declareLaws() {\n${`law("y", () => {\n${lines(30)}});\n`.repeat(5)}}\n`,
  `function declareLaws() {\n${`law({ title: "y", body: () => {\n${lines(30)}} });\n`.repeat(5)}}\n`,
])("titled bodies do not count for the function around them: form %#", (text) => {
  expect(findingsIn(functionSize, { "a.ts": text })).toEqual([]);
});

test("a titled body that is too long is found once, not again in the function around it", () => {
  const text = `describe("x", () => {\n  describe("y", () => {\n    test("z", () => {\n${lines(69)}});\n  });\n});\n`;
  expect(findingsIn(functionSize, { "a.ts": text })).toEqual([
    expect.stringContaining("a.ts:3 a function has 71 lines"),
  ]);
});

test("bodies without a title do count", () => {
  const text = `function f() {\n${`run(() => {\n${lines(30)}});\n`.repeat(3)}}\n`;
  expect(findingsIn(functionSize, { "a.ts": text })).toHaveLength(1);
});
