// From an answer that is not a success to the one error shape: problem details (RFC 9457) when the node wrote them, and a
// careful guess when something in between answered instead.

import { QuorateError } from "@quorate/contracts";

/** The facts of an answer that problem details are read from. */
export type FailedAnswer = {
  readonly endpoint: string;
  readonly status: number;
  readonly text: string;
  /** Only writes can have an unknown outcome. */
  readonly isWrite: boolean;
};

/** The error that an answer with a failure status stands for. */
export function problemOf(answer: FailedAnswer): QuorateError {
  const body = parseObject(answer.text);
  const { code, title, detail, hint, retryable, outcome, type: _type, ...rest } = body ?? {};
  const details = { ...rest, status: answer.status, endpoint: answer.endpoint };
  if (typeof code !== "string") return foreignAnswer(answer, details);
  return new QuorateError({
    code,
    message: firstText(detail, title) ?? `${answer.endpoint} answered with status ${answer.status}.`,
    hint: firstText(hint) ?? "See the documentation of this code.",
    retryable: retryable === true,
    // A node that does not say "none" makes no promise.
    outcome:
      answer.isWrite && (outcome === "unknown" || (outcome !== "none" && answer.status >= 500)) ? "unknown" : "none",
    details,
  });
}

/** A proxy, a crash page, another service: the request may or may not have reached a node. */
function foreignAnswer(answer: FailedAnswer, details: Readonly<Record<string, unknown>>): QuorateError {
  const isServerSide = answer.status >= 500;
  return new QuorateError({
    code: "QUORATE_ANSWER_INVALID",
    message: `${answer.endpoint} answered with status ${answer.status} and no problem details.`,
    hint: "Check that the endpoint is a Quorate node, and what stands between it and this client.",
    retryable: isServerSide || answer.status === 429,
    outcome: answer.isWrite && isServerSide ? "unknown" : "none",
    details,
  });
}

/** The members of a JSON object, or undefined if the text is not one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Any object that is not an array has string members of unknown type.
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function firstText(...candidates: readonly unknown[]): string | undefined {
  return candidates.find((candidate) => typeof candidate === "string" && candidate !== "") as string | undefined;
}
