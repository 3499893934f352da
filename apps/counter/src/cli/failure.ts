// How failures look on a terminal and which exit code they get.

import { codeOf, QuorateError } from "@quorate/contracts";
import { describeCode, exitCodes } from "../errors/catalogue.ts";
import type { CliIo } from "./io.ts";

/** A mistake in how the command was called. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}

/** Tells what happened and what to do, and returns the exit code. */
export function reportFailure(io: CliIo, error: unknown, output: "text" | "json"): number {
  if (error instanceof UsageError) {
    io.stderr(`error: ${error.message}\n${indent(error.hint)}`);
    return exitCodes.usage;
  }
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) {
    io.stderr(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return exitCodes.failure;
  }
  if (output === "json") io.stdout(`${JSON.stringify({ error: factsOf(code, error) })}\n`);
  io.stderr(`error: ${code}: ${error.message}\n${indent(hintOf(code, error))}`);
  return exitCodeOf(code, error);
}

/** The exit code for a failure. An unknown outcome matters more to a script than what caused it. */
export function exitCodeOf(code: string, error: Error): number {
  if ("outcome" in error && error.outcome === "unknown") return exitCodes.outcomeUnknown;
  return describeCode(code).exitCode;
}

function factsOf(code: string, error: Error): object {
  const { outcome, retryable, details } = error instanceof QuorateError ? error : unknownFacts;
  return { code, message: error.message, hint: hintOf(code, error), outcome, retryable, details };
}

const unknownFacts = { outcome: "none", retryable: false, details: {} } as const;

function hintOf(code: string, error: Error): string {
  const own = "hint" in error && typeof error.hint === "string" ? error.hint : "";
  return own === "" ? describeCode(code).hint : own;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}\n`)
    .join("");
}
