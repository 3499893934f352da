// Successful answers. Their JSON is put together from parts that are JSON already: register values are stored as text.

import type { Consistency, LogPosition } from "@quorate/node";
import type { RegisterState } from "../state-machine/result.ts";

/** What a successful answer says besides its body. */
export type AnswerFacts = {
  readonly position: LogPosition;
  readonly consistency: Consistency;
  /** Only for stale answers: time since the node heard a leader. */
  readonly ageMs?: number | undefined;
  /** True if this is the first answer to a repeated request. */
  readonly replayed?: boolean;
};

/** A counter's value. */
export function counterAnswer(name: string, value: number, facts: AnswerFacts): Response {
  const { index, term } = facts.position;
  const body = `{"name":${JSON.stringify(name)},"value":${value},"index":${index},"term":${term}}`;
  return new Response(body, { status: 200, headers: headersOf(facts, "application/json") });
}

/** A register's value and revision. */
export function registerAnswer(
  key: string,
  register: RegisterState,
  facts: AnswerFacts & { readonly created?: boolean },
): Response {
  const { index, term } = facts.position;
  const { value, revision } = register;
  const body = `{"key":${JSON.stringify(key)},"value":${value},"revision":${revision},"index":${index},"term":${term}}`;
  const headers = headersOf(facts, "application/json");
  headers["etag"] = `"${revision}"`;
  return new Response(body, { status: facts.created === true ? 201 : 200, headers });
}

/** Who leads after a transfer, as this node has heard it. */
export function transferAnswer(
  leader: { readonly id: string; readonly http: string },
  position: LogPosition,
): Response {
  const { id, http } = leader;
  const body = JSON.stringify({ leader: { id, http }, term: position.term });
  return new Response(body, {
    status: 200,
    headers: headersOf({ position, consistency: "stale" }, "application/json"),
  });
}

/** A success without a body. */
export function emptyAnswer(facts: AnswerFacts): Response {
  return new Response(null, { status: 204, headers: headersOf(facts, undefined) });
}

function headersOf(facts: AnswerFacts, contentType: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    "raft-index": String(facts.position.index),
    "raft-term": String(facts.position.term),
    "raft-consistency": facts.consistency,
    "cache-control": "no-store",
  };
  if (contentType !== undefined) headers["content-type"] = contentType;
  if (facts.ageMs !== undefined) headers["raft-age-ms"] = String(Math.round(facts.ageMs));
  if (facts.replayed === true) headers["idempotency-replayed"] = "true";
  return headers;
}
