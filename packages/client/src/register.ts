// A register as the client sees it.

import { logPosition, readMark, registerState, registerValue, writeMark } from "./answers.ts";
import { checkedCondition, checkedName, jsonText } from "./arguments.ts";
import type { Calls, WriteAnswer } from "./requests.ts";
import type {
  JsonValue,
  LogPosition,
  ReadMark,
  ReadOptions,
  RegisterState,
  RegisterValue,
  WatchOptions,
  WriteMark,
  WriteOptions,
} from "./types.ts";

/** A key with a JSON value. Conditions that do not hold reject with `QUORATE_PRECONDITION`, the current state in `details`. */
export type Register = {
  /** The current value. Rejects with `QUORATE_NOT_FOUND` if there is none. */
  get(options?: ReadOptions): Promise<RegisterValue & ReadMark>;
  /** Sets the value; with `ifMatch` only at that revision, with `ifNoneMatch: "*"` only if there is no value yet. */
  set(
    value: JsonValue,
    options?: WriteOptions & { readonly ifMatch?: number; readonly ifNoneMatch?: "*" },
  ): Promise<RegisterValue & WriteMark>;
  /** Sets `value` if the current value equals `expected` (deeply); without `expected`, if there is none. */
  compareAndSet(
    change: { readonly expected?: JsonValue; readonly value: JsonValue },
    options?: WriteOptions,
  ): Promise<RegisterValue & WriteMark>;
  /** Removes the value; with `ifMatch` only at that revision. Rejects with `QUORATE_NOT_FOUND` if there is none. */
  delete(options?: WriteOptions & { readonly ifMatch?: number }): Promise<LogPosition & WriteMark>;
  /** The current state, then every change; as `Counter.watch`. */
  watch(options?: WatchOptions): AsyncIterableIterator<RegisterState>;
};

/** The register of that key; the key is 1 to 256 bytes of UTF-8. */
export function register(givenKey: string, calls: Calls): Register {
  const key = checkedName(givenKey);
  return {
    async get(options = {}) {
      const answer = await calls.read({ type: "registerGet", key }, options);
      return { ...registerValue(answer), ...readMark(answer, options.consistency ?? "linearizable") };
    },
    async set(value, options = {}) {
      const condition = checkedCondition(options);
      return written(await calls.write({ type: "registerSet", key, value: jsonText(value), condition }, options));
    },
    async compareAndSet({ expected, value }, options = {}) {
      const expectedText = expected === undefined ? undefined : jsonText(expected);
      const change = { type: "registerCompareAndSet", key, expected: expectedText, value: jsonText(value) } as const;
      return written(await calls.write(change, options));
    },
    async delete(options = {}) {
      const condition = checkedCondition(options);
      const { answer, idempotencyKey } = await calls.write({ type: "registerDelete", key, condition }, options);
      return { ...logPosition(answer), ...writeMark(answer, idempotencyKey) };
    },
    async *watch({ signal } = {}) {
      for await (const event of calls.watch({ type: "registerGet", key }, signal)) yield registerState(key, event);
    },
  };
}

function written({ answer, idempotencyKey }: WriteAnswer): RegisterValue & WriteMark {
  return { ...registerValue(answer), ...writeMark(answer, idempotencyKey) };
}
