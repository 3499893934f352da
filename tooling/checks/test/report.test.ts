// The summary must not turn green over anything that is not a passed test.
import { expect, test } from "vitest";
import { addResults, countReport, describeCounts } from "../src/report.ts";

const passed = { status: "passed", fullName: "works" };

function report(fields: { success?: boolean; status?: string; message?: string; tests?: readonly object[] }): string {
  const { success = true, status = "passed", message = "", tests = [passed] } = fields;
  return JSON.stringify({ success, testResults: [{ name: "a.test.ts", status, message, assertionResults: tests }] });
}

test("passed tests are counted", () => {
  expect(countReport("p", report({ tests: [passed, passed] }))).toEqual({
    passed: 2,
    failed: 0,
    problems: [],
    skips: [],
  });
});

test.each(["failed", "skipped", "pending", "todo"])("a test that is %s counts as failed and is named", (status) => {
  const result = countReport("p", report({ tests: [passed, { status, fullName: "second" }] }));
  expect(result).toEqual({ passed: 1, failed: 1, problems: [`p: ${status}: second`], skips: [] });
});

test("a skipped test that says why it does not apply is reported and does not count", () => {
  const fullName = "a law about size (skipped: messages have no encoded size)";
  const result = countReport("p", report({ tests: [passed, { status: "skipped", fullName }] }));
  expect(result).toEqual({ passed: 1, failed: 0, problems: [], skips: [`p: ${fullName}`] });
});

test.each([
  { status: "skipped", fullName: "a law (skipped: later)" },
  { status: "todo", fullName: "a law (skipped: messages have no encoded size)" },
  { status: "failed", fullName: "a law (skipped: messages have no encoded size)" },
])("%j counts as failed", (skipped) => {
  expect(countReport("p", report({ tests: [passed, skipped] })).failed).toBe(1);
});

test("a package without a report counts as failed", () => {
  expect(countReport("p", undefined).failed).toBe(1);
});

test("a report that is cut off counts as failed", () => {
  expect(countReport("p", report({}).slice(0, -5)).failed).toBe(1);
});

test("a report of another shape counts as failed", () => {
  expect(countReport("p", '{"success":true}').failed).toBe(1);
});

test("a file that cannot be loaded counts as failed although none of its tests did", () => {
  const result = countReport("p", report({ success: false, status: "failed", message: "no such module", tests: [] }));
  expect(result.problems).toEqual(["p: failed to run: a.test.ts no such module"]);
});

test("a run without any test counts as failed", () => {
  expect(countReport("p", JSON.stringify({ success: true, testResults: [] })).problems).toEqual(["p: ran no test"]);
});

test("an error outside of all tests counts as failed", () => {
  expect(countReport("p", report({ success: false })).failed).toBe(1);
});

test("results add up to one line", () => {
  const total = addResults([countReport("p", report({})), countReport("q", undefined)]);
  expect(describeCounts(total)).toBe("1 passed, 1 failed");
});
