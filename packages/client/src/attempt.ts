// One attempt: one HTTP request to one node, with a time limit, and what its end means for the call.

import { codeOf, type QuorateError } from "@quorate/contracts";
import type { Settings } from "./options.ts";
import { parseObject, problemOf } from "./problem.ts";

/** What a call asks, independent of the node that is asked. */
export type Request = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A write's outcome can be unknown; a read can simply be repeated. */
  readonly isWrite: boolean;
  /** False if it could take effect once more when it is repeated: after an attempt of unknown outcome there is no other. */
  readonly isRepeatable: boolean;
  /** Only the leader answers: redirects are expected, and whoever answers is the leader. */
  readonly needsLeader: boolean;
};

/** A success, read completely. */
export type Answer = {
  readonly endpoint: string;
  readonly headers: Headers;
  /** Undefined if the answer has no body. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
};

/** How an attempt ended. */
export type AttemptResult =
  | { readonly type: "answered"; readonly answer: Answer }
  /** The node is not the leader; `leader` is the origin it names, if it names one. */
  | { readonly type: "redirected"; readonly leader: string | undefined }
  | { readonly type: "refused"; readonly error: QuorateError; readonly retryAfterMs: number }
  /** No answer. `sent` is false only if the request certainly never left. */
  | { readonly type: "failed"; readonly reason: string; readonly sent: boolean; readonly timedOut: boolean };

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
export async function attempt(
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
  try {
    const response = await settings.fetch(endpoint + request.path, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
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
    return { type: "answered", answer: { endpoint, headers: response.headers, body } };
  }
  // A success that cannot be read is worse than a failure: the write has probably happened. Status 502 says just that.
  const status = response.ok ? 502 : response.status;
  const error = problemOf({ endpoint, status, text, isWrite: request.isWrite });
  return { type: "refused", error, retryAfterMs: retryAfterMs(response.headers.get("retry-after")) };
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

function describeFailure(error: unknown): string {
  const causes = causesOf(error);
  const code = causes.map(codeOf).find((found) => found !== undefined);
  const last = causes.at(-1);
  const message = last instanceof Error && last.message !== "" ? last.message : String(error);
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
