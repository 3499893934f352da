// A run that had to fail is judged by what it says, not by its exit code alone.
import { expect, test } from "vitest";
import { failureProblems } from "../src/third-party.ts";

const expected = { mistake: "forgets", law: "a law (with signs)", says: /got 1, expected 2/ };
const ended = (exitCode: number | undefined, output: string) => ({ exitCode, output, stdout: output });
const failure = "    not ok 7 - a law (with signs)\n      error: 'term: got 1, expected 2'\n";

test("a failure that names the law and what was expected is what was wanted", () => {
  expect(failureProblems(expected, ended(1, failure))).toEqual([]);
});

test.each([
  { what: "passes", run: ended(0, failure), problem: "passed the suite" },
  { what: "never ends", run: ended(undefined, "still running"), problem: "did not end" },
  { what: "breaks another law", run: ended(1, failure.replace("a law", "no law")), problem: "did not fail" },
  { what: "says nothing", run: ended(1, failure.replace("got 1", "")), problem: "no failure says" },
])("one that $what is not", ({ run, problem }) => {
  expect(failureProblems(expected, run)).toEqual([expect.stringContaining(problem)]);
});
