// An example that does not compile, fails, or does not end is told apart from one that works.
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { compileProblems } from "../src/consumer.ts";
import { problemsOf, runCaptured } from "../src/run-captured.ts";

function run(code: string, deadlineMs = 20_000) {
  return runCaptured({ program: process.execPath, args: ["--eval", code], cwd: tmpdir(), deadlineMs });
}

test("a program that ends well has no problems", async () => {
  expect(problemsOf(await run("console.log(1)"))).toEqual([]);
});

test("a program that fails is shown with what it printed", async () => {
  const problems = problemsOf(await run('console.error("broken pipe dream"); process.exit(3)'));
  expect(problems).toEqual([expect.stringMatching(/^exit code 3\n.*broken pipe dream/)]);
});

test("a program that does not end is killed at its deadline", async () => {
  const ended = await run("setInterval(() => {}, 1000)", 300);
  expect(ended.exitCode).toBeUndefined();
  expect(problemsOf(ended)).toEqual([expect.stringContaining("still running after 300 ms")]);
});

test("a program that does not exist is a problem", async () => {
  const ended = await runCaptured({ program: "./no-such-program", args: [], cwd: tmpdir(), deadlineMs: 1000 });
  expect(problemsOf(ended)).toHaveLength(1);
});

const output = [
  "examples/core.ts(1,2): error TS1: no.",
  "node_modules/.pnpm/x/node_modules/@quorate/node/dist/a.d.ts(1,2): error TS2: no.",
].join("\n");

test.each([
  ["core", 1],
  ["node", 1],
  ["memory", 0],
])("the compiler's complaints about %s are its own", (name, count) => {
  expect(compileProblems({ exitCode: 2, output }, name)).toHaveLength(count);
});

test("a compiler that does not run is a problem of every example", () => {
  expect(compileProblems({ exitCode: undefined, output: "not found" }, "core")).toHaveLength(1);
});
