// The check of the most common kind of option, so that every adapter refuses a wrong one in the same words.

import { QuorateError } from "./errors.ts";

/** An option that has to be a whole number. */
export type WholeNumberOption = {
  /** Its name as the user writes it, such as `limits.maxMessageBytes`; the last word is its unit. */
  readonly option: string;
  readonly value: number;
  /** The smallest that is permitted. */
  readonly from: number;
  /** The largest that is permitted. Default 2^53 - 1. */
  readonly to?: number;
  /** What to do about it: whose option it is, or what else to give. */
  readonly hint: string;
};

/** @throws QuorateError `QUORATE_OPTIONS_INVALID` if the value is not a whole number within its bounds. */
export function checkWholeNumber({ option, value, from, to, hint }: WholeNumberOption): void {
  if (Number.isSafeInteger(value) && value >= from && value <= (to ?? Number.MAX_SAFE_INTEGER)) return;
  const bounds = to === undefined ? `of at least ${from}` : `from ${from} to ${to}`;
  throw new QuorateError({
    code: "QUORATE_OPTIONS_INVALID",
    message: `${option} must be a whole number ${bounds}, not ${String(value)}.`,
    hint,
    details: { option, value, from, to },
  });
}
