// Requests about the membership, sent to whoever leads. They carry no key that would make repeating safe, so nothing is
// repeated that may have taken effect.

import { setTimeout as pause } from "node:timers/promises";
import { codeOf, QuorateError } from "@quorate/contracts";
import { UsageError } from "./failure.ts";
import { type CliIo, fetchOf } from "./io.ts";
import { endpointsOf, type SharedValues } from "./options.ts";
import { type BodyFacts, problemIn, readBody } from "./problem-body.ts";

/** One request. */
export type MemberRequest = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: object;
  readonly ifMatch?: number;
};

/** The body of a success. */
export type MemberAnswer = BodyFacts;

type Target = {
  readonly io: CliIo;
  readonly request: MemberRequest;
  readonly endpoint: string;
  readonly leftMs: number;
};
type Outcome =
  | { readonly type: "answered"; readonly body: MemberAnswer }
  | { readonly type: "redirected"; readonly to: string }
  | { readonly type: "again"; readonly error: QuorateError };

const defaultTimeoutMs = 10_000;
const pauseMs = 150;
const maxRedirects = 5;

/** Asks the endpoints, follows them to the leader, and waits while there is none or another change is under way. */
export async function askMembers(io: CliIo, values: SharedValues, request: MemberRequest): Promise<MemberAnswer> {
  const deadline = performance.now() + (values.timeoutMs ?? defaultTimeoutMs);
  const endpoints = endpointsOf(io, values).map(originOf);
  let last: QuorateError | undefined;
  for (;;) {
    for (const endpoint of endpoints) {
      const outcome = await follow({ io, request, endpoint, leftMs: deadline - performance.now() });
      if (outcome.type === "answered") return outcome.body;
      // That nobody is there says less than what somebody said.
      if (last === undefined || outcome.error.code !== "QUORATE_UNREACHABLE") last = outcome.error;
      if (performance.now() >= deadline) throw last;
    }
    await pause(pauseMs);
  }
}

/** Goes where redirects point, a few times at most. */
async function follow(target: Target): Promise<Exclude<Outcome, { type: "redirected" }>> {
  let { endpoint } = target;
  for (let redirects = 0; redirects < maxRedirects; redirects += 1) {
    const outcome = await ask({ ...target, endpoint });
    if (outcome.type !== "redirected") return outcome;
    endpoint = outcome.to;
  }
  return { type: "again", error: noLeader(`the nodes point to each other, the last to ${endpoint}`) };
}

async function ask({ io, request, endpoint, leftMs }: Target): Promise<Outcome> {
  const { method, path, body, ifMatch } = request;
  const send = fetchOf(io);
  let response: Response;
  try {
    response = await send(endpoint + path, {
      method,
      redirect: "manual",
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(ifMatch !== undefined && { "if-match": `"${ifMatch}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(leftMs))),
    });
  } catch (error) {
    const unreachable = unreachableError(endpoint, error);
    if (method === "GET" || wasRefused(error)) return { type: "again", error: unreachable };
    throw unanswered(request, unreachable);
  }
  const location = response.headers.get("location");
  if (response.status === 307 && location !== null) return { type: "redirected", to: new URL(location).origin };
  return judge(endpoint, response.status, await readBody(response));
}

function judge(endpoint: string, status: number, body: BodyFacts | undefined): Outcome {
  if (body === undefined) {
    throw new QuorateError({
      code: "QUORATE_ANSWER_INVALID",
      message: `${endpoint} answered with status ${status} and without JSON.`,
      hint: "Check that the endpoint is a Quorate node.",
      outcome: "unknown",
    });
  }
  if (status === 200) return { type: "answered", body };
  const error = new QuorateError(problemIn(body, { endpoint, status }));
  if (error.retryable && error.outcome === "none") return { type: "again", error };
  throw error;
}

function originOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new UsageError(
    `${endpoint} is not an HTTP address`,
    "The membership is changed over HTTP: name the nodes as http://HOST:PORT.",
  );
}

/** The system's code is in the cause of what fetch throws, or in the error itself. */
function systemCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(error) ?? codeOf(cause);
}

/** Nothing was sent. */
function wasRefused(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"].includes(systemCode(error) ?? "");
}

function unreachableError(endpoint: string, cause: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `${endpoint} did not answer (${systemCode(cause) ?? String(cause)}).`,
    hint: "Check that the nodes are running and that the endpoints are right.",
    retryable: true,
    cause,
  });
}

function unanswered({ method, path }: MemberRequest, cause: QuorateError): QuorateError {
  return new QuorateError({
    code: "QUORATE_PROPOSAL_TIMEOUT",
    message: `${method} ${path} was sent and not answered: ${cause.message}`,
    hint: "See what quorate members list says before you repeat it.",
    outcome: "unknown",
    cause,
  });
}

function noLeader(message: string): QuorateError {
  return new QuorateError({ code: "QUORATE_NO_LEADER", message, hint: "Ask again in a moment.", retryable: true });
}
