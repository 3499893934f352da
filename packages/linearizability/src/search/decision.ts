// Decides one part of a history: the exact search, and beside it, if outcomes are unknown and it takes long, the smaller
// search that may use unknown operations again and again and can therefore only say no.

import type { Model } from "../model.ts";
import { buildProblem, type Problem, type Searched } from "./problem.ts";
import { Search, type SearchVerdict } from "./search.ts";

/** Steps that the exact search gets before the smaller one starts beside it. */
const headStartSteps = 5000;

/** The question whether some operations of one part are linearizable, answered in slices. */
export class Decision {
  readonly #problem: Problem;
  readonly #exact: Search;
  #smaller: Search | undefined;
  #hasSmallerEnded: boolean;
  #smallerSteps = 0;

  constructor(problem: Problem) {
    this.#problem = problem;
    this.#exact = new Search(problem);
    this.#hasSmallerEnded = problem.operations.length === problem.knownCount;
  }

  /** Goes on for at most that many steps, and as many of the smaller search. */
  run(maxSteps: number): SearchVerdict {
    const verdict = this.#exact.run(maxSteps);
    if (verdict !== "running" || this.#hasSmallerEnded || this.#exact.steps < headStartSteps) return verdict;
    this.#smaller ??= new Search(this.#problem, { reusesUnknown: true });
    const stepsBefore = this.#smaller.steps;
    const smaller = this.#smaller.run(maxSteps);
    this.#smallerSteps += this.#smaller.steps - stepsBefore;
    if (smaller === "not-linearizable") return smaller;
    if (smaller === "linearizable") {
      this.#hasSmallerEnded = true;
      this.#smaller = undefined;
    }
    return "running";
  }

  /** Steps taken so far by both searches. */
  get steps(): number {
    return this.#exact.steps + this.#smallerSteps;
  }

  /** Memory taken, in bytes; an estimate. */
  get sizeBytes(): number {
    return this.#exact.sizeBytes + (this.#smaller?.sizeBytes ?? 0) + this.#problem.sizeBytes();
  }
}

/** Decides in one go; "running" if the steps did not suffice. Operations that the model ignores must be gone. */
export function decide<State>(model: Model<State>, operations: readonly Searched[], maxSteps: number): SearchVerdict {
  const decision = new Decision(buildProblem(model, operations));
  let verdict = decision.run(Math.min(maxSteps, headStartSteps));
  while (verdict === "running" && decision.steps < maxSteps) verdict = decision.run(headStartSteps);
  return verdict;
}
