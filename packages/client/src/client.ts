// The client: counters, registers, status and leadership over one set of endpoints, and the end of all its calls.

import { QuorateError } from "@quorate/contracts";
import { leadership, nodeStatus } from "./answers.ts";
import { type Answer, attempt, originOfLeader, type Request } from "./attempt.ts";
import { call, type CallContext } from "./call.ts";
import { type Counter, counter } from "./counter.ts";
import { Endpoints } from "./endpoints.ts";
import { type ClientOptions, completeOptions, originOf } from "./options.ts";
import { type Register, register } from "./register.ts";
import { transferRequest } from "./requests.ts";
import type { Leadership, NodeStatus } from "./types.ts";

/** A cluster seen through its HTTP interface. Calls may run concurrently. */
export type Client = {
  counter(name: string): Counter;
  register(key: string): Register;
  /** What the node at this address says of itself, leader or not: one attempt, `QUORATE_UNREACHABLE` without an answer. */
  status(endpoint: string, options?: { readonly signal?: AbortSignal }): Promise<NodeStatus>;
  /**
   * Hands leadership to the voter with the id `to`, or to the one that has most of the log, and resolves with the leader
   * that follows. Writes are refused meanwhile, for an election timeout at most. A transfer that may have taken effect is not
   * repeated: it rejects with an error of `outcome: "unknown"`. Rejects with `QUORATE_TRANSFER_REFUSED` if it cannot be, and
   * with `QUORATE_TRANSFER_ABORTED` if that node does not take over in time and the old leader goes on.
   */
  transferLeadership(to?: string, options?: { readonly signal?: AbortSignal }): Promise<Leadership>;
  /** Ends all calls with `QUORATE_CLOSED`. Idempotent. Later calls reject with the same code. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const statusRequest: Request = {
  method: "GET",
  path: "/v1/status",
  headers: { accept: "application/json" },
  isWrite: false,
  isRepeatable: true,
  needsLeader: false,
};

/**
 * A client of the cluster behind `endpoints`. It connects at the first call and remembers the leader.
 * Throws `QUORATE_CONFIG_INVALID`.
 */
export function createClient(options: ClientOptions): Client {
  const settings = completeOptions(options);
  const context: CallContext = { settings, endpoints: new Endpoints(settings.endpoints) };
  const closing = new AbortController();

  const send = async (request: Request, signal: AbortSignal | undefined): Promise<Answer> => {
    const joined = joinSignals(closing.signal, signal);
    try {
      return await call(context, request, joined.signal);
    } finally {
      joined.release();
    }
  };

  const close = (): Promise<void> => {
    closing.abort(closedError());
    return Promise.resolve();
  };

  return {
    counter: (name) => counter(name, send),
    register: (key) => register(key, send),
    async status(endpoint, { signal } = {}) {
      const origin = originOf(endpoint);
      const joined = joinSignals(closing.signal, signal);
      try {
        const timeoutMs = settings.retry.attemptTimeoutMs;
        const result = await attempt(settings, {
          request: statusRequest,
          endpoint: origin,
          timeoutMs,
          signal: joined.signal,
        });
        if (result.type === "answered") return nodeStatus(result.answer);
        if (result.type === "refused") throw result.error;
        throw unreachable(
          origin,
          result.type === "failed" ? result.reason : "redirects, which a node's status never does",
        );
      } finally {
        joined.release();
      }
    },
    async transferLeadership(to, { signal } = {}) {
      const result = leadership(await send(transferRequest(to), signal));
      // Whoever answered led until now; later calls would have to be redirected.
      const origin = originOfLeader(result.leader.http);
      if (origin !== undefined) context.endpoints.remember(origin);
      return result;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One signal for two; `release` lets go of the listeners, so that calls leave nothing behind on long-lived signals. */
function joinSignals(
  closing: AbortSignal,
  callers: AbortSignal | undefined,
): { readonly signal: AbortSignal; release(): void } {
  if (callers === undefined || closing.aborted) return { signal: closing, release: () => {} };
  const controller = new AbortController();
  const onClosing = (): void => controller.abort(closing.reason);
  const onCaller = (): void => controller.abort(callers.reason);
  closing.addEventListener("abort", onClosing, { once: true });
  callers.addEventListener("abort", onCaller, { once: true });
  if (callers.aborted) onCaller();
  return {
    signal: controller.signal,
    release() {
      closing.removeEventListener("abort", onClosing);
      callers.removeEventListener("abort", onCaller);
    },
  };
}

function closedError(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "The client was closed; a write that was under way may still take effect.",
    hint: "Create another client. Repeat unfinished writes with their Idempotency-Key.",
    outcome: "unknown",
  });
}

function unreachable(endpoint: string, reason: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `${endpoint} did not answer: ${reason}.`,
    hint: "Check that the node is running and that the address is right.",
    retryable: true,
    details: { endpoints: { [endpoint]: reason } },
  });
}
