// A call: attempts over the nodes in rounds, with pauses between rounds, until one answers or the budget is spent.
// A write carries the same Idempotency-Key in every attempt, so that trying again is safe whatever became of the last try.
// What has no key, a transfer of leadership, is tried again only while no attempt can have taken effect.

import { QuorateError } from "@quorate/contracts";
import { pauseMs, wait } from "./backoff.ts";
import type { Endpoints } from "./endpoints.ts";
import { CallHistory } from "./call-history.ts";
import type { Settings } from "./options.ts";
import type { WatchSource } from "./watch.ts";
import type { Answer, Attempt, AttemptResult, Request } from "./request.ts";

/** Leaders learned from redirects are not in the list of endpoints; this bounds a chain of them in one round. */
const maxAttemptsBeyondEndpoints = 5;

const nowhere: ReadonlySet<string> = new Set();

/** What the state machine decides, under the write's key: it also settles earlier attempts of the same write. */
const decisions: ReadonlySet<string> = new Set([
  "QUORATE_NOT_FOUND",
  "QUORATE_PRECONDITION",
  "QUORATE_COUNTER_RANGE",
  "QUORATE_KEY_REUSED",
]);

/** Ends of a transfer of leadership. Writes are refused during each attempt, so whether to try again is the caller's say. */
const endsOfTransfer: ReadonlySet<string> = new Set(["QUORATE_TRANSFER_REFUSED", "QUORATE_TRANSFER_ABORTED"]);

/** What a call needs of its client. */
export type CallContext = {
  readonly settings: Settings;
  readonly endpoints: Endpoints;
  readonly attempt: Attempt;
  readonly watchSource: WatchSource;
  /** The highest index that an answer named: what is watched afterwards is not older. */
  readonly seen: { index: number };
};

/** What one round came to, when nothing was thrown. */
type RoundResult =
  | { readonly type: "answered"; readonly answer: Answer }
  | { readonly type: "pause"; readonly atLeastMs: number };

/**
 * Sends `request` until a node answers.
 *
 * Rejects with the node's error if that is definite, with `QUORATE_PROPOSAL_TIMEOUT` (outcome `unknown`),
 * `QUORATE_NO_LEADER` or `QUORATE_UNREACHABLE` when the budget is spent, and with the signal's reason when it is aborted.
 */
export async function call(
  context: CallContext,
  request: Request,
  options: {
    readonly signal: AbortSignal;
    /** When the budget ends, in ms of the clock. Default: a whole budget from now. */
    readonly deadlineMs?: number | undefined;
  },
): Promise<Answer> {
  const { signal } = options;
  const { clock, random, retry } = context.settings;
  const history = new CallHistory(request, retry.budgetMs);
  const deadlineMs = options.deadlineMs ?? clock.now() + retry.budgetMs;
  for (let round = 0; ; round += 1) {
    const result = await tryRound({ context, request, signal, history, deadlineMs });
    if (result.type === "answered") {
      context.seen.index = Math.max(context.seen.index, result.answer.position?.index ?? 0);
      return result.answer;
    }
    const ms = Math.max(result.atLeastMs, pauseMs({ ...retry, round, random }));
    if (clock.now() + ms >= deadlineMs) throw history.givenUp();
    await wait(clock, ms, signal);
  }
}

/** Asks each node at most once, going where redirects point. */
async function tryRound(round: {
  readonly context: CallContext;
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly history: CallHistory;
  readonly deadlineMs: number;
}): Promise<RoundResult> {
  const { context, request, signal, history, deadlineMs } = round;
  const { settings, endpoints, attempt } = context;
  // Made when it is needed: most calls are answered by the first node that they ask.
  let tried: Set<string> | undefined;
  let target = request.needsLeader ? endpoints.first() : endpoints.next(nowhere);
  while (target !== undefined && (tried?.size ?? 0) < endpoints.count + maxAttemptsBeyondEndpoints) {
    const leftMs = deadlineMs - settings.clock.now();
    if (leftMs <= 0) throw history.givenUp();
    const attemptMs = settings.retry.attemptTimeoutMs * 2 ** history.timeoutsOf(target);
    // Giving up early on what cannot be repeated would gain nothing.
    const timeoutMs = request.isRepeatable ? Math.min(leftMs, attemptMs) : leftMs;
    const result = await attempt({ request, endpoint: target, timeoutMs, signal });
    history.add(target, result);
    learn({ endpoints, target, request, result });
    if (result.type === "answered") return result;
    if (history.outcomeUnknown && !request.isRepeatable) {
      throw result.type === "refused" ? result.error : history.unanswered();
    }
    tried ??= new Set();
    tried.add(target);
    const verdict = judge(result, history);
    if (verdict !== undefined) return verdict;
    target = redirectTarget(result, tried) ?? endpoints.next(tried);
    if (target !== undefined && result.type === "redirected" && target === result.leader) endpoints.remember(target);
  }
  return { type: "pause", atLeastMs: 0 };
}

/** What later calls should know about the node that was asked. */
function learn(asked: {
  readonly endpoints: Endpoints;
  readonly target: string;
  readonly request: Request;
  readonly result: AttemptResult;
}): void {
  const { endpoints, target, request, result } = asked;
  if (request.needsLeader && result.type === "answered") endpoints.remember(target);
  if (result.type === "redirected" || result.type === "failed" || isUnfit(result)) endpoints.forget(target);
  // Reads that any node answers go around; nodes that do not answer are asked last.
  if (result.type === "failed" || !request.needsLeader) endpoints.putLast(target);
}

/** A refusal about the node, not about the request. */
function isUnfit(result: AttemptResult): boolean {
  return result.type === "refused" && result.scope === "node";
}

/** Throws what is definite; ends the round if other nodes could not do better; else undefined: ask the next one. */
function judge(result: AttemptResult, history: CallHistory): RoundResult | undefined {
  if (result.type !== "refused") return undefined;
  const { error } = result;
  if (result.scope === "load") return { type: "pause", atLeastMs: result.retryAfterMs };
  if (endsOfTransfer.has(error.code)) throw error;
  if (error.retryable || isUnfit(result)) return undefined;
  if (!history.outcomeUnknown || decisions.has(error.code)) throw error;
  throw new QuorateError({
    code: error.code,
    message: `${error.message} An earlier attempt of the same write may have taken effect.`,
    hint: error.hint,
    outcome: "unknown",
    details: error.details,
    cause: error,
  });
}

/** A redirect to a node that was just tried leads nowhere: it has died, or the others have not noticed yet. */
function redirectTarget(result: AttemptResult, tried: ReadonlySet<string>): string | undefined {
  return result.type === "redirected" && result.leader !== undefined && !tried.has(result.leader)
    ? result.leader
    : undefined;
}
