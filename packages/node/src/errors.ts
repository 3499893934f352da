// The failures a caller of a node can see, each with what to do about it.

import { QuorateError } from "@quorate/contracts";
import type { NodeId } from "@quorate/core";

/** This server does not lead; the leader is known or not. */
export function notLeader(nodeId: NodeId, leaderId: NodeId | undefined, term: number): QuorateError {
  if (leaderId === undefined) {
    return new QuorateError({
      code: "QUORATE_NO_LEADER",
      message: `${nodeId} knows no leader in term ${term}`,
      hint: "an election is probably running: retry with backoff; if it lasts, check that a majority of the servers is up and connected",
      retryable: true,
      details: { term },
    });
  }
  return new QuorateError({
    code: "QUORATE_NOT_LEADER",
    message: `${nodeId} is not the leader of term ${term}; ${leaderId} is`,
    hint: `send the request to ${leaderId}`,
    retryable: true,
    details: { leaderId, term },
  });
}

/** Leadership ended while a read waited; the read has had no effect. */
export function readLost(nodeId: NodeId): QuorateError {
  return new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `${nodeId} lost its leadership before it could confirm the read`,
    hint: "retry with backoff: another server is being elected",
    retryable: true,
  });
}

/** A proposal was removed from the log and another entry is committed in its place. */
export function proposalDropped(index: number, term: number, committedTerm: number): QuorateError {
  return new QuorateError({
    code: "QUORATE_PROPOSAL_DROPPED",
    message: `the proposal at index ${index} (term ${term}) was lost: that index is now committed in term ${committedTerm}`,
    hint: "it has certainly not been applied: propose it again",
    retryable: true,
    details: { index, term, committedTerm },
  });
}

/** A proposal that may or may not take effect. */
export function outcomeUnknown(message: string, details: Readonly<Record<string, unknown>> = {}): QuorateError {
  return new QuorateError({
    code: "QUORATE_PROPOSAL_TIMEOUT",
    message: `${message}; the outcome is unknown`,
    hint: "retry with the same idempotency key, or read back before assuming that it failed",
    retryable: true,
    outcome: "unknown",
    details,
  });
}

/** A linearizable read was not confirmed in time. */
export function readTimeout(timeoutMs: number): QuorateError {
  return new QuorateError({
    code: "QUORATE_READ_TIMEOUT",
    message: `no majority confirmed the read within ${timeoutMs} ms`,
    hint: "retry with backoff, or ask for a stale read if an old answer will do",
    retryable: true,
  });
}

/** Too much is waiting already. */
export function busy(what: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_BUSY",
    message: `too many ${what} are waiting`,
    hint: "back off and retry: the cluster commits more slowly than requests arrive",
    retryable: true,
  });
}

/** A command over the size limit. */
export function tooLarge(sizeBytes: number, limitBytes: number): QuorateError {
  return new QuorateError({
    code: "QUORATE_TOO_LARGE",
    message: `the command has ${sizeBytes} bytes, the limit is ${limitBytes}`,
    hint: "split the command, or raise maxCommandBytes on every server",
    details: { sizeBytes, limitBytes },
  });
}

/** The caller stopped waiting. */
export function aborted(reason: unknown, outcome: "none" | "unknown"): QuorateError {
  return new QuorateError({
    code: "QUORATE_ABORTED",
    message: outcome === "unknown" ? "the call was aborted; the outcome is unknown" : "the call was aborted",
    hint: "an aborted proposal may still be committed: retry it only with the same idempotency key",
    outcome,
    cause: reason,
  });
}

/** The node is closed. */
export function closed(nodeId: NodeId, outcome: "none" | "unknown"): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: `${nodeId} was closed`,
    hint: "send the request to another server",
    retryable: true,
    outcome,
  });
}

/** The node stopped because of `cause` and answers nothing any more. */
export function nodeFailed(nodeId: NodeId, cause: QuorateError, outcome: "none" | "unknown"): QuorateError {
  return new QuorateError({
    code: cause.code,
    message: `${nodeId} has stopped: ${cause.message}`,
    hint: cause.hint,
    outcome,
    cause,
  });
}
