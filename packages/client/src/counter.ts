// A counter as the client sees it.

import { counterState, counterValue, readMark } from "./answers.ts";
import { checkedName, invalid } from "./arguments.ts";
import type { Calls } from "./requests.ts";
import type {
  CounterState,
  CounterValue,
  ReadMark,
  ReadOptions,
  WatchOptions,
  WriteMark,
  WriteOptions,
} from "./types.ts";

/** A named integer within ±(2^53−1). */
export type Counter = {
  /**
   * Adds `by` (an integer, may be negative; default 1) and resolves with the value after this addition once a majority
   * has it on disk. Takes effect once, however many attempts it needs.
   * Rejects with `QUORATE_COUNTER_RANGE` if the sum would be too large.
   */
  add(by?: number, options?: WriteOptions): Promise<CounterValue & WriteMark>;
  /** The current value. Rejects with `QUORATE_NOT_FOUND` if nothing was ever added. */
  get(options?: ReadOptions): Promise<CounterValue & ReadMark>;
  /**
   * The current state, then every change, from any node, across failures. Never goes back. A reader that is slower than the
   * changes misses some, never the latest. Rejects with the signal's reason, or with `QUORATE_UNREACHABLE` when no node has
   * said anything for a whole budget.
   */
  watch(options?: WatchOptions): AsyncIterableIterator<CounterState>;
};

/** The counter of that name; the name is 1 to 256 bytes of UTF-8. */
export function counter(givenName: string, calls: Calls): Counter {
  const name = checkedName(givenName);
  return {
    async add(by = 1, options = {}) {
      if (!Number.isSafeInteger(by)) throw invalid(`by is ${by}, must be an integer within ±(2^53−1)`);
      const { answer, idempotencyKey } = await calls.write({ type: "counterAdd", name, by }, options);
      const { value, index, term } = counterValue(answer);
      const { replayed } = answer;
      return { name, value, index, term, replayed, idempotencyKey };
    },
    async get(options = {}) {
      const answer = await calls.read({ type: "counterGet", name }, options);
      return { ...counterValue(answer), ...readMark(answer, options.consistency ?? "linearizable") };
    },
    async *watch({ signal } = {}) {
      for await (const event of calls.watch({ type: "counterGet", name }, signal)) yield counterState(name, event);
    },
  };
}
