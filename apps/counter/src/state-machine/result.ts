// What a command came to. Refusals are results: they are decided by the replicated state, the same on every server.

import type { CanonicalJson } from "./json-value.ts";

/** A first answer, before anyone repeated the request. */
export type CommandResult =
  | { readonly type: "counterAdded"; readonly value: number }
  | { readonly type: "registerWritten"; readonly revision: number; readonly created: boolean }
  | { readonly type: "registerDeleted"; readonly revision: number }
  /** The sum would leave ±(2^53−1); the counter keeps `value`. */
  | { readonly type: "counterOutOfRange"; readonly value: number }
  /** There is no such register to delete. */
  | { readonly type: "registerAbsent" }
  /** A condition on the revision did not hold; undefined means that the register does not exist. */
  | { readonly type: "revisionMismatch"; readonly revision: number | undefined }
  /** A compare-and-set did not find what it expected; undefined means that the register does not exist. */
  | { readonly type: "valueMismatch"; readonly current: RegisterState | undefined };

/** A register's content: a log index as revision, so that a deleted and recreated register never repeats one. */
export type RegisterState = { readonly revision: number; readonly value: CanonicalJson };

/** The result of one entry of the log. */
export type Result =
  | CommandResult
  /** Same idempotency key, same request: the first answer, and where in the log it was given. */
  | { readonly type: "replayed"; readonly index: number; readonly term: number; readonly first: CommandResult }
  /** Same idempotency key, other request: nothing was done. */
  | { readonly type: "keyReused"; readonly firstIndex: number }
  /** The entry is not a command of this version: nothing was done. */
  | { readonly type: "undecodable" };

/** A question about the state. */
export type Query =
  | { readonly type: "counter"; readonly name: string }
  | { readonly type: "register"; readonly key: string };

/** The reply to a `Query`; undefined stands for "never written" or "deleted". */
export type Answer =
  | { readonly type: "counter"; readonly value: number | undefined }
  | { readonly type: "register"; readonly register: RegisterState | undefined };
