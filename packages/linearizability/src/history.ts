// What a history is made of: events as they were recorded, and the operations they add up to.

import type { Json } from "./json.ts";

/** One recorded event. The order of events in a history is the order in which they happened. */
export type HistoryEvent = {
  /** Who acts: a whole number from 0. A process has at most one operation open. */
  readonly process: number;
  /** `fail`: definitely without effect. `info`: may take effect at any later time, or never. */
  readonly type: "invoke" | "ok" | "fail" | "info";
  /** The function, such as `read`; the model says which there are. */
  readonly f: string;
  /** Which object; without one, the history is about a single object. */
  readonly key?: string;
  /** Input on `invoke`, result on `ok`; the model says which shapes there are. Ignored on `fail` and `info`. */
  readonly value?: Json;
  /** Nanoseconds; carried along, never used for judging. */
  readonly time?: number;
};

/** How an operation ended, as far as its caller knows. */
export type Outcome =
  | { readonly kind: "ok"; readonly value: Json | undefined }
  | { readonly kind: "fail" }
  | { readonly kind: "unknown" };

/** What an operation did, without when and by whom. */
export type Action = {
  readonly f: string;
  readonly input: Json | undefined;
  readonly outcome: Outcome;
};

/** One operation of a history. */
export type Operation = Action & {
  readonly process: number;
  readonly key: string | undefined;
  /** Position of the `invoke` in the history, from 1. */
  readonly called: number;
  /** Position of the `ok` or `fail`; `undefined` if the outcome is unknown. */
  readonly returned: number | undefined;
};

/** A history that cannot be judged because it is not well formed. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";
  /** Stable, for programs. */
  readonly code = "HISTORY_INVALID";
  /** Line of the file, or position of the event, from 1. */
  readonly line: number;
  /** What is wrong there. */
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
    this.reason = reason;
  }
}
