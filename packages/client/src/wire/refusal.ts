// The error for bytes that are not of this protocol. Whoever receives it ends the connection: what follows cannot be trusted.

import { QuorateError } from "@quorate/contracts";

/** An error about bytes from the other side. */
export function notUnderstood(problem: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_DECODE_FAILED",
    message: `Not of the client protocol: ${problem}.`,
    hint: "Check that a Quorate client of a compatible version speaks to a client port, and nothing stands between them.",
    details: { problem },
    ...(cause === undefined ? {} : { cause }),
  });
}
