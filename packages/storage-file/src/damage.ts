// Damage as a report tells of it: where, what should be there, what is, what it means and what to do.

import { isQuorateError } from "@quorate/contracts";

/** Something in a directory that is not as it was written. */
export type Damage = {
  /** `QUORATE_LOG_CORRUPT`, `QUORATE_SNAPSHOT_CORRUPT` or `QUORATE_FORMAT_UNSUPPORTED`. */
  readonly code: string;
  readonly file: string;
  /** Bytes from the file's beginning. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  readonly means: string;
  readonly remedy: string;
};

const meanings: Readonly<Record<string, string>> = {
  QUORATE_LOG_CORRUPT:
    "What stood there had been acknowledged, or vouches for what had. It is no torn write: those are dropped without loss.",
  QUORATE_SNAPSHOT_CORRUPT:
    "The log before the snapshot has been deleted on its account, so the state cannot be rebuilt from this directory.",
  QUORATE_FORMAT_UNSUPPORTED:
    "The file was written by a later version of the program, or its version number is damaged.",
};

/** The damage that an error speaks of; undefined if it speaks of something else. */
export function damageOf(error: unknown): Damage | undefined {
  if (!isQuorateError(error)) return undefined;
  const means = meanings[error.code];
  if (means === undefined) return undefined;
  const { file, offset, expected, found, version } = error.details;
  return {
    code: error.code,
    file: String(file),
    offset: typeof offset === "number" ? offset : 0,
    expected: typeof expected === "string" ? expected : "a known format",
    found: typeof found === "string" ? found : `format version ${String(version)}`,
    means,
    remedy: error.hint,
  };
}
