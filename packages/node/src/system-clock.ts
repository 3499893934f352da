// The clock of a real process. Uses only what every JavaScript runtime has.

import type { Clock } from "@quorate/contracts";

/** Longest delay that timers accept; a later deadline is reached in several steps. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Monotonic time and timers of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(atMs, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      timer = setTimeout(onTimer, Math.min(Math.max(0, atMs - performance.now()), MAX_TIMER_MS));
    };
    // Timers may fire a fraction of a millisecond early by the clock that `now` reads.
    const onTimer = (): void => (performance.now() < atMs ? arm() : callback());
    arm();
    return () => clearTimeout(timer);
  },
  // After the inputs that wait in this turn of the event loop: what arrives together is handled together.
  defer: (callback) => void setImmediate(callback),
};
