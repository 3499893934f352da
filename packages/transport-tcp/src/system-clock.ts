// Real time for the transport's timers, behind the port that tests replace.

import type { Clock } from "@quorate/contracts";

/** The process's monotonic clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (atMs, callback) => {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(atMs - performance.now())));
    return () => clearTimeout(timer);
  },
  // After the poll phase: everything that arrived in this turn has then been handed out.
  defer: (callback) => {
    setImmediate(callback);
  },
};
