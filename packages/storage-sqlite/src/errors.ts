// Every way in which the stores say no, as plain facts: the worker that finds them out can send them, and whoever is told gets
// an error made of them. One function per code. The worker loads this file, so it imports types alone.

import type { ErrorFacts, StoreIdentity } from "@quorate/contracts";

/** What to do about a failure, by the system's name for it. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "Free space on the disk that holds the directory, then restart the server. Nothing acknowledged is lost.",
  EDQUOT: "Free space or raise the quota of the server's user, then restart the server.",
  EACCES: "Let the user that runs the server read and write the directory and its files.",
  EPERM: "Let the user that runs the server read and write the directory and its files.",
  EROFS: "Choose a directory on a file system that is mounted writable.",
  ENOTDIR: "Choose another directory: a part of this path is a file.",
  EISDIR: "Remove or rename the directory that stands where the database belongs.",
  EMFILE: "Raise the limit of open files (ulimit -n), then restart the server.",
  EIO: "The system could not read or write the disk: check it, and replace it or the server if it is failing.",
  ERR_UNKNOWN_BUILTIN_MODULE: "Use Node 22.13 or later: before, it has no SQLite without a flag.",
};

/** The store failed and refuses everything until it is opened anew. `reason` is the system's name for it, if it has one. */
export function storageFailed(facts: {
  readonly action: string;
  readonly path: string;
  readonly reason: string;
  readonly cause?: unknown;
}): ErrorFacts {
  const { action, path, reason, cause } = facts;
  const remedy = remedies[reason] ?? "Look at the cause, repair the disk or the directory, then restart the server.";
  return {
    code: "QUORATE_STORAGE_FAILED",
    message: `Could not ${action} ${path}: ${reason}.`,
    hint: `${remedy} The store refuses all further calls until it is opened anew.`,
    outcome: "unknown",
    details: { action, path, reason },
    cause,
  };
}

/** The same for whatever was thrown. */
export function failedWith(cause: unknown, context: { readonly action: string; readonly path: string }): ErrorFacts {
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reason = typeof code === "string" ? code : cause instanceof Error ? cause.message : String(cause);
  return storageFailed({ ...context, reason, cause });
}

/** What is stored is not what was written. */
export function logCorrupt(facts: {
  readonly file: string;
  readonly expected: string;
  readonly found: string;
}): ErrorFacts {
  return {
    code: "QUORATE_LOG_CORRUPT",
    message: `${facts.file} is damaged: expected ${facts.expected}, found ${facts.found}.`,
    hint:
      "Do not vote or acknowledge with what is left. Keep the directory for analysis, remove the server from the " +
      "cluster and add it again with an empty directory.",
    details: { ...facts },
  };
}

/** A snapshot is not what was written, or not what was expected of it. */
export function snapshotCorrupt(facts: {
  readonly file: string;
  readonly expected: string;
  readonly found: string;
}): ErrorFacts {
  return {
    code: "QUORATE_SNAPSHOT_CORRUPT",
    message: `${facts.file} is damaged: expected ${facts.expected}, found ${facts.found}.`,
    hint:
      "Do not restore from it. One that is being received is sent again. If the server starts from it, keep the " +
      "directory for analysis, remove the server from the cluster and add it again with an empty directory.",
    details: { ...facts },
  };
}

export function snapshotStale(facts: { readonly index: number; readonly latestIndex: number }): ErrorFacts {
  return {
    code: "QUORATE_SNAPSHOT_STALE",
    message: `A snapshot at index ${facts.index} goes no further than the latest one, at ${facts.latestIndex}.`,
    hint: "There is nothing to do: use the latest one.",
    details: { ...facts },
  };
}

export function formatUnsupported(facts: {
  readonly file: string;
  readonly version: number;
  readonly supported: number;
}): ErrorFacts {
  return {
    code: "QUORATE_FORMAT_UNSUPPORTED",
    message: `${facts.file} has format version ${facts.version}; this program knows versions up to ${facts.supported}.`,
    hint: "Run the version of the program that wrote the directory, or a later one.",
    details: { ...facts },
  };
}

/** Somebody else has the database open. `holder` is as much as is known of who. */
export function dataLocked(facts: { readonly file: string; readonly holder: string }): ErrorFacts {
  return {
    code: "QUORATE_DATA_LOCKED",
    message: `${facts.file} is in use by ${facts.holder}.`,
    hint: "Stop the program that has it open, or give each server a directory of its own.",
    retryable: true,
    details: { ...facts },
  };
}

export function alreadyInitialised({ clusterId, nodeId, incarnation }: StoreIdentity): ErrorFacts {
  return {
    code: "QUORATE_ALREADY_INITIALISED",
    message: `The store belongs to server ${nodeId} of cluster ${clusterId}.`,
    hint: "Give each server a directory of its own.",
    details: { clusterId, nodeId, incarnation },
  };
}

export function writeRefused(misfit: string): ErrorFacts {
  return {
    code: "QUORATE_WRITE_REFUSED",
    message: `It does not fit what is stored: ${misfit}.`,
    hint: "Nothing was changed. The caller has lost track of the store: load it anew, and report the bug.",
  };
}

export function writeTooLarge(facts: { readonly bytes: number; readonly maxBytes: number }): ErrorFacts {
  return {
    code: "QUORATE_TOO_LARGE",
    message: `A write of ${facts.bytes} bytes passes the limit of ${facts.maxBytes} bytes for one write.`,
    hint: "Nothing was changed. Write less at a time.",
    details: { ...facts },
  };
}

export function queueFull(facts: { readonly queuedBytes: number; readonly maxQueuedBytes: number }): ErrorFacts {
  return {
    code: "QUORATE_BUSY",
    message: `With this write, ${facts.queuedBytes} bytes would wait for the disk; the limit is ${facts.maxQueuedBytes}.`,
    hint: "Nothing was changed. Wait for writes in flight, or raise maxQueuedBytes.",
    retryable: true,
    details: { ...facts },
  };
}

export function outOfRange(what: string): ErrorFacts {
  return {
    code: "QUORATE_OUT_OF_RANGE",
    message: `Asked for ${what}.`,
    hint: "Read only what is stored: of a log, from `base.index + 1` to `lastIndex`.",
  };
}

export function closed(path: string): ErrorFacts {
  return {
    code: "QUORATE_CLOSED",
    message: `The store on ${path}, or this part of it, has been closed.`,
    hint: "Open it anew; what is closed does not come back.",
  };
}

export function notLoaded(path: string): ErrorFacts {
  return {
    code: "QUORATE_NOT_LOADED",
    message: `The store on ${path} was used before load had finished, or was loaded twice.`,
    hint: "Call load once, and wait for it, before anything else.",
  };
}

export function invalidDirectory(value: unknown): ErrorFacts {
  return {
    code: "QUORATE_OPTIONS_INVALID",
    message: `The option directory is ${JSON.stringify(value)}.`,
    hint: "Give the path of a directory.",
    details: { option: "directory", value },
  };
}
