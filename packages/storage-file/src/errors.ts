// Every way in which the store says no: one function per code, each with the facts and what to do about them.

import { codeOf, isQuorateError, QuorateError, type StoreIdentity } from "@quorate/contracts";

/** What to do about a system error, by its code. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC:
    "Free space on the disk that holds the directory, then restart the server. Nothing that was acknowledged is lost.",
  EDQUOT: "Raise the disk quota of the server's user or free space, then restart the server.",
  EACCES: "Give the user that runs the server read and write permission on the directory and the files in it.",
  EPERM: "Give the user that runs the server read and write permission on the directory and the files in it.",
  EROFS: "Mount the file system writable, or choose a directory on another one.",
  ENOTDIR: "Choose another directory: a part of this path is a file.",
  EMFILE: "Raise the limit of open files (ulimit -n), then restart the server.",
  ENFILE: "Raise the system's limit of open files, then restart the server.",
  EIO: "Check the disk: the system could not complete the operation. Replace the disk or the server if it is failing.",
};

/** The store failed and refuses everything until it is opened anew. */
export function storageFailed(facts: {
  readonly action: string;
  readonly path: string;
  readonly cause: unknown;
}): QuorateError {
  const reason = codeOf(facts.cause) ?? (facts.cause instanceof Error ? facts.cause.message : String(facts.cause));
  const remedy = remedies[reason] ?? "Look at the cause, repair the disk or the directory, then restart the server.";
  return new QuorateError({
    code: "QUORATE_STORAGE_FAILED",
    message: `Could not ${facts.action} ${facts.path}: ${reason}.`,
    hint: `${remedy} The store refuses all further calls until it is opened anew.`,
    outcome: "unknown",
    details: { action: facts.action, path: facts.path, reason },
    cause: facts.cause,
  });
}

const lackOfSpace = ["ENOSPC", "EDQUOT"];

/**
 * For something that is not part of the store yet: `QUORATE_STORAGE_FULL` if there was no space for it, since then nothing is
 * lost but the attempt; else a failure of the storage.
 */
export function notMade(facts: {
  readonly action: string;
  readonly path: string;
  readonly cause: unknown;
}): QuorateError {
  const reason = codeOf(facts.cause) ?? "";
  if (!lackOfSpace.includes(reason)) return storageFailed(facts);
  return new QuorateError({
    code: "QUORATE_STORAGE_FULL",
    message: `Could not ${facts.action} ${facts.path}: ${reason}.`,
    hint: "Free space on the disk that holds the directory, or raise its quota. Nothing was changed, and nothing has to be restarted.",
    retryable: true,
    details: { action: facts.action, path: facts.path, reason },
    cause: facts.cause,
  });
}

/** An error of this package as it is; anything else as a failure of the storage. */
export function asStorageFailure(
  error: unknown,
  context: { readonly action: string; readonly path: string },
): QuorateError {
  return isQuorateError(error) ? error : storageFailed({ ...context, cause: error });
}

/** Where damage is, what should be there, and what is. */
type DamageFacts = {
  readonly file: string;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
};

/** What is stored is not what was written. */
export function logCorrupt(facts: DamageFacts): QuorateError {
  return damaged("QUORATE_LOG_CORRUPT", facts, {
    hint: `Durable data was lost, so this server must not vote or acknowledge with what is left: ${rebuildHint}`,
  });
}

/** A snapshot is not what was written, or not what was expected of it. */
export function snapshotCorrupt(facts: DamageFacts): QuorateError {
  return damaged("QUORATE_SNAPSHOT_CORRUPT", facts, {
    hint: `Do not restore from it. One that is being received is sent again. If the server starts from it: ${rebuildHint}`,
  });
}

const rebuildHint =
  "keep the directory for analysis and start the server with an empty one: while a majority of the others is intact, they take " +
  "it back and send it everything.";

