// From HTTP to the node and back: proposals, reads at both levels, and the way to the leader.

import { codeOf, QuorateError } from "@quorate/contracts";
import type { LogPosition } from "@quorate/node";
import { type Command, encodeCommand, maxCommandBytes } from "../state-machine/command.ts";
import type { Answer, CommandResult, Query, Result } from "../state-machine/result.ts";
import type { Service } from "../service-node.ts";
import type { AnswerFacts } from "./answers.ts";
import { detailOf, leaderOf, pathOf, problemResponse, requestError } from "./problem.ts";
import { idempotencyKeyOf, queryOptionsOf, readRequestOf, refusesRedirect } from "./request-headers.ts";

/** A committed command: its result, or that of the first request with the same key. */
export type Committed = {
  readonly position: LogPosition;
  readonly replayed: boolean;
  readonly result: CommandResult | Extract<Result, { type: "keyReused" | "undecodable" }>;
};

/** Sends a command through the log. Rejects with the node's error, for example `QUORATE_NOT_LEADER`. */
export async function propose(service: Service, request: Request, command: Command): Promise<Committed> {
  const data = encodeCommand(command, idempotencyKeyOf(request.headers));
  if (data.length > maxCommandBytes) {
    throw requestError("QUORATE_TOO_LARGE", `The command has ${data.length} bytes; ${maxCommandBytes} are allowed.`);
  }
  const { result, index, term } = await service.node.propose(data);
  if (result.type !== "replayed") return { result, position: { index, term }, replayed: false };
  return { result: result.first, position: { index: result.index, term: result.term }, replayed: true };
}

/** Reads at the level that the request asks for. */
export async function read(
  service: Service,
  request: Request,
  query: Query,
): Promise<{ readonly answer: Answer; readonly facts: AnswerFacts }> {
  const asked = readRequestOf(request);
  // Where no lease covers a lease read, the node answers at the stronger level and says so.
  const { answer, index, term, consistency } = await service.node.query(query, queryOptionsOf(asked));
  // Looked at now: the node may have waited for the index, and heard a leader or lost it meanwhile.
  const ageMs = asked.consistency === "stale" ? checkedAge(service, asked.maxAgeMs) : undefined;
  return { answer, facts: { position: { index, term }, consistency, ageMs } };
}

/** The answer for a failed call: the way to the leader if there is one, else a problem. */
export function failureResponse(service: Service, request: Request, error: unknown): Response {
  if (codeOf(error) !== "QUORATE_NOT_LEADER") return problemResponse(service, request.url, error);
  const named = detailOf(error, "leaderId");
  const leaderId = typeof named === "string" ? named : service.node.currentStatus().leaderId;
  const leader = leaderOf(service, leaderId);
  // The leader may have changed hands since the node said so: a redirect to oneself would be a loop.
  if (leader === null || leader.id === service.nodeId) return problemResponse(service, request.url, noLeader(service));
  return problemResponse(service, request.url, notLeader(service, leader), {
    status: refusesRedirect(request) ? 421 : 307,
    headers: { location: leader.http + pathOf(request.url), "raft-leader": leader.id },
  });
}

function checkedAge(service: Service, maxAgeMs: number | undefined): number | undefined {
  const ageMs = service.node.currentStatus().stateAgeMs;
  if (maxAgeMs === undefined || (ageMs !== undefined && ageMs <= maxAgeMs)) return ageMs;
  const heard = ageMs === undefined ? "has not heard a leader yet" : `heard a leader ${Math.round(ageMs)} ms ago`;
  throw new QuorateError({
    code: "QUORATE_STALE_TOO_OLD",
    message: `${service.nodeId} ${heard}; the limit is ${maxAgeMs} ms.`,
    hint: "Read from the leader, or raise max_age_ms.",
    retryable: true,
    details: { ageMs: ageMs === undefined ? null : Math.round(ageMs), maxAgeMs },
  });
}

function notLeader(service: Service, leader: { readonly id: string; readonly http: string }): QuorateError {
  const { role, term } = service.node.currentStatus();
  return new QuorateError({
    code: "QUORATE_NOT_LEADER",
    message: `${service.nodeId} is a ${role} in term ${term}; the leader is ${leader.id} at ${leader.http}.`,
    hint: "Follow the Location header.",
    retryable: true,
  });
}

function noLeader(service: Service): QuorateError {
  const { term } = service.node.currentStatus();
  return new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `${service.nodeId} knows no leader in term ${term}.`,
    hint: "Retry after a moment; if it lasts, check that a majority of the nodes is running.",
    retryable: true,
  });
}
