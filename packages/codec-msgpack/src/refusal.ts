// The one error that decoding ends with, whatever was wrong and wherever it was found.

import { QuorateError } from "@quorate/contracts";

/** Where and how decoding failed, besides the text. */
export type RefusalFacts = {
  /** Position in the input, in bytes from 0. */
  readonly offset?: number;
  /** Name of the field whose value is wrong. */
  readonly field?: string;
  readonly sizeBytes?: number;
  readonly cause?: unknown;
};

/** The error for bytes that are not a well-formed envelope. `problem` completes "Not a Raft message: …". */
export function decodeFailed(problem: string, facts: RefusalFacts): QuorateError {
  const { cause, ...details } = facts;
  return new QuorateError({
    code: "QUORATE_DECODE_FAILED",
    message: `Not a Raft message: ${problem}${describePlace(facts)}.`,
    hint: "Check that every server of the cluster runs a compatible version and that nothing else sends to its peer port.",
    details: { problem, ...details },
    cause,
  });
}

function describePlace(facts: RefusalFacts): string {
  if (facts.offset !== undefined) return ` (at byte ${facts.offset})`;
  return facts.field === undefined ? "" : ` (in ${facts.field})`;
}