function damaged(code: string, facts: DamageFacts, { hint }: { readonly hint: string }): QuorateError {
  const { file, offset, expected, found } = facts;
  const message = `${file} is damaged at offset ${offset}: expected ${expected}, found ${found}.`;
  return new QuorateError({ code, message, hint, details: { ...facts } });
}

/** There is a snapshot already that goes as far. */
export function snapshotStale(facts: { readonly index: number; readonly latestIndex: number }): QuorateError {
  return new QuorateError({
    code: "QUORATE_SNAPSHOT_STALE",
    message: `A snapshot at index ${facts.index} goes no further than the latest one, at ${facts.latestIndex}.`,
    hint: "Use the latest one; there is nothing to do.",
    details: { ...facts },
  });
}

export function formatUnsupported(facts: {
  readonly file: string;
  readonly version: number;
  readonly supported: number;
}): QuorateError {
  return new QuorateError({
    code: "QUORATE_FORMAT_UNSUPPORTED",
    message: `${facts.file} has format version ${facts.version}; this program knows versions up to ${facts.supported}.`,
    hint: "Run the version of the program that wrote the directory, or a later one.",
    details: { ...facts },
  });
}

/** Somebody else has the directory open. `holder` is as much as is known of who. */
export function dataLocked(facts: { readonly directory: string; readonly holder: string }): QuorateError {
  return new QuorateError({
    code: "QUORATE_DATA_LOCKED",
    message: `The directory ${facts.directory} is in use by ${facts.holder}.`,
    hint: "Stop that process, or give each server a directory of its own.",
    retryable: true,
    details: { ...facts },
  });
}

export function alreadyInitialised(identity: StoreIdentity): QuorateError {
  return new QuorateError({
    code: "QUORATE_ALREADY_INITIALISED",
    message: `The store belongs to server ${identity.nodeId} of cluster ${identity.clusterId}.`,
    hint: "Use the directory for that server, or another directory for this one.",
    details: { clusterId: identity.clusterId, nodeId: identity.nodeId, incarnation: identity.incarnation },
  });
}

export function writeRefused(misfit: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_WRITE_REFUSED",
    message: `The write does not fit what is stored: ${misfit}.`,
    hint: "Nothing was changed. The caller has lost track of the log: load the store anew, and report the bug.",
  });
}

export function writeTooLarge(facts: { readonly bytes: number; readonly maxBytes: number }): QuorateError {
  return new QuorateError({
    code: "QUORATE_TOO_LARGE",
    message: `A write of ${facts.bytes} bytes is larger than the ${facts.maxBytes} bytes that one write may have.`,
    hint: "Nothing was changed. Split the write.",
    details: { ...facts },
  });
}

export function queueFull(facts: { readonly queuedBytes: number; readonly maxQueuedBytes: number }): QuorateError {
  return new QuorateError({
    code: "QUORATE_BUSY",
    message: `${facts.queuedBytes} bytes wait for the disk; the limit is ${facts.maxQueuedBytes}.`,
    hint: "Nothing was changed. Wait for writes in flight before sending more, or raise maxQueuedBytes.",
    retryable: true,
    details: { ...facts },
  });
}

export function outOfRange(what: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_OUT_OF_RANGE",
    message: `Asked for ${what}.`,
    hint: "Read only what is stored: of a log, from `base.index + 1` to `lastIndex`.",
  });
}

export function closed(path: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: `The store on ${path} has been closed.`,
    hint: "Open it anew; a closed store does not come back.",
  });
}

export function notLoaded(directory: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_NOT_LOADED",
    message: `The store on ${directory} was used before load had finished, or was loaded twice.`,
    hint: "Call load once, and wait for it, before anything else.",
  });
}

export function invalidDirectory(value: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_OPTIONS_INVALID",
    message: `The option directory is ${JSON.stringify(value)}.`,
    hint: "Give the path of a directory.",
    details: { option: "directory", value },
  });
}
