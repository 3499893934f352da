// The failures a caller of a node can see, each with what to do about it.

import { QuorateError } from "@quorate/contracts";
import type { ChangeResult, NodeId, RejectedRead, TransferResult } from "@quorate/core";

type ChangeRefusal = Extract<ChangeResult, { accepted: false }>["reason"];
type TransferRefusal = Extract<TransferResult, { accepted: false }>["reason"];

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

/** The leader is handing over: nobody takes proposals until the next one leads. */
export function transferring(nodeId: NodeId, to: NodeId | undefined): QuorateError {
  return new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `${nodeId} is handing its leadership to ${to ?? "another server"}`,
    hint: "retry with backoff: the next leader takes over within an election timeout",
    retryable: true,
    details: { transferringTo: to },
  });
}

const transferRefusals: Readonly<Record<Exclude<TransferRefusal, "notLeader">, string>> = {
  inProgress: "another transfer is under way",
  alreadyLeader: "it leads already",
  notAVoter: "it is not a voter of the configuration",
  noOtherVoter: "there is no other voter",
};

/** Leadership cannot be handed over as asked. */
export function transferRefused(reason: Exclude<TransferRefusal, "notLeader">, to: NodeId | undefined): QuorateError {
  return new QuorateError({
    code: "QUORATE_TRANSFER_REFUSED",
    message: `leadership cannot be handed to ${to ?? "another server"}: ${transferRefusals[reason]}`,
    hint: "choose another voter of the cluster, or wait for the transfer that is under way",
    retryable: reason === "inProgress",
    details: { to, reason },
  });
}

/** The target did not take over in time; the leader goes on. */
export function transferAborted(to: NodeId): QuorateError {
  return new QuorateError({
    code: "QUORATE_TRANSFER_ABORTED",
    message: `${to} did not take over within an election timeout`,
    hint: "check that it is up and connected, or choose another server; the old leader goes on leading",
    retryable: true,
    details: { to },
  });
}

const changeRefusals: Readonly<Record<Exclude<ChangeRefusal, "notLeader" | "transferring">, string>> = {
  notYetCommitted: "the leader has not committed an entry of its own term yet",
  changeInProgress: "another change is not finished",
  configurationChanged: "the configuration is no longer the expected one",
  notCaughtUp: "lacks too much of the log to vote",
  wouldLoseQuorum: "the voters that answer now would be no majority afterwards",
  alreadyMember: "is a member already",
  unknownServer: "is not a member",
  notALearner: "is not a learner",
  notAVoter: "is not a voter",
  noVotersLeft: "no voter would be left",
  neverHeard: "was not heard yet, so nobody knows which store would have the vote",
  notAPriority: "was to get a priority that is not a whole number from 0 to 100",
  addressTooLong: "would have an address of more than 1024 characters",
  readmitAlone: "comes back with another store, and several voters would change at once",
};

const changeHints: Readonly<Partial<Record<ChangeRefusal, string>>> = {
  notYetCommitted: "retry in a moment",
  changeInProgress: "wait until it is committed",
  configurationChanged: "read the status again and decide anew",
  notCaughtUp: "wait until it has caught up, or force the change",
  neverHeard: "start it and wait until the leader has heard from it",
  readmitAlone: "readmit it in a change of its own",
  wouldLoseQuorum: "bring the other servers back first, or force the change if they are gone for good",
};

/** A membership change that the leader did not begin. */
export function changeRefused(reason: Exclude<ChangeRefusal, "notLeader" | "transferring">, id?: NodeId): QuorateError {
  const codes: Partial<Record<ChangeRefusal, string>> = {
    changeInProgress: "QUORATE_CHANGE_IN_PROGRESS",
    wouldLoseQuorum: "QUORATE_WOULD_LOSE_QUORUM",
  };
  return new QuorateError({
    code: codes[reason] ?? "QUORATE_CHANGE_REFUSED",
    message: `the membership was not changed: ${id === undefined ? "" : `${id} `}${changeRefusals[reason]}`,
    hint: changeHints[reason] ?? "compare the change with the members that the status shows",
    retryable: reason === "notYetCommitted" || reason === "changeInProgress",
    details: { reason, id },
  });
}

/** Leadership ended while a read waited; the read has had no effect. */
export function readLost(nodeId: NodeId, reason: RejectedRead["reason"]): QuorateError {
  const problems: Readonly<Record<typeof reason, string>> = {
    leadershipLost: "lost its leadership before it could confirm the read",
    leaderChanged: "follows another leader now than the one that it asked about the read",
    unanswered: "asked its leader about the read and got no answer",
  };
  return new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `${nodeId} ${problems[reason]}`,
    hint: "retry with backoff: another server may be on its way to be elected",
    retryable: true,
  });
}

/** A law of Raft does not hold between two servers. */
export function contradiction(from: NodeId): QuorateError {
  return new QuorateError({
    code: "QUORATE_INVARIANT_VIOLATED",
    message: `${from} offers entries that contradict what is committed here`,
    hint: "one of the two has lost data or is not Raft: keep both data directories as they are, and report it",
  });
}

/** The storage has lost what this node had acknowledged. Voting or acknowledging with the rest could lose committed writes. */
export function lostEntries(
  leaderId: NodeId,
  status: { readonly id: NodeId; readonly lastIndex: number },
): QuorateError {
  return new QuorateError({
    code: "QUORATE_LOG_CORRUPT",
    message: `the log of ${status.id} ends at index ${status.lastIndex}, but ${leaderId} knows of later entries that it had made durable`,
    hint: "its storage lost acknowledged entries: replace the disk, start with an empty data directory, and the other servers bring it up to date",
    details: { lastIndex: status.lastIndex },
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
    message: `the read was not confirmed and applied within ${timeoutMs} ms`,
    hint: "retry with backoff, or ask for a stale read if an old answer will do",
    retryable: true,
  });
}

/** The state that a read wants to see was not reached here in time. */
export function indexNotReached(
  nodeId: NodeId,
  read: { readonly minIndex: number; readonly lastApplied: number; readonly timeoutMs: number },
): QuorateError {
  const { minIndex, lastApplied, timeoutMs } = read;
  return new QuorateError({
    code: "QUORATE_INDEX_NOT_REACHED",
    message: `${nodeId} has applied up to index ${lastApplied}; index ${minIndex} was not reached within ${timeoutMs} ms`,
    hint: "ask another node or wait longer; an index that no node reaches was never committed, or is another cluster's",
    retryable: true,
    details: { minIndex, lastApplied },
  });
}

/** This server may be further behind than the caller accepts. */
export function staleTooOld(nodeId: NodeId, ageMs: number, maxAgeMs: number): QuorateError {
  const age = Number.isFinite(ageMs) ? `${Math.round(ageMs)} ms` : "an unknown time";
  return new QuorateError({
    code: "QUORATE_STALE_TOO_OLD",
    message: `${nodeId} may have missed what was committed for ${age}, the limit is ${maxAgeMs} ms`,
    hint: "read from the leader, or accept an older answer",
    retryable: true,
    details: { ageMs, maxAgeMs },
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

/** The leader's disk has hardly any space left. */
export function storageFull(nodeId: NodeId): QuorateError {
  return new QuorateError({
    code: "QUORATE_STORAGE_FULL",
    message: `the disk of ${nodeId} has hardly any space left, so it takes no new commands`,
    hint: "free space on it: the node goes on by itself; meanwhile it hands over to a server that may have more, and reads go on",
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
