// Pauses between rounds of attempts: exponential with full jitter, so that clients that failed together do not return
// together.

import type { Clock, Random } from "@quorate/contracts";

/** A random pause in ms: 0 inclusive to `min(maxPauseMs, firstPauseMs * 2^round)` exclusive. */
export function pauseMs(bounds: {
  readonly round: number;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  readonly random: Random;
}): number {
  return bounds.random() * Math.min(bounds.maxPauseMs, bounds.firstPauseMs * 2 ** bounds.round);
}

/** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.schedule(clock.now() + ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
