// An expected failure inside the worker, and what SQLite's own errors mean.

import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { ErrorFacts } from "@quorate/contracts";
import { dataLocked, failedWith, storageFailed } from "./errors.ts";

/** Carries the facts of an error to where the worker answers. */
export class Refusal extends Error {
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.facts = facts;
  }
}

/** SQLite's primary result codes that say what happened to the file. */
const resultCodes = {
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  diskIo: 10,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  authorisation: 23,
};

/**
 * What an error says that SQLite, the system or this package threw: an unusable disk, a lock, or, because everything else
 * can only come of what the file contains, damage.
 */
export function factsOf(
  error: unknown,
  context: {
    readonly action: string;
    readonly file: string;
    readonly damaged: (found: string) => ErrorFacts;
  },
): ErrorFacts {
  if (error instanceof Refusal) return error.facts;
  const { action, file } = context;
  const code = resultCodeOf(error);
  if (code === undefined && isSystemError(error)) return failedWith(error, { action, path: file });
  switch (code) {
    case resultCodes.busy:
    case resultCodes.locked:
    case resultCodes.protocol:
      return dataLocked({ file, holder: describeHolder(file) });
    case resultCodes.full:
      return storageFailed({ action, path: file, reason: "ENOSPC", cause: error });
    case resultCodes.diskIo:
      return storageFailed({ action, path: file, reason: "EIO", cause: error });
    case resultCodes.permission:
    case resultCodes.readOnly:
    case resultCodes.cannotOpen:
    case resultCodes.authorisation: {
      const reason = whyInaccessible(file);
      // A file that could be written to is read-only to SQLite if it says so of itself: ours never do.
      if (reason === undefined && code === resultCodes.readOnly) return context.damaged("a read-only database");
      return storageFailed({ action, path: file, reason: reason ?? "EACCES", cause: error });
    }
    default:
      return context.damaged(error instanceof Error ? `an error of SQLite: ${error.message}` : String(error));
  }
}

/** Whether the operation failed for the file's content and not for the disk or the call. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  // The upper bytes say more about the same code.
  return error.errcode & 0xff;
}

/** SQLite says only that it cannot; the system knows why. The database itself is not opened: see `openDatabase`. */
function whyInaccessible(file: string): string | undefined {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) return "EISDIR";
    accessSync(dirname(file), constants.R_OK | constants.W_OK | constants.X_OK);
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code !== "ENOENT") return String(error.code);
  }
  return undefined;
}

/** Linux lists who holds which lock; elsewhere it is somebody. */
function describeHolder(file: string): string {
  try {
    const { ino } = statSync(file);
    const lock = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find((fields) => fields[5]?.endsWith(`:${ino}`) === true);
    const processId = lock?.[4];
    if (processId !== undefined) return Number(processId) === process.pid ? "this process" : `process ${processId}`;
  } catch {
    // Not Linux, or not allowed to look.
  }
  return "another process";
}
