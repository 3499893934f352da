// Real time for the transport's timers, behind the port that tests replace.

import type { Clock } from "@quorate/contracts";

/** The process's monotonic clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (atMs, callback) => {
    let timer: ReturnType<typeof setTimeout>;
    const arm = () => {
      timer = setTimeout(
        () => {
          // The system's timers count whole milliseconds of their own and may be early by a fraction of one.
          if (performance.now() < atMs) arm();
          else callback();
        },
        Math.max(0, Math.ceil(atMs - performance.now())),
      );
    };
    arm();
    return () => clearTimeout(timer);
  },
  // After the poll phase: everything that arrived in this turn has then been handed out.
  defer: (callback) => {
    setImmediate(callback);
  },
};
