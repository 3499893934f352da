// The two ways in which the core throws: the caller configured nonsense, or a law of Raft was broken.
// Input from peers never throws.

/** The options contradict themselves; the message names the values and working ones. Code `QUORATE_OPTIONS_INVALID` or `QUORATE_TIMEOUTS_UNSAFE`. */
export class RaftOptionsError extends Error {
  readonly code: "QUORATE_OPTIONS_INVALID" | "QUORATE_TIMEOUTS_UNSAFE";
  readonly hint: string;

  constructor(code: RaftOptionsError["code"], message: string, hint: string) {
    super(message);
    this.name = "RaftOptionsError";
    this.code = code;
    this.hint = hint;
  }
}

/** A law of Raft does not hold on this server. The node must stop: going on could lose committed data. */
export class InvariantViolation extends Error {
  readonly code = "QUORATE_INVARIANT_VIOLATED";

  constructor(message: string) {
    super(message);
    this.name = "InvariantViolation";
  }
}

/** Throws an {@link InvariantViolation} unless `condition` holds. `facts` is only called then. */
export function assert(condition: boolean, facts: () => string): asserts condition {
  if (!condition) throw new InvariantViolation(facts());
}
