// What a contributor reads when a rule is broken.
import { expect, test } from "vitest";
import { describeFinding, expectNone } from "../src/report.ts";
import { parseSource } from "../src/source.ts";

test("a finding names the place and what to do", () => {
  expect(describeFinding({ path: "a.ts", line: 3, message: "do this" })).toBe("a.ts:3 do this");
});

test("all findings are in the error", () => {
  expect(() => expectNone(["a.ts:1 x", "b.ts:2 y"])).toThrow("\na.ts:1 x\nb.ts:2 y\n");
});

test("no finding is no error", () => {
  expect(() => expectNone([])).not.toThrow();
});

test("a file that cannot be parsed is an error that says where", () => {
  expect(() => parseSource("a.ts", "\nconst = 1;")).toThrow("a.ts:2 cannot be parsed");
});
