// Refusals by the state machine as errors: the same result gives the same text on every node.

import type { QuorateError } from "@quorate/contracts";
import type { CommandResult, Result } from "../state-machine/result.ts";
import type { Service } from "../service-node.ts";
import { problemResponse, requestError } from "./problem.ts";

/** Results that are not a success. */
export type Refusal =
  | Extract<CommandResult, { type: "counterOutOfRange" | "registerAbsent" | "revisionMismatch" | "valueMismatch" }>
  | Extract<Result, { type: "keyReused" | "undecodable" }>;

/** The answer that tells a client why its command changed nothing. */
export function refusalResponse(service: Service, url: string, refusal: Refusal, replayed: boolean): Response {
  const headers: Record<string, string> = replayed ? { "idempotency-replayed": "true" } : {};
  const respond = (error: QuorateError, jsonMembers?: Readonly<Record<string, string>>): Response =>
    problemResponse(service, url, error, { headers, ...(jsonMembers === undefined ? {} : { jsonMembers }) });
  switch (refusal.type) {
    case "counterOutOfRange":
      return respond(
        requestError(
          "QUORATE_COUNTER_RANGE",
          `The counter is at ${refusal.value}; the sum would leave ±(2^53−1). It keeps its value.`,
          { value: refusal.value },
        ),
      );
    case "registerAbsent":
      return respond(notFound("register"));
    case "revisionMismatch":
      setEtag(headers, refusal.revision);
      return respond(preconditionFailed(refusal.revision, "The condition on the revision does not hold"));
    case "valueMismatch": {
      const revision = refusal.current?.revision;
      setEtag(headers, revision);
      const error = preconditionFailed(revision, "The register does not have the expected value");
      return respond(error, refusal.current === undefined ? undefined : { value: refusal.current.value });
    }
    case "keyReused":
      return respond(
        requestError(
          "QUORATE_KEY_REUSED",
          `The Idempotency-Key was first used at index ${refusal.firstIndex} with another request.`,
          { firstIndex: refusal.firstIndex },
        ),
      );
    case "undecodable":
      return respond(requestError("QUORATE_COMMAND_INVALID", "The command in the log cannot be decoded."));
  }
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

function setEtag(headers: Record<string, string>, revision: number | undefined): void {
  if (revision !== undefined) headers["etag"] = `"${revision}"`;
}
