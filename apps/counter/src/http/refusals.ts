// Refusals by the state machine as errors: the same result gives the same text on every node.

import type { QuorateError } from "@quorate/contracts";
import type { CanonicalJson } from "../state-machine/json-value.ts";
import type { CommandResult, Result } from "../state-machine/result.ts";
import type { Service } from "../service-node.ts";
import { problemResponse, requestError } from "./problem.ts";

/** Results that are not a success. */
export type Refusal =
  | Extract<CommandResult, { type: "counterOutOfRange" | "registerAbsent" | "revisionMismatch" | "valueMismatch" }>
  | Extract<Result, { type: "keyReused" | "undecodable" }>;

/** A refusal as an error, and what only some wires have a place for. */
export type RefusalFacts = {
  readonly error: QuorateError;
  /** The register's revision, if a condition on it did not hold. */
  readonly revision?: number | undefined;
  /** The register's value, if it was not the expected one. */
  readonly value?: CanonicalJson | undefined;
};

/** Why a command changed nothing. */
export function refusalFacts(refusal: Refusal): RefusalFacts {
  switch (refusal.type) {
    case "counterOutOfRange": {
      const message = `The counter is at ${refusal.value}; the sum would leave ±(2^53−1). It keeps its value.`;
      return { error: requestError("QUORATE_COUNTER_RANGE", message, { value: refusal.value }) };
    }
    case "registerAbsent":
      return { error: notFound("register") };
    case "revisionMismatch": {
      const { revision } = refusal;
      return { error: preconditionFailed(revision, "The condition on the revision does not hold"), revision };
    }
    case "valueMismatch": {
      const revision = refusal.current?.revision;
      const error = preconditionFailed(revision, "The register does not have the expected value");
      return { error, revision, value: refusal.current?.value };
    }
    case "keyReused": {
      const { firstIndex } = refusal;
      const message = `The Idempotency-Key was first used at index ${firstIndex} with another request.`;
      return { error: requestError("QUORATE_KEY_REUSED", message, { firstIndex }) };
    }
    case "undecodable":
      return { error: requestError("QUORATE_COMMAND_INVALID", "The command in the log cannot be decoded.") };
  }
}

/** The answer that tells a client why its command changed nothing. */
export function refusalResponse(service: Service, url: string, refusal: Refusal, replayed: boolean): Response {
  const { error, revision, value } = refusalFacts(refusal);
  const headers: Record<string, string> = replayed ? { "idempotency-replayed": "true" } : {};
  if (revision !== undefined) headers["etag"] = `"${revision}"`;
  return problemResponse(service, url, error, { headers, ...(value === undefined ? {} : { jsonMembers: { value } }) });
}

/** 404 for a counter or register that was never written. */
export function notFound(what: "counter" | "register"): QuorateError {
  return requestError("QUORATE_NOT_FOUND", `There is no such ${what}.`);
}

function preconditionFailed(revision: number | undefined, what: string): QuorateError {
  const current = revision === undefined ? "it does not exist" : `its revision is ${revision}`;
  return requestError("QUORATE_PRECONDITION", `${what}: ${current}.`, {
    exists: revision !== undefined,
    revision: revision ?? null,
  });
}
