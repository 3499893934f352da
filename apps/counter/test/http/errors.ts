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
