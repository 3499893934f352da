// A CI run is green only if the summary and every exit code say so.
import { expect, test } from "vitest";
import { combine } from "../src/ci-counts.ts";

const green = { testCode: "0", summary: '{"passed":7,"failed":0}', checks: ["demo=0", "release-check=0"] };

test("tests and further commands add up", () => {
  expect(combine(green)).toEqual({ passed: 9, failed: 0, problems: [], skips: [] });
});

test("a further command that failed counts as one failed check", () => {
  const result = combine({ ...green, checks: ["demo=1", "release-check=0"] });
  expect(result).toEqual({ passed: 8, failed: 1, problems: ["demo ended with exit code 1"], skips: [] });
});

test("failed tests keep their number", () => {
  expect(combine({ ...green, testCode: "1", summary: '{"passed":7,"failed":3}' }).failed).toBe(3);
});

test("a test command that died after a green summary is a failure", () => {
  expect(combine({ ...green, testCode: "137" }).failed).toBe(1);
});

test.each([undefined, "", "{}", '{"passed":1'])("the summary %j is a failure", (summary) => {
  expect(combine({ ...green, summary }).failed).toBe(1);
});

test("a summary in which nothing passed is a failure", () => {
  expect(combine({ ...green, summary: '{"passed":0,"failed":0}' }).failed).toBe(1);
});
