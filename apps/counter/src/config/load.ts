// From a file and flags to a checked configuration.

import { readFileSync } from "node:fs";
import { codeOf, QuorateError } from "@quorate/contracts";
import { jsonErrorPosition } from "../http/json-position.ts";
import { checkConfig } from "./check.ts";
import { applyFlags, type Unchecked } from "./flags.ts";
import type { CheckedConfig } from "./types.ts";

/** Reads and checks. Throws `QUORATE_CONFIG_INVALID` and the other codes of `checkConfig`. */
export function loadConfig(file: string | undefined, flags: Readonly<Record<string, unknown>>): CheckedConfig {
  const base = file === undefined ? {} : loadRaw(file);
  return checkConfig(applyFlags(base, flags), file ?? "command line");
}

/** Reads a file without checking more than that it is a JSON object. Throws `QUORATE_CONFIG_INVALID`. */
export function loadRaw(file: string): Unchecked {
  const text = readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(
      `${file}: ${describeJsonError(text)}`,
      "Correct the file; JSON has no comments and no trailing commas.",
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${file}: must be a JSON object`, "See the example in the README.");
  }
  return value as Unchecked; // a JSON object, whose members are checked later
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const code = codeOf(cause);
    const reason = code === "ENOENT" ? "there is no such file" : `cannot be read (${code ?? String(cause)})`;
    throw invalid(`${file}: ${reason}`, "Name the configuration file with --config FILE.", cause);
  }
}

function describeJsonError(text: string): string {
  const position = jsonErrorPosition(text);
  const before = text.slice(0, position).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  const found = position < text.length ? `unexpected ${JSON.stringify(text[position])}` : "the text ends too early";
  return `not JSON: ${found} at line ${line} column ${column}`;
}

function invalid(message: string, hint: string, cause?: unknown): QuorateError {
  return new QuorateError({ code: "QUORATE_CONFIG_INVALID", message, hint, cause });
}
