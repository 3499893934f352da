// What the command does, apart from the process around it.

import { readFileSync, writeFileSync } from "node:fs";
import { type CheckResult, checkHistory } from "./check.ts";
import { type Arguments, readArguments, usage, UsageError } from "./cli-arguments.ts";
import { describeCounterexample } from "./describe.ts";
import { HistoryError } from "./history.ts";
import { drawCounterexample } from "./html.ts";
import type { Model } from "./model.ts";
import { counter } from "./models/counter.ts";
import { register } from "./models/register.ts";
import { stringMap } from "./models/string-map.ts";
import { parseHistory } from "./parse.ts";

/** Where the command writes. */
export type CliOutput = { readonly stdout: (text: string) => void; readonly stderr: (text: string) => void };

const exitCodes = { linearizable: 0, "not-linearizable": 1, undecided: 2 } as const;
const badInput = 3;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Runs the command with its arguments and returns its exit code. */
export function runCli(args: readonly string[], output: CliOutput): number {
  try {
    const read = readArguments(args);
    if (read === "help") {
      output.stdout(usage);
      return 0;
    }
    const result = checkFile(read);
    report(result, read, output);
    return exitCodes[result.verdict];
  } catch (error) {
    const text = explainFailure(error);
    if (text === undefined) throw error;
    output.stderr(`linearizability: ${text}\n`);
    return badInput;
  }
}

function checkFile(read: Arguments): CheckResult {
  switch (read.model) {
    case "register":
      return check(register(), read);
    case "counter":
      return check(counter(), read);
    case "string-map":
      return check(stringMap(), read);
  }
}

function check<State>(model: Model<State>, { file, maxSeconds }: Arguments): CheckResult {
  const history = parseHistory(readText(file), model);
  return checkHistory(history, model, { maxMs: maxSeconds * 1000 });
}

/** File descriptor 0 is standard input. */
function readText(file: string): string {
  const bytes = readFileSync(file === "-" ? 0 : file);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new HistoryError(firstUnreadableLine(bytes), "not UTF-8");
  }
}

/** No byte of a longer character is a newline, so lines can be read one by one. */
function firstUnreadableLine(bytes: Uint8Array): number {
  for (let line = 1, start = 0; start < bytes.byteLength; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.byteLength : newline + 1;
    try {
      utf8.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  throw new Error("every line is UTF-8, and the whole is not");
}

function report(result: CheckResult, { html, output: form, maxSeconds }: Arguments, output: CliOutput): void {
  const { verdict, operations, keys, ms } = result;
  const counts = `${operations} operations on ${keys} ${keys === 1 ? "key" : "keys"}, ${ms} ms`;
  if (result.verdict === "not-linearizable") {
    output.stdout(`${describeCounterexample(result.counterexample)}\n\n`);
    if (html !== undefined) {
      writeFileSync(html, drawCounterexample(result.counterexample));
      output.stderr(`The picture is in ${html}.\n`);
    }
  }
  if (result.verdict === "undecided") {
    const limit = result.limit === "time" ? `${maxSeconds} s` : `the limit of ${result.limit}`;
    output.stderr(`Not decided within ${limit}: ${result.undecidedKeys} of ${keys} keys. This is not a pass.\n`);
  }
  output.stdout(form === "json" ? `${JSON.stringify({ verdict, operations, keys, ms })}\n` : `${verdict}: ${counts}\n`);
}

function explainFailure(error: unknown): string | undefined {
  if (error instanceof UsageError) return `${error.message}\n\n${usage.trimEnd()}`;
  if (error instanceof HistoryError) return error.message;
  const isSystemError = error instanceof Error && "syscall" in error;
  return isSystemError ? error.message : undefined;
}
