// A step's exit code is the truth about it, however it ends.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "../src/run.ts";

const node = process.execPath;

test.each([0, 3])("exit code %i is passed on", async (code) => {
  expect(await run({ program: node, args: ["--eval", `process.exit(${code})`], quiet: true })).toBe(code);
});

test("a program that a signal ended has failed", async () => {
  expect(await run({ program: node, args: ["--eval", 'process.kill(process.pid, "SIGKILL")'], quiet: true })).toBe(1);
});

test("a program that cannot be started has failed", async () => {
  expect(await run({ program: "./no-such-program", args: [] })).toBe(1);
});

test.each([
  [0, ""],
  [2, "said\n"],
])("what a quiet program says is shown only if it fails: exit code %i", (code, shown) => {
  const runPath = JSON.stringify(resolve(import.meta.dirname, "../src/run.ts"));
  const inner = JSON.stringify(`console.log("said"); process.exit(${code})`);
  const script = `import { run } from ${runPath}; await run({ program: process.execPath, args: ["--eval", ${inner}], quiet: true });`;
  const { stdout, stderr } = spawnSync(node, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: shown });
});
