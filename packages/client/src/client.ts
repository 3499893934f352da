// The client: counters, registers, status and leadership over one set of endpoints, and the end of all its calls.

import { QuorateError } from "@quorate/contracts";
import { leadership, nodeStatus } from "./answers.ts";
import { call, type CallContext } from "./call.ts";
import { type Counter, counter } from "./counter.ts";
import { Endpoints } from "./endpoints.ts";
import { httpAttempt, originOfLeader } from "./http/attempt.ts";
import { httpWatch } from "./http/watch-source.ts";
import { type ClientOptions, completeOptions, isBinary, originOf, type Settings } from "./options.ts";
import { type Register, register } from "./register.ts";
import type { Answer, AttemptResult } from "./request.ts";
import { type Calls, readRequest, statusRequest, transferRequest, writeRequest } from "./requests.ts";
import { binaryAttempt, binaryEndpoint } from "./tcp/attempt.ts";
import { Connections } from "./tcp/connections.ts";
import { type SessionWrites, sessionsOf } from "./tcp/session-writes.ts";
import { binaryWatch } from "./tcp/watch-source.ts";
import type { Leadership, NodeStatus } from "./types.ts";
import { watch } from "./watch.ts";

/** A cluster seen through its HTTP interface or its client ports. Calls may run concurrently. */
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

/**
 * A client of the cluster behind `endpoints`. It connects at the first call and remembers the leader.
 * Throws `QUORATE_CONFIG_INVALID`.
 */
export function createClient(options: ClientOptions): Client {
  const settings = completeOptions(options);
  const closing = new AbortController();
  const { clock, dial } = settings;
  const connections = new Connections({ clock, dial, closing: closing.signal });
  const context: CallContext = {
    settings,
    endpoints: new Endpoints(settings.endpoints),
    ...wiresOf(settings, connections),
    seen: { index: 0 },
  };
  // A write that may be repeated over HTTP must carry a key that both wires know.
  const sessions = settings.endpoints.every(isBinary) ? sessionsOf(context, connections, closing.signal) : undefined;
  const until = <T>(signal: AbortSignal | undefined, work: (either: AbortSignal) => Promise<T>): Promise<T> =>
    underBoth(closing.signal, signal, work);
  const calls = callsOf(context, closing.signal, sessions);

  const close = (): Promise<void> => {
    if (closing.signal.aborted) return Promise.resolve();
    sessions?.close();
    const reason = closedError();
    closing.abort(reason);
    connections.close(reason);
    return Promise.resolve();
  };

  return {
    counter: (name) => counter(name, calls),
    register: (key) => register(key, calls),
    status(endpoint, { signal } = {}) {
      const origin = originOf(endpoint);
      const timeoutMs = settings.retry.attemptTimeoutMs;
      return until(signal, async (either) =>
        statusFrom(
          origin,
          await context.attempt({ request: statusRequest, endpoint: origin, timeoutMs, signal: either }),
        ),
      );
    },
    transferLeadership: (to, { signal } = {}) =>
      until(signal, async (either) => {
        const answer = await call(context, transferRequest(to), { signal: either });
        // Whoever answered led until now; later calls would have to be redirected.
        const leader = leaderEndpoint(answer);
        if (leader !== undefined) context.endpoints.remember(leader);
        return leadership(answer);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How the typed calls reach the cluster: writes in sessions if there are any, else with keys. */
function callsOf(context: CallContext, closing: AbortSignal, sessions: SessionWrites | undefined): Calls {
  return {
    read: (operation, { signal, ...rest }) =>
      underBoth(closing, signal, (either) => call(context, readRequest(operation, rest), { signal: either })),
    write(operation, { signal, idempotencyKey }) {
      if (sessions !== undefined && idempotencyKey === undefined) {
        return underBoth(closing, signal, (either) => sessions.write(operation, either));
      }
      const key = idempotencyKey ?? crypto.randomUUID();
      return underBoth(closing, signal, async (either) => {
        return { answer: await call(context, writeRequest(operation, key), { signal: either }), idempotencyKey: key };
      });
    },
    async *watch(operation, signal) {
      const either = joinSignals(closing, signal);
      try {
        return yield* watch(context, operation, either.signal);
      } finally {
        either.release();
      }
    },
  };
}

/** Does `work` until it is done or one of the signals is aborted. */
function underBoth<T>(
  closing: AbortSignal,
  callers: AbortSignal | undefined,
  work: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  if (callers === undefined) return work(closing);
  const either = joinSignals(closing, callers);
  return work(either.signal).finally(() => either.release());
}

/** Each endpoint is asked over the wire that its address names. */
function wiresOf(settings: Settings, connections: Connections): Pick<CallContext, "attempt" | "watchSource"> {
  const attemptBinary = binaryAttempt(connections);
  const watchBinary = binaryWatch(connections);
  return {
    attempt: (one) => (isBinary(one.endpoint) ? attemptBinary(one) : httpAttempt(settings, one)),
    watchSource: (one) => (isBinary(one.endpoint) ? watchBinary(one) : httpWatch(settings, one)),
  };
}

function statusFrom(origin: string, result: AttemptResult): NodeStatus {
  if (result.type === "answered") return nodeStatus(result.answer);
  if (result.type === "refused") throw result.error;
  throw unreachable(origin, result.type === "failed" ? result.reason : "redirects, which a node's status never does");
}

/** Where the leader that the answer to a transfer names is reached, over the wire that the answer came over. */
function leaderEndpoint({ endpoint, body }: Answer): string | undefined {
  const leader = body?.["leader"];
  if (typeof leader !== "object" || leader === null) return undefined;
  if (isBinary(endpoint)) {
    return "client" in leader && typeof leader.client === "string"
      ? binaryEndpoint(leader.client, endpoint)
      : undefined;
  }
  return "http" in leader && typeof leader.http === "string" ? originOfLeader(leader.http) : undefined;
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
