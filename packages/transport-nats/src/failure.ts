// What can be wrong with the broker, as a code and a sentence that stays the same from attempt to attempt, so that it is
// told once.

import { codeOf, QuorateError } from "@quorate/contracts";

/** One reason, ready for an event. */
export type Failure = { readonly code: string; readonly detail: string };

/** The error codes of this transport. */
export const codes = {
  unavailable: "QUORATE_NATS_UNAVAILABLE",
  refused: "QUORATE_NATS_REFUSED",
  payloadLimit: "QUORATE_NATS_PAYLOAD_LIMIT",
  clusterMismatch: "QUORATE_CLUSTER_MISMATCH",
  unknownPeer: "QUORATE_PEER_UNKNOWN",
  senderForged: "QUORATE_SENDER_FORGED",
  duplicateId: "QUORATE_DUPLICATE_ID",
  garbage: "QUORATE_DECODE_FAILED",
} as const;

/** Why an attempt to connect failed, or a connection was lost. `broker` and `subject` say what it was for. */
export function describeBrokerError(
  error: unknown,
  where: { readonly broker: string; readonly subject: string },
): Failure {
  const { broker, subject } = where;
  const reason = reasonOf(error);
  if (isRefusal(error)) return { code: codes.refused, detail: `${broker} refused the login for ${subject}: ${reason}` };
  return { code: codes.unavailable, detail: `cannot reach ${broker} for ${subject}: ${reason}` };
}

/** The broker does not let this server publish or subscribe. */
export function describeViolation(
  broker: string,
  violation: { readonly operation: string; readonly subject: string },
): Failure {
  const { operation, subject } = violation;
  const verb = operation === "publish" ? "publish to" : "subscribe to";
  return { code: codes.refused, detail: `${broker} does not permit this user to ${verb} ${subject}` };
}

/** The broker carries less than this server sends. */
export function describePayloadLimit(
  broker: string,
  sizes: { readonly brokerBytes: number; readonly neededBytes: number },
): Failure {
  const { brokerBytes, neededBytes } = sizes;
  return {
    code: codes.payloadLimit,
    detail: `${broker} carries messages of at most ${brokerBytes} bytes (max_payload), this server sends up to ${neededBytes}`,
  };
}

/** A failure that ends `start`, with the remedy. */
export function startError(failure: Failure, facts: { readonly neededBytes: number; readonly cause?: unknown }): Error {
  const hints: Readonly<Record<string, string>> = {
    [codes.payloadLimit]: `Set max_payload to at least ${facts.neededBytes} in the broker's configuration, or limits.maxMessageBytes to at most what the broker carries, on every server.`,
    [codes.refused]:
      "Check user, password and permissions in the broker's configuration; the README lists what is needed.",
  };
  return new QuorateError({
    code: failure.code,
    message: `${failure.detail}.`,
    hint: hints[failure.code] ?? "Check that the broker runs and that its address is right.",
    cause: facts.cause,
  });
}

/** Text from outside made fit for a log line: no control characters, not long. */
export function printable(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
  return clean.length > 200 ? `${clean.slice(0, 200)}…` : clean;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(Authorization|UserAuthenticationExpired)Error$/.test(error.name);
}

function reasonOf(error: unknown): string {
  const code = codeOf(error) ?? (error instanceof Error ? codeOf(error.cause) : undefined);
  switch (code) {
    case "ECONNREFUSED":
      return "the connection was refused, no broker listens there (ECONNREFUSED)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name was not found (${code})`;
    case undefined:
      return error instanceof Error && error.message !== "" ? printable(error.message) : "the connection was lost";
    default:
      return code;
  }
}
