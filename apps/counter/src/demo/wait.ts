// Waiting for a condition, with a deadline that says what did not happen.

import { QuorateError } from "@quorate/contracts";

/** What is waited for, how long, and how often it is looked at. */
export type WaitOptions = {
  /** Completes the sentence "waited for …". */
  readonly what: string;
  readonly withinMs: number;
  /** Default 20 ms. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
};

/** Resolves with the first value of `probe` that is not undefined. Rejects with `QUORATE_DEMO_TIMEOUT`. */
export async function until<Value>(
  options: WaitOptions,
  probe: () => Promise<Value | undefined> | Value | undefined,
): Promise<Value> {
  const { what, withinMs, everyMs = 20, signal } = options;
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() >= deadlineMs) {
      throw new QuorateError({
        code: "QUORATE_DEMO_TIMEOUT",
        message: `Waited ${withinMs} ms in vain for ${what}.`,
        hint: "The machine may be too busy for the election timeout; otherwise this is a defect.",
      });
    }
    await delay(everyMs);
  }
}

/** Resolves after `ms`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves after `ms`, at once if that is negative, or when `signal` is aborted. */
export function delayUnless(signal: AbortSignal, ms: number): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    signal.addEventListener("abort", end);
  });
}
