// A caller that waits for an answer: a promise with a deadline and an optional abort signal, settled at most once.

import type { CallOptions } from "./api.ts";
import { aborted } from "./errors.ts";

/** How long a call waits if it does not say. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** One waiting call. */
export class Waiting<T> {
  readonly promise: Promise<T>;
  readonly timeoutMs: number;
  /** Milliseconds of the node's clock. */
  deadlineMs: number;
  isSettled = false;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;

  constructor(nowMs: number, options: CallOptions | undefined, outcomeIfAborted: "none" | "unknown") {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.deadlineMs = nowMs + this.timeoutMs;
    const signal = options?.signal;
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => this.reject(aborted(signal.reason, outcomeIfAborted));
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  resolve(value: T): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
    return true;
  }
}
