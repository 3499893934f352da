// A register as the client sees it.

import { logPosition, readMark, registerValue, writeMark } from "./answers.ts";
import { encodeName, invalid, jsonText } from "./arguments.ts";
import { readRequest, type Send, writeRequest } from "./requests.ts";
import type { JsonValue, LogPosition, ReadMark, ReadOptions, RegisterValue, WriteMark, WriteOptions } from "./types.ts";

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
};

/** The register of that key; the key is 1 to 256 bytes of UTF-8. */
export function register(key: string, send: Send): Register {
  const path = `/v1/registers/${encodeName(key)}`;
  return {
    async get(options = {}) {
      const answer = await send(readRequest(path, options), options.signal);
      return { ...registerValue(answer), ...readMark(answer, options.consistency ?? "linearizable") };
    },
    async set(value, options = {}) {
      const body = `{"value":${jsonText(value)}}`;
      const write = writeRequest({ method: "PUT", path, body, headers: conditions(options) }, options);
      const answer = await send(write.request, options.signal);
      return { ...registerValue(answer), ...writeMark(answer, write.key) };
    },
    async compareAndSet({ expected, value }, options = {}) {
      const expectation = expected === undefined ? "" : `"expected":${jsonText(expected)},`;
      const body = `{${expectation}"value":${jsonText(value)}}`;
      const write = writeRequest({ method: "POST", path: `${path}/compare-and-set`, body }, options);
      const answer = await send(write.request, options.signal);
      return { ...registerValue(answer), ...writeMark(answer, write.key) };
    },
    async delete(options = {}) {
      const write = writeRequest({ method: "DELETE", path, headers: conditions(options) }, options);
      const answer = await send(write.request, options.signal);
      return { ...logPosition(answer), ...writeMark(answer, write.key) };
    },
  };
}

function conditions(options: {
  readonly ifMatch?: number;
  readonly ifNoneMatch?: "*";
}): Readonly<Record<string, string>> {
  const { ifMatch, ifNoneMatch } = options;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw invalid("ifMatch and ifNoneMatch exclude each other");
  if (ifMatch !== undefined && !Number.isSafeInteger(ifMatch)) throw invalid(`ifMatch is ${ifMatch}, not a revision`);
  return {
    ...(ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` }),
    ...(ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch }),
  };
}
