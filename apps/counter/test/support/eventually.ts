// Waiting for something that will happen, with a deadline instead of a guess.

import { setTimeout as pause } from "node:timers/promises";

const deadlineMs = 10_000;

/** The first value of `look` that is not undefined. Throws when there is none in time. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const start = performance.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() - start > deadlineMs) throw new Error(`did not happen within ${deadlineMs} ms: ${what}`);
    await pause(2);
  }
}
