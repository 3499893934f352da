// What may take effect next: operations called before the first pending return, in the order of their returns, because the
// one that returned first leaves the least room. A read that fits is taken at once, and nothing else is tried.

import { at } from "./cells.ts";
import type { Configuration } from "./configuration.ts";
import { none, type Problem } from "./problem.ts";

/** Operations of unknown outcome that together lead to a state; none in a pause of a long enumeration. */
export type Way = { readonly state: number; readonly operations: readonly number[] };

const pause: Way = { state: none, operations: [] };

/** The choices of one level of the search. */
export class Choices {
  readonly #problem: Problem;
  readonly #operations: number[] = [];
  readonly #pending: number[] = [];
  readonly #targets: number[] = [];
  #next = 0;
  #nextTarget = 0;
  #from = none;
  #ways: Iterator<readonly number[] | undefined, void> | undefined;

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  /** Replaces what is here by the choices of a configuration. */
  collect(configuration: Configuration): void {
    this.#clear();
    this.#from = configuration.state;
    const { knownCount, called, returned, before } = this.#problem;
    if (configuration.firstPending === knownCount) return;
    const limit = at(returned, configuration.firstPending);
    for (
      let operation = configuration.firstCalled;
      operation !== none && at(called, operation) < limit;
      operation = configuration.calledAfter(operation)
    ) {
      if (configuration.isTooLate(operation)) continue;
      if (operation >= knownCount && this.#problem.bridge !== undefined) {
        this.#pending.push(operation);
        continue;
      }
      const first = at(before, operation);
      if (first !== none && !configuration.has(first)) continue;
      if (this.#consider(operation, configuration) === "ends") return;
    }
    if (!this.#canServeNext(configuration)) {
      this.#clear();
      return;
    }
    if (this.#problem.bridge !== undefined && this.#pending.length > 0) this.#keepSafeTargets();
    else this.#targets.length = 0;
  }

  /** The next operation to try by itself, or `none`. */
  nextOperation(): number {
    if (this.#next === this.#operations.length) return none;
    this.#next += 1;
    return at(this.#operations, this.#next - 1);
  }

  /** The next way to reach a state that a pending operation requires. With `onlyFirst`, one way to each state is enough. */
  nextWay(onlyFirst: boolean): Way | undefined {
    const { bridge } = this.#problem;
    if (bridge === undefined || this.#nextTarget === this.#targets.length) return undefined;
    const state = at(this.#targets, this.#nextTarget);
    this.#ways ??= bridge(this.#from, state, this.#pending);
    const { done, value } = this.#ways.next();
    if (done !== true && value === undefined) return pause;
    if (done === true || onlyFirst) {
      this.#ways = undefined;
      this.#nextTarget += 1;
    }
    return value === undefined ? pause : { state, operations: value };
  }

  #clear(): void {
    this.#operations.length = 0;
    this.#pending.length = 0;
    this.#targets.length = 0;
    this.#next = 0;
    this.#nextTarget = 0;
    this.#ways = undefined;
  }

  /** Adds a choice; "ends" if it makes all others needless. */
  #consider(operation: number, configuration: Configuration): "ends" | "goes on" {
    const { required, knownCount, isReadOnly, step, actionOf } = this.#problem;
    const { state } = configuration;
    const needed = at(required, operation);
    if (needed !== none && needed !== state) {
      if (!configuration.canServe(operation)) {
        this.#clear();
        return "ends";
      }
      if (!this.#targets.includes(needed)) this.#targets.push(needed);
      return "goes on";
    }
    if (operation < knownCount && isReadOnly[operation] === true) {
      if (step(state, at(actionOf, operation)) !== state) return "goes on";
      this.#clear();
      this.#operations.push(operation);
      return "ends";
    }
    this.#insert(operation);
    return "goes on";
  }

  /** Looks past the operations called so far, to the next of all that requires a state. */
  #canServeNext(configuration: Configuration): boolean {
    const { required, knownCount } = this.#problem;
    let operation = configuration.firstPending;
    while (operation < knownCount && (at(required, operation) === none || configuration.has(operation))) operation += 1;
    return operation === knownCount || configuration.canServe(operation);
  }

  /** Operations are numbered in the order of their returns, unknown ones last. */
  #insert(operation: number): void {
    let place = this.#operations.length;
    this.#operations.push(operation);
    while (place > 0 && at(this.#operations, place - 1) > operation) {
      this.#operations[place] = at(this.#operations, place - 1);
      place -= 1;
    }
    this.#operations[place] = operation;
  }

  /** A state from which another required one cannot be reached any more is no use as the next. */
  #keepSafeTargets(): void {
    const { isReachable } = this.#problem;
    const safe = this.#targets.filter((one) => this.#targets.every((other) => isReachable(one, other)));
    this.#targets.length = 0;
    this.#targets.push(...safe);
  }
}
