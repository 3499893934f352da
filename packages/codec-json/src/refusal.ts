// The one error that decoding ends with, whatever was wrong and wherever it was found.

import { QuorateError } from "@quorate/contracts";

/** The error for bytes that are not a well-formed envelope. `problem` completes "Not a Raft message: …". */
export function decodeFailed(
  problem: string,
  facts: { readonly field?: string; readonly cause?: unknown } = {},
): QuorateError {
  const { field, cause } = facts;
  const place = field === undefined ? "" : ` (in ${field})`;
  return new QuorateError({
    code: "QUORATE_DECODE_FAILED",
    message: `Not a Raft message: ${problem}${place}.`,
    hint: "Check that every server of the cluster uses the same codec, and that nothing else sends to it.",
    details: { problem, ...(field === undefined ? {} : { field }) },
    cause,
  });
}
