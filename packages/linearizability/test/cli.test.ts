// The command as users start it: exit codes, what it prints, and where.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { HistoryEvent } from "../src/index.ts";
import { story } from "./support/story.ts";

const folder = mkdtempSync(join(tmpdir(), "linearizability-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fine = story("0 invoke write 1", "0 ok", "0 invoke read", "0 ok 1");
const wrong = story("0 invoke write 1", "0 ok", "0 invoke read", "0 ok 2");

test("a linearizable history ends with exit code 0 and, on request, one JSON object as the last line", () => {
  const { status, stdout } = linearizability("check", "--model", "register", file("fine", fine), "-o", "json");
  expect(status).toBe(0);
  expect(JSON.parse(lastLine(stdout))).toEqual({
    verdict: "linearizable",
    operations: 2,
    keys: 1,
    ms: expect.any(Number),
  });
});

test("a violation ends with exit code 1, is explained, and drawn on request", () => {
  const html = join(folder, "wrong.html");
  const { status, stdout } = linearizability(
    "check",
    "--model",
    "register",
    file("wrong", wrong),
    "--html",
    html,
    "-o",
    "json",
  );
  expect(status).toBe(1);
  expect(stdout).toContain("read -> 2");
  expect(JSON.parse(lastLine(stdout))).toMatchObject({ verdict: "not-linearizable", operations: 2 });
  expect(readFileSync(html, "utf8")).toContain("stuck here");
});

test("what is not decided in time ends with exit code 2", () => {
  const { status, stdout, stderr } = linearizability(
    "check",
    "--model",
    "register",
    file("fine", fine),
    "--max-seconds",
    "0",
  );
  expect({ status, stdout }).toEqual({ status: 2, stdout: expect.stringMatching(/^undecided: /) });
  expect(stderr).toContain("not a pass");
});

test("bad input ends with exit code 3, line and reason, and no verdict", () => {
  const path = join(folder, "bad.jsonl");
  writeFileSync(path, '{"process":0,"type":"invoke","f":"read"}\n{"process":0,"type":"ok","f":"rea');
  const { status, stdout, stderr } = linearizability("check", "--model", "register", path, "-o", "json");
  expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
  expect(stderr).toContain("line 2: not JSON");
});

test("a history that is not UTF-8 is bad input, with the line", () => {
  const path = join(folder, "latin1.jsonl");
  writeFileSync(
    path,
    '{"process":0,"type":"invoke","f":"read"}\n{"process":0,"type":"ok","f":"read","value":"\u00e9"}',
    "latin1",
  );
  const { status, stderr } = linearizability("check", "--model", "register", path);
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining("line 2: not UTF-8") });
});

test("a history of another model is bad input", () => {
  const { status, stderr } = linearizability("check", "--model", "counter", file("fine", fine));
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('line 1: unknown f "write"') });
});

test.each([
  ["no command", []],
  ["an unknown command", ["verify"]],
  ["no file", ["check", "--model", "register"]],
  ["no model", ["check", "history.jsonl"]],
  ["an unknown model", ["check", "--model", "queue", "history.jsonl"]],
  ["an unknown option", ["check", "--fast"]],
  ["a limit that is no number", ["check", "--model", "register", "--max-seconds", "soon", "history.jsonl"]],
  ["a file that is not there", ["check", "--model", "register", "missing.jsonl"]],
])("%s ends with exit code 3 and says why", (_, args) => {
  const { status, stderr } = linearizability(...args);
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/^linearizability: ./) });
});

test("standard input is read for the file -", () => {
  const { status } = run(["check", "--model", "register", "-"], lines(wrong));
  expect(status).toBe(1);
});

test("help is printed to standard output", () => {
  const { status, stdout } = linearizability("--help");
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("Exit code: 0 linearizable") });
});

function linearizability(...args: readonly string[]) {
  return run(args, "");
}

function run(args: readonly string[], input: string) {
  const program = join(import.meta.dirname, "../src/cli.ts");
  const nodeArgs = ["--conditions=quorate-source", program, ...args];
  return spawnSync(process.execPath, nodeArgs, { encoding: "utf8", input, cwd: folder, timeout: 30_000 });
}

function file(name: string, history: readonly HistoryEvent[]): string {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, lines(history));
  return path;
}

function lines(history: readonly HistoryEvent[]): string {
  return history.map((event) => `${JSON.stringify(event)}\n`).join("");
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
