// The one error shape of all packages: a stable code, what happened, and what to do about it.
// Recognise errors by `code`, never by `instanceof`: two copies of a package may be installed side by side.

/** Whether the operation that failed may have taken effect: `none` = it has not and never will. */
export type Outcome = "none" | "unknown";

/** What an error says besides its message. */
export type ErrorFacts = {
  /** Stable identifier, `QUORATE_…`; each has a heading in the documentation. */
  readonly code: string;
  /** What happened, with names and numbers. */
  readonly message: string;
  /** What the reader should do now. */
  readonly hint: string;
  /** True if the same call may succeed later without any change. Default false. */
  readonly retryable?: boolean;
  /** Default `none`. */
  readonly outcome?: Outcome;
  /** Further facts for programs, for example `{ leaderId: "n2" }`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/** An expected failure with a code and a remedy. */
export class QuorateError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "QuorateError";
    this.code = facts.code;
    this.hint = facts.hint;
    this.retryable = facts.retryable ?? false;
    this.outcome = facts.outcome ?? "none";
    this.details = facts.details ?? {};
  }
}

/** The `code` of anything that was thrown, or undefined if it has none. Works for system errors (`ENOSPC`) too. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True for an error with a `QUORATE_…` code, also one that another copy of this package has made. */
export function isQuorateError(error: unknown): error is QuorateError {
  return codeOf(error)?.startsWith("QUORATE_") === true;
}
