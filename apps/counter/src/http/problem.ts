// Errors as HTTP answers: problem details (RFC 9457) with the members that every Quorate error has.

import { QuorateError } from "@quorate/contracts";
import { describeCode, problemType } from "../errors/catalogue.ts";
import type { Service } from "../service-node.ts";
import type { CanonicalJson } from "../state-machine/json-value.ts";

/** Extra parts of an error answer. */
export type ProblemOptions = {
  /** Instead of the catalogue's status. */
  readonly status?: number;
  /** Instead of the error's own. */
  readonly hint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Members that are JSON text already: register values are never parsed on the way out. */
  readonly jsonMembers?: Readonly<Record<string, CanonicalJson>>;
};

const retryAfterSeconds = "1";

/** The answer for `error`, whatever it is. A defect of the service is reported to it and answered with 500. */
export function problemResponse(service: Service, url: string, error: unknown, options: ProblemOptions = {}): Response {
  const known = asQuorateError(error);
  if (known === undefined) service.onDefect(error);
  const facts = known ?? defect();
  const entry = describeCode(facts.code);
  // 503 invites to repeat blindly; an unknown outcome does not, whatever caused it.
  const refused = facts.outcome === "unknown" && entry.status === 503 ? 504 : entry.status;
  const status = options.status ?? refused;
  const { leaderId, term } = service.node.currentStatus();
  const body = JSON.stringify({
    ...facts.details,
    type: problemType(facts.code),
    title: entry.title,
    status,
    detail: facts.message,
    instance: pathOf(url),
    code: facts.code,
    hint: options.hint ?? (facts.hint === "" ? entry.hint : facts.hint),
    retryable: facts.retryable,
    outcome: facts.outcome,
    leader: leaderOf(service, leaderId),
    term,
    node: service.nodeId,
  });
  return new Response(withJsonMembers(body, options.jsonMembers), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 503 ? { "retry-after": retryAfterSeconds } : {}),
      ...options.headers,
    },
  });
}

/** An error of the HTTP layer. `details` become members of the problem. */
export function requestError(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): QuorateError {
  return new QuorateError({ code, message, hint: describeCode(code).hint, details });
}

/** One of the facts that an error carries for programs; undefined if it is none of ours or does not have it. */
export function detailOf(error: unknown, name: string): unknown {
  return asQuorateError(error)?.details[name];
}

/** The leader as `{ id, http }`, or null while none is known. */
export function leaderOf(service: Service, leaderId: string | undefined): { id: string; http: string } | null {
  const http = leaderId === undefined ? undefined : service.addresses.of(leaderId)?.http;
  return leaderId === undefined || http === undefined ? null : { id: leaderId, http };
}

/** Path and query exactly as they arrived. */
export function pathOf(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

function withJsonMembers(body: string, members: Readonly<Record<string, CanonicalJson>> | undefined): string {
  if (members === undefined) return body;
  const extra = Object.entries(members).map(([name, json]) => `,${JSON.stringify(name)}:${json}`);
  return `${body.slice(0, -1)}${extra.join("")}}`;
}

/** Recognised by its shape: another copy of the contracts package may have made it. */
function asQuorateError(error: unknown): QuorateError | undefined {
  if (error instanceof QuorateError) return error;
  if (!(error instanceof Error) || error.name !== "QuorateError" || !("code" in error) || !("outcome" in error)) {
    return undefined;
  }
  return error as QuorateError; // same name and members
}

function defect(): QuorateError {
  return new QuorateError({
    code: "QUORATE_INTERNAL",
    message: "The node failed to answer because of a defect.",
    hint: "",
    outcome: "unknown",
  });
}
