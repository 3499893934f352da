// Waiting for what must happen, with a deadline that also holds on a machine that does much else.

import { vi } from "vitest";

/** Tries again until the expectation holds, for at most twenty seconds. */
export function eventually<Value>(expectation: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(expectation, { timeout: 20_000, interval: 5 });
}
