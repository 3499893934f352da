// One attempt over the binary protocol: a request on the connection to a node, and what its end means for the call.

import { type Answer, type Attempt, type AttemptResult, type Request, waitWithin } from "../request.ts";
import { decodeCounterValue, decodeRegister, encodeRead, encodeWrite } from "../operations/bytes.ts";
import type { Operation } from "../operations/operation.ts";
import { parseObject } from "../http/problem.ts";
import { unreadable } from "../answers.ts";
import type { WireAnswer } from "../wire/answers.ts";
import type { ReadConditions, WireCall } from "../wire/requests.ts";
import { errorOf, type NoAnswer } from "./connection.ts";
import type { Connections } from "./connections.ts";

type Done = Extract<WireAnswer, { type: "done" }>;

const utf8 = new TextDecoder();

/** Attempts over `connections`. They end with the reason of `connections.closing` when that is aborted. */
export function binaryAttempt(connections: Connections): Attempt {
  return ({ request, endpoint, timeoutMs, signal }) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<AttemptResult>();
    // Listening to the signal that all calls share would cost each of them a walk over all listeners.
    const ownSignal = signal === connections.closing ? undefined : signal;
    const forget = connections.request(endpoint, {
      call: wireCall(request, timeoutMs),
      deadlineMs: connections.clock.now() + timeoutMs,
      onAnswer(answer) {
        ownSignal?.removeEventListener("abort", onAbort);
        try {
          resolve(resultOf({ request, endpoint, answer, timeoutMs }));
        } catch {
          // A success that cannot be read is worse than a failure: the write has probably happened.
          resolve({ type: "refused", error: unreadable(endpoint), scope: "node", retryAfterMs: 0 });
        }
      },
      onClosed: reject,
    });
    const onAbort = (): void => {
      forget();
      reject(ownSignal?.reason);
    };
    ownSignal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  };
}

function wireCall(request: Request, timeoutMs: number): WireCall {
  const { operation, turn, idempotencyKey } = request;
  switch (operation.type) {
    case "counterGet":
    case "registerGet": {
      const { consistency = "linearizable", maxAgeMs } = request;
      const query = encodeRead(operation);
      return { type: "read", consistency, maxAgeMs, query, conditions: conditionsOf(request, timeoutMs) };
    }
    case "counterAdd":
    case "registerSet":
    case "registerCompareAndSet":
    case "registerDelete": {
      const command = encodeWrite({ operation, idempotencyKey });
      if (turn === undefined) return { type: "write", command };
      const { session, sequence } = turn;
      return { type: "sessionWrite", session, sequence, acknowledgedBelow: turn.acknowledgedBelow(), command };
    }
    case "transfer":
    case "status":
    case "openSession":
    case "keepAlive":
    case "closeSession":
      return operation;
  }
}

/** Undefined for reads without any, which every server understands. */
function conditionsOf({ minIndex, forward = false }: Request, timeoutMs: number): ReadConditions | undefined {
  if (minIndex === undefined && !forward) return undefined;
  return { minIndex: minIndex ?? 0, forward, maxWaitMs: minIndex === undefined ? undefined : waitWithin(timeoutMs) };
}

function resultOf(end: {
  readonly request: Request;
  readonly endpoint: string;
  readonly answer: WireAnswer | NoAnswer;
  readonly timeoutMs: number;
}): AttemptResult {
  const { request, endpoint, answer, timeoutMs } = end;
  switch (answer.type) {
    case "done":
      return { type: "answered", answer: answerOf(request.operation, endpoint, answer) };
    case "redirected":
      return { type: "redirected", leader: binaryEndpoint(answer.address, endpoint) };
    case "failed":
      if ("sent" in answer) {
        return answer.timedOut ? { ...answer, reason: `no answer within ${Math.round(timeoutMs)} ms` } : answer;
      }
      return { type: "refused", error: errorOf(answer, endpoint), scope: answer.error.scope, retryAfterMs: 0 };
    case "event":
      throw new Error("an event for a request that is no watch");
  }
}

/** The endpoint of an address that a node gives for the leader, reached in the way in which that node was. */
export function binaryEndpoint(address: string, asked: string): string | undefined {
  const scheme = asked.startsWith("tls:") ? "tls" : "tcp";
  const url = address === "" ? null : URL.parse(`${scheme}://${address}`);
  return url === null || url.port === "" ? undefined : `${scheme}://${url.host}`;
}

function answerOf(operation: Request["operation"], endpoint: string, done: Done): Answer {
  const { index, term, consistency, replayed } = done;
  const body = bodyOf(operation, done);
  return { endpoint, body, position: { index, term }, consistency, replayed };
}

/** The members that the HTTP interface would answer with. */
function bodyOf(operation: Request["operation"], { index, term, bytes }: Done): Answer["body"] {
  switch (operation.type) {
    case "counterAdd":
    case "counterGet":
      return { name: operation.name, value: decodeCounterValue(bytes), index, term };
    case "registerSet":
    case "registerCompareAndSet":
    case "registerGet": {
      const { revision, value } = decodeRegister(bytes);
      return { key: operation.key, value: JSON.parse(value ?? sentValue(operation)), revision, index, term };
    }
    case "transfer":
    case "status":
      return parseObject(utf8.decode(bytes));
    case "openSession":
      return { session: index };
    case "registerDelete":
    case "keepAlive":
    case "closeSession":
      return undefined;
  }
}

/** The server does not send back what it was sent. */
function sentValue(operation: Operation): string {
  return "value" in operation ? operation.value : "";
}
