// The node's errors as tests need them.

import { QuorateError } from "@quorate/contracts";

/** A follower's answer when it knows the leader. */
export const notLeader = new QuorateError({
  code: "QUORATE_NOT_LEADER",
  message: "n1 is not the leader of term 2; n3 is",
  hint: "send the request to n3",
  retryable: true,
  details: { leaderId: "n3", term: 2 },
});

/** A node's answer while nobody leads. */
export const noLeader = new QuorateError({
  code: "QUORATE_NO_LEADER",
  message: "n1 knows no leader in term 2",
  hint: "an election is probably running",
  retryable: true,
});

/** A write that may yet take effect. */
export const timedOut = new QuorateError({
  code: "QUORATE_PROPOSAL_TIMEOUT",
  message: "index 9 (term 2) was not committed in time; the outcome is unknown",
  hint: "retry with the same idempotency key",
  retryable: true,
  outcome: "unknown",
});

/** Leadership cannot be handed over, for one of the core's reasons. */
export function transferRefused(reason: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_TRANSFER_REFUSED",
    message: "leadership cannot be handed to n9: it is not possible",
    hint: "choose another voter",
    retryable: reason === "inProgress",
    details: { to: "n9", reason },
  });
}

/** The target did not take over; the old leader goes on. */
export const transferAborted = new QuorateError({
  code: "QUORATE_TRANSFER_ABORTED",
  message: "n2 did not take over within an election timeout",
  hint: "check that it is up and connected, or choose another server",
  retryable: true,
  details: { to: "n2" },
});
