// An exception covers what it names and nothing else, and must earn its place.
import { expect, test } from "vitest";
import { checkAllowances, judge } from "../src/allow-list.ts";
import type { Finding } from "../src/rule.ts";

const finding: Finding = { path: "a.ts", line: 3, message: "too long", subject: "dispatch" };
const allowance = { rule: "size", path: "a.ts", reason: "One flat dispatch over all messages." };

test("an exception covers the findings of its file", () => {
  expect(judge("size", [finding], [allowance])).toEqual({ findings: [], unused: [] });
});

test.each([
  { ...allowance, path: "b.ts" },
  { ...allowance, subject: "another" },
])("an exception for something else covers nothing and is unused: %j", (other) => {
  expect(judge("size", [finding], [other])).toEqual({ findings: [finding], unused: [other] });
});

test("an exception to another rule is not this rule's business", () => {
  expect(judge("size", [finding], [{ ...allowance, rule: "syntax" }])).toEqual({ findings: [finding], unused: [] });
});

test("an exception that nothing needs is unused", () => {
  expect(judge("size", [], [allowance]).unused).toEqual([allowance]);
});

test("an exception needs a reason", () => {
  expect(checkAllowances([{ ...allowance, reason: "long" }], ["size"])).toHaveLength(1);
});

test("an exception to a rule that does not exist is refused", () => {
  expect(checkAllowances([allowance], ["syntax"])).toHaveLength(1);
});
