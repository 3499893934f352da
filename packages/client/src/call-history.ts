// What has happened in a call so far, and the error that tells it when the budget is spent.

import { QuorateError } from "@quorate/contracts";
import { type AttemptResult, describeRequest, type Request } from "./request.ts";

/** The attempts of one call. */
export class CallHistory {
  readonly #request: Request;
  readonly #budgetMs: number;
  /** What each endpoint last said. Most calls need one attempt and none of this. */
  #lastWord: Map<string, string> | undefined;
  #attempts = 0;
  #timeouts: Map<string, number> | undefined;
  #outcomeUnknown = false;
  #sawNoLeader = false;
  #lastRefusal: QuorateError | undefined;

  constructor(request: Request, budgetMs: number) {
    this.#request = request;
    this.#budgetMs = budgetMs;
  }

  /** Attempts at this endpoint that ran out of time. */
  timeoutsOf(endpoint: string): number {
    return this.#timeouts?.get(endpoint) ?? 0;
  }

  /** True if some attempt of this write may have taken effect. */
  get outcomeUnknown(): boolean {
    return this.#outcomeUnknown;
  }

  add(endpoint: string, result: AttemptResult): void {
    this.#attempts += 1;
    switch (result.type) {
      case "answered":
        return;
      case "redirected":
        this.#sawNoLeader = true;
        this.#says(endpoint, `points to ${result.leader ?? "no leader"}`);
        return;
      case "refused":
        if (result.error.code === "QUORATE_NO_LEADER") this.#sawNoLeader = true;
        // There is a leader, and that is what it says.
        else if (result.scope === "load") this.#sawNoLeader = false;
        if (result.error.outcome === "unknown") this.#outcomeUnknown = true;
        this.#lastRefusal = result.error;
        this.#says(endpoint, `${result.error.code}: ${result.error.message}`);
        return;
      case "failed":
        if (result.timedOut) {
          this.#timeouts ??= new Map();
          this.#timeouts.set(endpoint, this.timeoutsOf(endpoint) + 1);
        }
        if (result.sent && this.#request.isWrite) this.#outcomeUnknown = true;
        this.#says(endpoint, result.reason);
        return;
      default:
        result satisfies never;
    }
  }

  /** The error for a call that must not be repeated after an attempt that was sent and not answered. */
  unanswered(): QuorateError {
    const what = describeRequest(this.#request);
    return new QuorateError({
      code: "QUORATE_PROPOSAL_TIMEOUT",
      message: `${what} was sent, but not answered; its outcome is unknown. ${this.#words()}`,
      hint: "Look at the status before you repeat it: it may have taken effect.",
      retryable: true,
      outcome: "unknown",
      details: this.#details(),
    });
  }

  /** The error for a call whose budget is spent. */
  givenUp(): QuorateError {
    const what = describeRequest(this.#request);
    const spent = `within ${this.#budgetMs} ms (${this.#attempts} attempts)`;
    const words = this.#words();
    const details = this.#details();
    if (this.#outcomeUnknown) {
      const { idempotencyKey } = this.#request;
      return new QuorateError({
        code: "QUORATE_PROPOSAL_TIMEOUT",
        message: `${what} was not confirmed ${spent}; its outcome is unknown. ${words}`,
        hint:
          idempotencyKey === undefined
            ? "Read back before assuming failure. With an idempotencyKey of your own you could repeat the call safely."
            : `Retry with the same Idempotency-Key (${idempotencyKey}), or read back before assuming failure.`,
        retryable: true,
        outcome: "unknown",
        details: idempotencyKey === undefined ? details : { ...details, idempotencyKey },
        cause: this.#lastRefusal,
      });
    }
    // The leader was there, and could not answer either.
    if (this.#lastRefusal?.code === "QUORATE_INDEX_NOT_REACHED") return this.#lastRefusal;
    if (this.#sawNoLeader) {
      return new QuorateError({
        code: "QUORATE_NO_LEADER",
        message: `${what} found no leader ${spent}. ${words}`,
        hint: "Check that a majority of the nodes is running and can reach each other, then retry.",
        retryable: true,
        details,
        cause: this.#lastRefusal,
      });
    }
    if (this.#lastRefusal !== undefined) return this.#lastRefusal;
    return new QuorateError({
      code: "QUORATE_UNREACHABLE",
      message: `${what} got no answer from any node ${spent}. ${words}`,
      hint: "Check that the nodes are running and that the endpoints are right.",
      retryable: true,
      details,
    });
  }

  #says(endpoint: string, word: string): void {
    this.#lastWord ??= new Map();
    this.#lastWord.set(endpoint, word);
  }

  #words(): string {
    return [...(this.#lastWord ?? [])].map(([endpoint, word]) => `${endpoint}: ${word}`).join("; ");
  }

  #details(): Readonly<Record<string, unknown>> {
    return { attempts: this.#attempts, endpoints: Object.fromEntries(this.#lastWord ?? []) };
  }
}
