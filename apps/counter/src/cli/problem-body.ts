// What a node answered to a request that the command line has sent itself.

import type { ErrorFacts } from "@quorate/contracts";

/** The members of a JSON object. */
export type BodyFacts = Readonly<Record<string, unknown>>;

/** The body of an answer; undefined if it is no JSON object. */
export async function readBody(response: Response): Promise<BodyFacts | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  return typeof body === "object" && body !== null ? { ...body } : undefined;
}

/** The error that an answer without success tells of. What is missing in it was not written by a node of this version. */
export function problemIn(
  body: BodyFacts,
  from: { readonly endpoint: string; readonly status: number },
): Required<Omit<ErrorFacts, "cause">> {
  return {
    code: textOf(body["code"]) ?? "QUORATE_ANSWER_INVALID",
    message: textOf(body["detail"]) ?? `${from.endpoint} answered with status ${from.status}.`,
    hint: textOf(body["hint"]) ?? "",
    retryable: body["retryable"] === true,
    outcome: body["outcome"] === "none" ? "none" : "unknown",
    details: body,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
