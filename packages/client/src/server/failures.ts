// Errors on their way to a client: what they are about, and the way to the leader.

import { codeOf, QuorateError } from "@quorate/contracts";
import type { ErrorScope, WireAnswer } from "../wire/answers.ts";

/** What an error answer needs to know about the cluster. */
export type ClusterFacts = {
  readonly nodeId: string;
  /** The address of each member's client port, `HOST:PORT`, by node id; members come and go while it is used. */
  readonly addresses: Pick<ReadonlyMap<string, string>, "get">;
  currentStatus(): { readonly leaderId?: string | undefined; readonly term: number };
  /** Called with every error that is a defect of the service. */
  onDefect(error: unknown): void;
};

/** Refusals about the request, whoever leads. */
const aboutRequest: ReadonlySet<string> = new Set([
  "QUORATE_TOO_LARGE",
  "QUORATE_TRANSFER_REFUSED",
  "QUORATE_TRANSFER_ABORTED",
  "QUORATE_SESSION_UNKNOWN",
  "QUORATE_ANSWER_DISCARDED",
]);

/** Refusals that time may lift, and no other node. */
const aboutLoad: ReadonlySet<string> = new Set(["QUORATE_BUSY", "QUORATE_SESSION_WINDOW", "QUORATE_STORAGE_FULL"]);

/** An error that a node's call ended with. */
export function failureOf(error: unknown, facts: ClusterFacts): WireAnswer {
  const code = codeOf(error) ?? "";
  if (code === "QUORATE_NOT_LEADER") return leaderOf(error, facts);
  if (aboutLoad.has(code)) return failed(error, "load", facts);
  return failed(error, aboutRequest.has(code) ? "request" : "node", facts);
}

/** An error that the application refused a request with. */
export function refusalOf(error: unknown, facts: ClusterFacts): WireAnswer {
  return failed(error, "request", facts);
}

/** An answer for a request that nobody looked at. */
export function busy(message: string): WireAnswer {
  const hint = "Retry after a moment, with fewer requests at once.";
  return failedWith(new QuorateError({ code: "QUORATE_BUSY", message, hint, retryable: true }), "load");
}

function leaderOf(error: unknown, facts: ClusterFacts): WireAnswer {
  const details = isCoded(error) ? error.details : {};
  const named = details["leaderId"];
  const status = facts.currentStatus();
  const leaderId = typeof named === "string" ? named : status.leaderId;
  const address = leaderId === undefined ? undefined : facts.addresses.get(leaderId);
  // The leader may have changed hands since the node said so: a redirect to oneself would be a loop.
  if (leaderId !== undefined && address !== undefined && leaderId !== facts.nodeId) {
    return { type: "redirected", leaderId, address };
  }
  const noLeader = new QuorateError({
    code: "QUORATE_NO_LEADER",
    message: `${facts.nodeId} knows no leader in term ${status.term}.`,
    hint: "Retry after a moment; if it lasts, check that a majority of the nodes is running.",
    retryable: true,
  });
  return failedWith(noLeader, "node");
}

function failed(error: unknown, scope: ErrorScope, facts: ClusterFacts): WireAnswer {
  if (isCoded(error)) return failedWith(error, scope);
  facts.onDefect(error);
  const defect = new QuorateError({
    code: "QUORATE_INTERNAL",
    message: "The node failed to answer because of a defect.",
    hint: "Look at the log of the node, and report what it says.",
    outcome: "unknown",
  });
  return failedWith(defect, "node");
}

function failedWith(error: QuorateError, scope: ErrorScope): WireAnswer {
  const { code, message, hint, retryable, outcome, details } = error;
  return {
    type: "failed",
    error: { code, message, hint, retryable, outcome, scope, details: JSON.stringify(details) },
  };
}

/** Recognised by its shape: another copy of the contracts package may have made it. */
function isCoded(error: unknown): error is QuorateError {
  if (error instanceof QuorateError) return true;
  return error instanceof Error && error.name === "QuorateError" && "code" in error && "outcome" in error;
}
