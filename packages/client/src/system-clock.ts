// Real time for calls outside of tests.

import type { Clock } from "@quorate/contracts";

/** The system's monotonic clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(atMs, callback) {
    const timer = setTimeout(callback, Math.max(0, atMs - performance.now()));
    return () => clearTimeout(timer);
  },
  defer(callback) {
    // Browsers have no setImmediate.
    if (typeof setImmediate === "function") setImmediate(callback);
    else setTimeout(callback, 0);
  },
};
