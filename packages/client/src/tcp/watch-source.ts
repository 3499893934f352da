// Watching over the binary protocol: one request that is answered again and again.

import { decodeCounterValue, decodeRegister, encodeRead } from "../operations/bytes.ts";
import type { ReadOperation } from "../operations/operation.ts";
import type { WatchEnd, WatchEvent, WatchSource } from "../watch.ts";
import { errorOf } from "./connection.ts";
import type { Connections } from "./connections.ts";

/** Watches over `connections`. */
export function binaryWatch(connections: Connections): WatchSource {
  return ({ operation, endpoint, minIndex, signal, onEvent }) => {
    const { promise, resolve } = Promise.withResolvers<WatchEnd>();
    const forget = connections.request(endpoint, {
      call: { type: "watch", minIndex, query: encodeRead(operation) },
      deadlineMs: Number.POSITIVE_INFINITY,
      onAnswer(answer) {
        if (answer.type === "event") return onEvent(eventOf(operation, answer.index, answer.bytes));
        if (answer.type !== "failed") return resolve({ reason: `an answer of type ${answer.type}` });
        if ("sent" in answer) return resolve({ reason: answer.reason });
        const error = errorOf(answer, endpoint);
        const reason = `${error.code}: ${error.message}`;
        return resolve(answer.error.scope === "request" ? { reason, error } : { reason });
      },
      onClosed: () => resolve({ reason: "the client was closed" }),
    });
    const onAbort = (): void => {
      forget();
      resolve({ reason: "the watch was ended" });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  };
}

function eventOf(operation: ReadOperation, index: number, bytes: Uint8Array): WatchEvent {
  if (bytes.length === 0) return { index, identity: "absent", body: undefined };
  if (operation.type === "counterGet") {
    const value = decodeCounterValue(bytes);
    return { index, identity: String(value), body: { value } };
  }
  const { revision, value = "null" } = decodeRegister(bytes);
  return { index, identity: String(revision), body: { revision, value: JSON.parse(value) } };
}
