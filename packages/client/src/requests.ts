// The kinds of requests that calls send: reads, writes, and transfers of leadership.

import type { Answer, Request } from "./attempt.ts";
import { idempotencyKey, invalid, nodeId } from "./arguments.ts";
import type { ReadOptions, WriteOptions } from "./types.ts";

/** Asks nodes that are not the leader to say so with 421 instead of a redirect, which browsers would hide. */
const always: Readonly<Record<string, string>> = { accept: "application/json", prefer: "redirect=never" };

/** Sends a request until it is answered. */
export type Send = (request: Request, signal: AbortSignal | undefined) => Promise<Answer>;

/** A read of `path` with the consistency that the caller asks for. */
export function readRequest(path: string, options: ReadOptions): Request {
  const { consistency = "linearizable", maxAgeMs } = options;
  const query = new URLSearchParams({ consistency });
  if (maxAgeMs !== undefined) {
    if (consistency !== "stale") throw invalid("maxAgeMs is for stale reads only");
    if (!Number.isFinite(maxAgeMs) || maxAgeMs < 0) throw invalid(`maxAgeMs is ${maxAgeMs}, must be 0 or more`);
    query.set("max_age_ms", String(maxAgeMs));
  }
  const needsLeader = consistency !== "stale";
  return {
    method: "GET",
    path: `${path}?${query.toString()}`,
    headers: always,
    isWrite: false,
    isRepeatable: true,
    needsLeader,
  };
}

/** A write and the key that makes it safe to repeat. */
export function writeRequest(
  write: Pick<Request, "method" | "path"> & {
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
  options: WriteOptions,
): { readonly request: Request; readonly key: string } {
  const key = idempotencyKey(options.idempotencyKey);
  const contentType = write.body === undefined ? {} : { "content-type": "application/json" };
  const headers = { ...always, ...contentType, ...write.headers, "idempotency-key": key };
  return { request: { ...write, headers, isWrite: true, isRepeatable: true, needsLeader: true }, key };
}

/** A transfer has no key: sent again after it took effect, it would move leadership once more. */
export function transferRequest(to: string | undefined): Request {
  return {
    method: "POST",
    path: "/v1/cluster/leader-transfer",
    headers: { ...always, "content-type": "application/json" },
    body: JSON.stringify(to === undefined ? {} : { to: nodeId(to) }),
    isWrite: true,
    isRepeatable: false,
    needsLeader: true,
  };
}
