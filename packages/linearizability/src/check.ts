// The one question of this package: is this history linearizable for this model?

import { type Counterexample, explain } from "./counterexample.ts";
import type { HistoryEvent } from "./history.ts";
import type { Model } from "./model.ts";
import { pairOperations } from "./pairing.ts";
import { type Part, partsOf } from "./parts.ts";
import { Decision } from "./search/decision.ts";
import { buildProblem } from "./search/problem.ts";

/** Limits. A history that is not decided within them is undecided, which is never a pass. */
export type CheckOptions = {
  /** Search steps over all keys, above 0. Default: no limit. */
  readonly maxSteps?: number;
  /** Time in ms, above 0. Default 60 000. Shortening a counterexample comes on top; see `shrinkMs`. */
  readonly maxMs?: number;
  /** Memory in bytes, above 0, that the searches of all keys may take together; an estimate. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Time in ms, from 0, for shortening a counterexample; 0 leaves it as long as the key's history. Default 5000. */
  readonly shrinkMs?: number;
  /** A clock in ms. Default: the system's monotonic clock. */
  readonly now?: () => number;
};

/** What is known of every check, however it ended. */
export type CheckFacts = {
  /** Operations in the history, those without a say included. */
  readonly operations: number;
  /** Keys in the history; 1 for a history without keys. */
  readonly keys: number;
  /** Time taken, in ms. */
  readonly ms: number;
};

/** The answer. */
export type CheckResult =
  | (CheckFacts & { readonly verdict: "linearizable" })
  | (CheckFacts & { readonly verdict: "not-linearizable"; readonly counterexample: Counterexample })
  | (CheckFacts & {
      readonly verdict: "undecided";
      /** The limit that ended the search first. */
      readonly limit: "steps" | "time" | "memory";
      /** How many keys were not decided. */
      readonly undecidedKeys: number;
    });

const firstSliceSteps = 2000;
const longestSliceSteps = 32_000;

/**
 * Checks a history. Throws `HistoryError` if it is not well formed. Keys are searched in turns, so that a violation on one
 * is found although another takes long; the first violation ends the check.
 */
export function checkHistory<State>(
  history: readonly HistoryEvent[],
  model: Model<State>,
  options: CheckOptions = {},
): CheckResult {
  const now = options.now ?? (() => performance.now());
  const startedAt = now();
  const operations = pairOperations(history, model);
  const parts = partsOf(operations, model);
  const facts = (): CheckFacts => ({
    operations: operations.length,
    keys: parts.length,
    ms: Math.round(now() - startedAt),
  });
  const outcome = new Rounds(parts, model, { ...options, now, startedAt }).run();
  switch (outcome.kind) {
    case "all-fit":
      return { verdict: "linearizable", ...facts() };
    case "undecided":
      return { verdict: "undecided", ...facts(), limit: outcome.limit, undecidedKeys: outcome.undecidedKeys };
    case "violation": {
      const deadline = now() + limitOf("shrinkMs", options.shrinkMs ?? 5000, 0);
      const counterexample = explain(model, outcome.part, () => now() < deadline);
      return { verdict: "not-linearizable", ...facts(), counterexample };
    }
  }
}

type Limit = "steps" | "time" | "memory";

type RoundsOutcome =
  | { readonly kind: "all-fit" }
  | { readonly kind: "violation"; readonly part: Part }
  | { readonly kind: "undecided"; readonly limit: Limit; readonly undecidedKeys: number };

type Running = { readonly part: Part; readonly decision: Decision };

/** The searches of all parts, in turns. */
class Rounds<State> {
  readonly #model: Model<State>;
  readonly #maxSteps: number;
  readonly #maxBytes: number;
  readonly #deadline: number;
  readonly #now: () => number;
  #waiting: readonly Part[];
  #running: Running[] = [];
  #undecidedKeys: number;
  #steps = 0;

  constructor(
    parts: readonly Part[],
    model: Model<State>,
    options: CheckOptions & { readonly now: () => number; readonly startedAt: number },
  ) {
    this.#waiting = parts;
    this.#undecidedKeys = parts.length;
    this.#model = model;
    this.#maxSteps = limitOf("maxSteps", options.maxSteps ?? Infinity, 1);
    this.#maxBytes = limitOf("maxBytes", options.maxBytes ?? 2 ** 30, 1);
    this.#now = options.now;
    this.#deadline = options.startedAt + limitOf("maxMs", options.maxMs ?? 60_000, 0);
  }

  run(): RoundsOutcome {
    for (let slice = firstSliceSteps; ; slice = Math.min(longestSliceSteps, slice * 2)) {
      const turns = this.#takeTurns();
      for (const turn of turns) {
        const limit = this.#limitReached();
        if (limit !== undefined) return this.#undecided(limit);
        const steps = Math.min(slice, this.#maxSteps - this.#steps);
        const running = turn();
        const stepsBefore = running.decision.steps;
        const verdict = running.decision.run(steps);
        this.#steps += running.decision.steps - stepsBefore;
        if (verdict === "not-linearizable") return { kind: "violation", part: running.part };
        if (verdict === "linearizable") this.#settle(running);
        this.#giveUpLargest();
      }
      if (this.#undecidedKeys === 0) return { kind: "all-fit" };
      if (this.#running.length === 0) return this.#undecided("memory");
    }
  }

  /** In the first round, parts are prepared one by one when their turn comes; most are decided in it and let go. */
  #takeTurns(): readonly (() => Running)[] {
    const parts = this.#waiting;
    this.#waiting = [];
    if (parts.length === 0) return this.#running.map((running) => () => running);
    return parts.map((part) => () => {
      const running = { part, decision: new Decision(buildProblem(this.#model, part.telling)) };
      this.#running.push(running);
      return running;
    });
  }

  #limitReached(): Limit | undefined {
    if (this.#steps >= this.#maxSteps) return "steps";
    return this.#now() >= this.#deadline ? "time" : undefined;
  }

  #undecided(limit: Limit): RoundsOutcome {
    return { kind: "undecided", limit, undecidedKeys: this.#undecidedKeys };
  }

  #settle(decided: Running): void {
    this.#running = this.#running.filter((each) => each !== decided);
    this.#undecidedKeys -= 1;
  }

  /** Over the limit, the largest search ends undecided; the others go on, because they may still find a violation. */
  #giveUpLargest(): void {
    const sizes = this.#running.map(({ decision }) => decision.sizeBytes);
    if (sizes.reduce((sum, each) => sum + each, 0) <= this.#maxBytes) return;
    this.#running.splice(sizes.indexOf(Math.max(...sizes)), 1);
  }
}

function limitOf(name: string, value: number, least: number): number {
  if (value >= least) return value;
  throw new RangeError(`${name} is ${value}: give at least ${least}`);
}
