// Requests as HTTP: method, path, headers and body of each operation.

import type { Operation, WriteCondition } from "../operations/operation.ts";
import { type Request, waitWithin } from "../request.ts";

/** The parts of an HTTP request that depend on what is asked. */
export type HttpRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** Asks nodes that are not the leader to say so with 421 instead of a redirect, which browsers would hide. */
const always: Readonly<Record<string, string>> = { accept: "application/json", prefer: "redirect=never" };

/** The request over HTTP, of an attempt that takes `timeoutMs` at most. */
export function httpRequest(request: Request, timeoutMs: number): HttpRequest {
  const { operation } = request;
  switch (operation.type) {
    case "counterGet":
      return read(`/v1/counters/${encodeURIComponent(operation.name)}`, request, timeoutMs);
    case "registerGet":
      return read(registerPath(operation), request, timeoutMs);
    case "status":
      return { method: "GET", path: "/v1/status", headers: { accept: "application/json" } };
    case "transfer":
      return write({ method: "POST", path: "/v1/cluster/leader-transfer", ...transferBody(operation) }, request);
    case "counterAdd": {
      const path = `/v1/counters/${encodeURIComponent(operation.name)}/increments`;
      return write({ method: "POST", path, body: JSON.stringify({ by: operation.by }) }, request);
    }
    case "registerSet": {
      const { value, condition } = operation;
      return write({ method: "PUT", path: registerPath(operation), body: `{"value":${value}}` }, request, condition);
    }
    case "registerCompareAndSet": {
      const { expected, value } = operation;
      const expectation = expected === undefined ? "" : `"expected":${expected},`;
      const path = `${registerPath(operation)}/compare-and-set`;
      return write({ method: "POST", path, body: `{${expectation}"value":${value}}` }, request);
    }
    case "registerDelete":
      return write({ method: "DELETE", path: registerPath(operation) }, request, operation.condition);
    case "openSession":
    case "keepAlive":
    case "closeSession":
      throw new Error("sessions are kept over the binary protocol only");
  }
}

function registerPath({ key }: { readonly key: string }): string {
  return `/v1/registers/${encodeURIComponent(key)}`;
}

function transferBody({ to }: Extract<Operation, { type: "transfer" }>): { readonly body: string } {
  return { body: JSON.stringify(to === undefined ? {} : { to }) };
}

function read(path: string, request: Request, timeoutMs: number): HttpRequest {
  const { consistency = "linearizable", maxAgeMs, minIndex, forward } = request;
  const query = new URLSearchParams({ consistency });
  if (maxAgeMs !== undefined) query.set("max_age_ms", String(maxAgeMs));
  if (forward === true) query.set("forward", "true");
  if (minIndex !== undefined) query.set("max_wait_ms", String(waitWithin(timeoutMs)));
  const headers = minIndex === undefined ? always : { ...always, "raft-min-index": String(minIndex) };
  return { method: "GET", path: `${path}?${query.toString()}`, headers };
}

function write(
  parts: Omit<HttpRequest, "headers">,
  { idempotencyKey }: Request,
  { ifMatch, ifNoneMatch }: WriteCondition = {},
): HttpRequest {
  return {
    ...parts,
    headers: {
      ...always,
      ...(parts.body === undefined ? {} : { "content-type": "application/json" }),
      ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
      ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
  };
}
