// One attempt over HTTP: one request to one node, with a time limit, and what its end means for the call.

import { codeOf } from "@quorate/contracts";
import type { Settings } from "../options.ts";
import type { AttemptResult, RefusalScope, Request } from "../request.ts";
import type { LogPosition } from "../types.ts";
import { parseObject, problemOf } from "./problem.ts";
import { httpRequest } from "./requests.ts";

/** Codes of failures before a connection existed, from Node, undici and Bun. */
const notConnectedCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Sends `request` to `endpoint` once. Rejects only when `signal` is aborted, with its reason. */
export async function httpAttempt(
  settings: Pick<Settings, "fetch" | "clock">,
  options: {
    readonly request: Request;
    readonly endpoint: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<AttemptResult> {
  const { request, endpoint, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let timedOut = false;
  const cancelTimer = settings.clock.schedule(settings.clock.now() + timeoutMs, () => {
    timedOut = true;
    controller.abort();
  });
  const { method, path, headers, body } = httpRequest(request, timeoutMs);
  try {
    const response = await settings.fetch(endpoint + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      // A redirect is followed by the caller: fetch would drop the remembered leader and, across origins, headers too.
      redirect: "manual",
      signal: controller.signal,
    });
    return classify({ response, text: await response.text(), endpoint, request });
  } catch (error) {
    signal.throwIfAborted();
    const reason = timedOut ? `no answer within ${Math.round(timeoutMs)} ms` : describeFailure(error);
    return { type: "failed", reason, sent: timedOut || !wasRefused(error), timedOut };
  } finally {
    cancelTimer();
    signal.removeEventListener("abort", onAbort);
  }
}

function classify(read: {
  readonly response: Response;
  readonly text: string;
  readonly endpoint: string;
  readonly request: Request;
}): AttemptResult {
  const { response, text, endpoint, request } = read;
  if (response.status === 307 || response.status === 421) {
    return { type: "redirected", leader: originOfLeader(response.headers.get("location")) };
  }
  const body = parseObject(text);
  if (response.ok && (body !== undefined || response.status === 204)) {
    return { type: "answered", answer: { endpoint, body, ...factsOf(response.headers) } };
  }
  // A success that cannot be read is worse than a failure: the write has probably happened. Status 502 says just that.
  const status = response.ok ? 502 : response.status;
  const error = problemOf({ endpoint, status, text, isWrite: request.isWrite });
  const scope = scopeOf(error.code, status);
  return { type: "refused", error, scope, retryAfterMs: retryAfterMs(response.headers.get("retry-after")) };
}

/** What the headers of a success say. */
function factsOf(headers: Headers): Omit<Extract<AttemptResult, { type: "answered" }>["answer"], "endpoint" | "body"> {
  const consistency = headers.get("raft-consistency");
  const isKnown = consistency === "linearizable" || consistency === "lease" || consistency === "stale";
  return {
    position: positionOf(headers),
    consistency: isKnown ? consistency : undefined,
    replayed: headers.get("idempotency-replayed") === "true",
  };
}

function positionOf(headers: Headers): LogPosition | undefined {
  const index = Number(headers.get("raft-index") ?? "missing");
  const term = Number(headers.get("raft-term") ?? "missing");
  return Number.isSafeInteger(index) && Number.isSafeInteger(term) ? { index, term } : undefined;
}

/** What only a leader says: no other node could do better now. */
const saidByLeaders: ReadonlySet<string> = new Set(["QUORATE_BUSY", "QUORATE_STORAGE_FULL"]);

function scopeOf(code: string, status: number): RefusalScope {
  if (status === 429 || saidByLeaders.has(code)) return "load";
  return status >= 500 ? "node" : "request";
}

/** The origin of an address that a node gives for the leader; anything but an absolute HTTP address is as good as none. */
export function originOfLeader(address: string | null): string | undefined {
  const url = address === null ? null : URL.parse(address);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? "0");
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/** fetch wraps what happened: the system's code is in the cause, or in one of several when it tried several addresses. */
function causesOf(error: unknown): readonly unknown[] {
  if (!(error instanceof Error)) return [error];
  const nested = error instanceof AggregateError ? error.errors : [];
  return [error, ...nested, ...(error.cause === undefined ? [] : causesOf(error.cause))];
}

function wasRefused(error: unknown): boolean {
  const codes = causesOf(error)
    .map(codeOf)
    .filter((code) => code !== undefined);
  return codes.length > 0 && codes.every((code) => notConnectedCodes.has(code));
}

/** What happened to a request, in few words. */
export function describeFailure(error: unknown): string {
  const causes = causesOf(error);
  const code = causes.map(codeOf).find((found) => found !== undefined);
  const last = causes.at(-1);
  const message = last instanceof Error && last.message !== "" ? last.message : String(error);
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
