// From answers to results: the members that every caller relies on are checked here, once.

import { QuorateError } from "@quorate/contracts";
import type { Answer } from "./request.ts";
import type {
  Consistency,
  CounterState,
  CounterValue,
  JsonValue,
  Leadership,
  LogPosition,
  NodeStatus,
  ReadMark,
  RegisterState,
  RegisterValue,
  WriteMark,
} from "./types.ts";
import type { WatchEvent } from "./watch.ts";

export function counterValue({ endpoint, body }: Answer): CounterValue {
  const { name, value, index, term } = body ?? {};
  if (typeof name !== "string" || !isInteger(value) || !isInteger(index) || !isInteger(term))
    throw unreadable(endpoint);
  return { name, value, index, term };
}

export function registerValue({ endpoint, body }: Answer): RegisterValue {
  const { key, value, revision, index, term } = body ?? {};
  if (typeof key !== "string" || value === undefined || !isInteger(revision) || !isInteger(index) || !isInteger(term)) {
    throw unreadable(endpoint);
  }
  // It came out of JSON.parse.
  return { key, value: value as JsonValue, revision, index, term };
}

export function leadership({ endpoint, body }: Answer): Leadership {
  const { leader, term } = body ?? {};
  const isNamed = typeof leader === "object" && leader !== null && "id" in leader && "http" in leader;
  if (!isNamed || typeof leader.id !== "string" || typeof leader.http !== "string" || !isInteger(term)) {
    throw unreadable(endpoint);
  }
  return { leader: { id: leader.id, http: leader.http }, term };
}

/** A counter as an event shows it. */
export function counterState(name: string, { index, body }: WatchEvent): CounterState {
  const value = body?.["value"];
  return { name, value: isInteger(value) ? value : undefined, index };
}

/** A register as an event shows it. */
export function registerState(key: string, { index, body }: WatchEvent): RegisterState {
  const { value, revision } = body ?? {};
  // It came out of JSON.parse.
  return { key, value: value as JsonValue | undefined, revision: isInteger(revision) ? revision : undefined, index };
}

/** The position of an answer without a body. */
export function logPosition({ endpoint, position }: Answer): LogPosition {
  if (position === undefined) throw unreadable(endpoint);
  return position;
}

export function readMark({ consistency }: Answer, asked: Consistency): ReadMark {
  return { consistency: consistency ?? asked };
}

export function writeMark({ replayed }: Answer, idempotencyKey: string | undefined): WriteMark {
  return { replayed, idempotencyKey };
}

export function nodeStatus({ endpoint, body }: Answer): NodeStatus {
  const { id, role, term, lastApplied, members } = body ?? {};
  const isStatus =
    typeof id === "string" &&
    typeof role === "string" &&
    isInteger(term) &&
    isInteger(lastApplied) &&
    Array.isArray(members);
  if (!isStatus) throw unreadable(endpoint);
  // The members that tell a node's status from another service's were checked; the rest is for display.
  return body as unknown as NodeStatus;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

export function unreadable(endpoint: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_ANSWER_INVALID",
    message: `${endpoint} answered with success, but not in the form that this client knows.`,
    hint: "Check that the endpoint is a Quorate node of a version that fits this client.",
    outcome: "unknown",
    details: { endpoint },
  });
}
