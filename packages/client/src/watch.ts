// Watching: the current value first, then each change, from whichever node answers. Between the node and the reader stands one
// place for one value: a reader that is slow misses values in between, never the latest.

import { QuorateError } from "@quorate/contracts";
import { pauseMs, wait } from "./backoff.ts";
import type { CallContext } from "./call.ts";
import { describeOperation, type ReadOperation } from "./operations/operation.ts";

/** What is watched, at a moment. */
export type WatchEvent = {
  /** The value is as of this index of the log. */
  readonly index: number;
  /** Differs if the state does. */
  readonly identity: string;
  /** Members of the state; undefined if there is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
};

/** How one node's events ended. */
export type WatchEnd = {
  readonly reason: string;
  /** Set if no other node would do better. */
  readonly error?: QuorateError;
};

/**
 * Listens to one node. Events are not older than `minIndex`. Resolves when the node's events end, and soon after `signal` is
 * aborted.
 */
export type WatchSource = (options: {
  readonly operation: ReadOperation;
  readonly endpoint: string;
  readonly minIndex: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchEvent) => void;
}) => Promise<WatchEnd>;

/** The events of `operation`, without repetitions, until the reader leaves or `signal` is aborted, with its reason. */
export async function* watch(
  context: CallContext,
  operation: ReadOperation,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, undefined> {
  signal.throwIfAborted();
  const leaving = new AbortController();
  const onAbort = (): void => leaving.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const latest = new Latest(context.seen.index);
  const listening = listen({ context, operation, latest, signal: leaving.signal }).catch((error: unknown) =>
    latest.fail(error),
  );
  try {
    for (;;) yield await latest.take();
  } finally {
    signal.removeEventListener("abort", onAbort);
    leaving.abort(new Error("nobody watches any more"));
    await listening;
  }
}

/** A place for one event, and for the end of all events. */
class Latest {
  /** Identity and index of the newest event, also when it was taken already. */
  identity: string | undefined;
  index: number;
  #event: WatchEvent | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(index: number) {
    this.index = index;
  }

  put(event: WatchEvent): void {
    // Another node may be behind the one that was heard last.
    if (event.index < this.index) return;
    this.index = event.index;
    if (event.identity === this.identity) return;
    this.identity = event.identity;
    this.#event = event;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  async take(): Promise<WatchEvent> {
    for (;;) {
      const event = this.#event;
      this.#event = undefined;
      if (event !== undefined) return event;
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Goes from node to node, for ever as long as one of them says something within each budget. */
async function listen(parts: {
  readonly context: CallContext;
  readonly operation: ReadOperation;
  readonly latest: Latest;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { context, operation, latest, signal } = parts;
  const { settings, endpoints } = context;
  const { clock, random, retry } = settings;
  const lastWords = new Map<string, string>();
  let heardMs = clock.now();
  for (let round = 0; ; round += 1) {
    const endpoint = endpoints.next(new Set());
    if (endpoint === undefined) throw new Error("a client without endpoints");
    const end = await context.watchSource({
      operation,
      endpoint,
      minIndex: latest.index,
      signal,
      onEvent(event) {
        heardMs = clock.now();
        round = 0;
        latest.put(event);
      },
    });
    signal.throwIfAborted();
    if (end.error !== undefined) throw end.error;
    endpoints.putLast(endpoint);
    lastWords.set(endpoint, end.reason);
    const ms = pauseMs({ ...retry, round, random });
    if (clock.now() + ms - heardMs >= retry.budgetMs) throw lost(operation, retry.budgetMs, lastWords);
    await wait(clock, ms, signal);
  }
}

function lost(operation: ReadOperation, budgetMs: number, lastWords: ReadonlyMap<string, string>): QuorateError {
  const words = [...lastWords].map(([endpoint, word]) => `${endpoint}: ${word}`).join("; ");
  return new QuorateError({
    code: "QUORATE_UNREACHABLE",
    message: `${describeOperation(operation)} again and again: no node said anything within ${budgetMs} ms. ${words}`,
    hint: "Check that the nodes are running and that the endpoints are right, then watch again.",
    retryable: true,
    details: { endpoints: Object.fromEntries(lastWords) },
  });
}
