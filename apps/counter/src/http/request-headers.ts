// The request's headers and query parameters that this service gives a meaning: checked, never guessed.

import type { QueryOptions } from "@quorate/node";
import type { Precondition } from "../state-machine/command.ts";
import { requestError } from "./problem.ts";

/** What a read asks for. */
export type ReadRequest = ReadLevel & {
  /** The answer is from this index of the log or later; undefined means any. */
  readonly minIndex: number | undefined;
  /** How long the node may wait until it can answer, in ms; undefined means as long as it does by itself. */
  readonly maxWaitMs: number | undefined;
};

type ReadLevel =
  | {
      readonly consistency: "linearizable" | "lease";
      /** At a follower: answer here, after asking the leader how far the state must have come, instead of a redirect. */
      readonly forward: boolean;
    }
  | {
      readonly consistency: "stale";
      /** Largest time since this node heard a leader, in ms; undefined means any. */
      readonly maxAgeMs: number | undefined;
    };

const idempotencyKey = /^[\x21-\x7e]{1,128}$/;
const revisionTag = /^"(0|[1-9]\d{0,15})"$/;
const wholeNumber = /^\d{1,16}$/;
const longestWaitMs = 60_000;

/** The key that makes a write safe to repeat. Throws `QUORATE_KEY_INVALID`. */
export function idempotencyKeyOf(headers: Headers): string | undefined {
  const key = headers.get("idempotency-key");
  return key === null ? undefined : checkIdempotencyKey(key);
}

/** A key that can be kept. Throws `QUORATE_KEY_INVALID`. */
export function checkIdempotencyKey(key: string): string {
  if (idempotencyKey.test(key)) return key;
  throw requestError("QUORATE_KEY_INVALID", "The Idempotency-Key must be 1 to 128 visible ASCII characters.");
}

/** The condition on a register of `If-Match` or `If-None-Match`. Throws `QUORATE_REQUEST_INVALID`. */
export function preconditionOf(headers: Headers): Precondition {
  const match = headers.get("if-match");
  const noneMatch = headers.get("if-none-match");
  if (match === null && noneMatch === null) return { type: "none" };
  if (match !== null && noneMatch !== null) {
    throw requestError("QUORATE_REQUEST_INVALID", "The headers If-Match and If-None-Match exclude each other.");
  }
  if (noneMatch !== null) {
    if (noneMatch === "*") return { type: "absent" };
    throw requestError("QUORATE_REQUEST_INVALID", 'The header If-None-Match must be "*".', { field: "If-None-Match" });
  }
  if (match === "*") return { type: "present" };
  const revision = Number(revisionTag.exec(match ?? "")?.[1] ?? "not one");
  if (Number.isSafeInteger(revision)) return { type: "revision", revision };
  throw requestError(
    "QUORATE_REQUEST_INVALID",
    'The header If-Match must be one revision in double quotes, such as "17".',
    { field: "If-Match" },
  );
}

/** Refuses conditions where none are evaluated: ignoring them would look like success. */
export function refusePreconditions(headers: Headers, names: readonly string[]): void {
  for (const name of names) {
    if (headers.has(name)) {
      throw requestError("QUORATE_REQUEST_INVALID", `The header ${name} is not supported here.`, { field: name });
    }
  }
}

/** What a read asks for, in its address and in `Raft-Min-Index`. Throws `QUORATE_REQUEST_INVALID`. */
export function readRequestOf({ url, headers }: Request): ReadRequest {
  const parameters = queryOf(url);
  const minIndex = minIndexOf(headers);
  if (parameters === undefined) return { consistency: "linearizable", forward: false, minIndex, maxWaitMs: undefined };
  return { ...readLevelOf(parameters), minIndex, maxWaitMs: maxWaitOf(parameters) };
}

/** How the node is to answer. The age of a stale answer is looked at by whoever gives it away. */
export function queryOptionsOf(asked: ReadRequest): QueryOptions {
  const { consistency, minIndex, maxWaitMs } = asked;
  return {
    consistency,
    forward: consistency !== "stale" && asked.forward,
    ...(minIndex !== undefined && { minIndex }),
    ...(maxWaitMs !== undefined && { timeoutMs: maxWaitMs }),
  };
}

function readLevelOf(parameters: URLSearchParams): ReadLevel {
  const consistency = single(parameters, "consistency") ?? "linearizable";
  const maxAgeMs = maxAgeOf(parameters);
  if (consistency === "stale") {
    if (!parameters.has("forward")) return { consistency, maxAgeMs };
    throw requestError("QUORATE_REQUEST_INVALID", "forward is not for consistency=stale: any node answers it.", {
      field: "forward",
    });
  }
  if (maxAgeMs !== undefined) {
    throw requestError("QUORATE_REQUEST_INVALID", "max_age_ms is only for consistency=stale.", { field: "max_age_ms" });
  }
  if (consistency === "linearizable" || consistency === "lease") {
    return { consistency, forward: forwardOf(parameters) };
  }
  throw requestError(
    "QUORATE_REQUEST_INVALID",
    `consistency is "${consistency.slice(0, 32)}", expected linearizable, lease or stale.`,
    { field: "consistency" },
  );
}

/** True if the client routes by itself and wants 421 instead of a redirect. */
export function refusesRedirect(request: Request): boolean {
  const prefer = request.headers.get("prefer");
  if (prefer !== null && prefer.split(",").some((token) => /^\s*redirect\s*=\s*"?never"?\s*(;|$)/i.test(token))) {
    return true;
  }
  return queryOf(request.url)?.get("redirect") === "never";
}

function forwardOf(parameters: URLSearchParams): boolean {
  const text = single(parameters, "forward") ?? "false";
  if (text === "true" || text === "false") return text === "true";
  throw requestError("QUORATE_REQUEST_INVALID", "forward must be true or false.", { field: "forward" });
}

function minIndexOf(headers: Headers): number | undefined {
  const must = "The header Raft-Min-Index must be one index of the log, 0 or more.";
  return wholeNumberOf(headers.get("raft-min-index") ?? undefined, { field: "Raft-Min-Index", must });
}

function maxWaitOf(parameters: URLSearchParams): number | undefined {
  const must = `max_wait_ms must be a whole number from 1 to ${longestWaitMs}.`;
  return wholeNumberOf(single(parameters, "max_wait_ms"), { field: "max_wait_ms", from: 1, to: longestWaitMs, must });
}

function maxAgeOf(parameters: URLSearchParams): number | undefined {
  const must = "max_age_ms must be a whole number of milliseconds, 0 or more.";
  return wholeNumberOf(single(parameters, "max_age_ms"), { field: "max_age_ms", must });
}

/** The number that a header or parameter holds; undefined if it is not there. Throws `QUORATE_REQUEST_INVALID`. */
export function wholeNumberOf(
  text: string | undefined,
  expected: {
    readonly field: string;
    /** What it has to be, as a sentence. */
    readonly must: string;
    /** Default 0. */
    readonly from?: number;
    readonly to?: number;
  },
): number | undefined {
  if (text === undefined) return undefined;
  const { field, must, from = 0, to = Number.MAX_SAFE_INTEGER } = expected;
  const value = wholeNumber.test(text) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw requestError("QUORATE_REQUEST_INVALID", must, { field });
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name);
  if (values.length <= 1) return values[0];
  throw requestError("QUORATE_REQUEST_INVALID", `${name} is given ${values.length} times.`, { field: name });
}

function queryOf(url: string): URLSearchParams | undefined {
  const start = url.indexOf("?");
  return start === -1 ? undefined : new URLSearchParams(url.slice(start + 1));
}
