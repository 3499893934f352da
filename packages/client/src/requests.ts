// The kinds of requests that calls send: reads, writes, and transfers of leadership.

import { checkedKey, invalid, nodeId } from "./arguments.ts";
import type { ReadOperation, WriteOperation } from "./operations/operation.ts";
import type { Answer, Request } from "./request.ts";
import type { ReadOptions, WriteOptions } from "./types.ts";
import type { WatchEvent } from "./watch.ts";

/** How the typed calls reach the cluster. */
export type Calls = {
  read(operation: ReadOperation, options: ReadOptions): Promise<Answer>;
  write(operation: WriteOperation, options: WriteOptions): Promise<WriteAnswer>;
  watch(operation: ReadOperation, signal: AbortSignal | undefined): AsyncGenerator<WatchEvent, undefined>;
};

/** A write's answer, and the key that it carried if it carried one. */
export type WriteAnswer = { readonly answer: Answer; readonly idempotencyKey: string | undefined };

/** A read with the consistency that the caller asks for. */
export function readRequest(operation: ReadOperation, options: ReadOptions): Request {
  const { consistency = "linearizable", maxAgeMs, minIndex, forward = false } = options;
  if (maxAgeMs !== undefined) {
    if (consistency !== "stale") throw invalid("maxAgeMs is for stale reads only");
    if (!Number.isFinite(maxAgeMs) || maxAgeMs < 0) throw invalid(`maxAgeMs is ${maxAgeMs}, must be 0 or more`);
  }
  if (minIndex !== undefined && !(Number.isSafeInteger(minIndex) && minIndex >= 0)) {
    throw invalid(`minIndex is ${minIndex}, must be an index of the log, 0 or more`);
  }
  if (forward && consistency === "stale") throw invalid("forward is not for stale reads: any node answers them");
  const needsLeader = consistency !== "stale" && !forward;
  return { operation, consistency, maxAgeMs, minIndex, forward, isWrite: false, isRepeatable: true, needsLeader };
}

/** A write that something makes safe to repeat: the caller's key, one that is generated, or its place in a session. */
export function writeRequest(operation: WriteOperation, idempotencyKey: string | undefined): Request {
  const key = idempotencyKey === undefined ? undefined : checkedKey(idempotencyKey);
  return { operation, idempotencyKey: key, isWrite: true, isRepeatable: true, needsLeader: true };
}

/** A transfer has no key: sent again after it took effect, it would move leadership once more. */
export function transferRequest(to: string | undefined): Request {
  const operation = { type: "transfer", to: to === undefined ? undefined : nodeId(to) } as const;
  return { operation, isWrite: true, isRepeatable: false, needsLeader: true };
}

/** A question to one node about itself. */
export const statusRequest: Request = {
  operation: { type: "status" },
  isWrite: false,
  isRepeatable: true,
  needsLeader: false,
};
