// Wing and Gong's search with Lowe's memory of where it has been: depth first over the orders in which operations may have
// taken effect. An order is extended only by operations called before the first pending return; see `Choices`.

import { at } from "./cells.ts";
import { Choices } from "./choices.ts";
import { Configuration } from "./configuration.ts";
import { none, type Problem } from "./problem.ts";
import { refused } from "./states.ts";
import { Visited } from "./visited.ts";

/** How a search over one part ends, or that it has not. */
export type SearchVerdict = "linearizable" | "not-linearizable" | "running";

/** One level of the search: what led here, what to restore, and what is left to try. */
type Level = {
  readonly taken: number[];
  state: number;
  firstPending: number;
  lastKnown: number;
  lastCalled: number;
  readonly choices: Choices;
};

/** A search that runs in slices. */
export class Search {
  readonly #problem: Problem;
  readonly #reusesUnknown: boolean;
  readonly #configuration: Configuration;
  readonly #visited = new Visited();
  readonly #levels: Level[] = [];
  readonly #single: number[] = [0];
  #depth = -1;
  #longest: readonly number[] = [];
  #longestKnown = -1;
  #verdict: SearchVerdict = "running";
  #steps = 0;

  /**
   * With `reusesUnknown`, an operation of unknown outcome may take effect any number of times: a much smaller search
   * whose "not-linearizable" holds all the more for the real question, while its "linearizable" says nothing.
   */
  constructor(problem: Problem, { reusesUnknown = false }: { readonly reusesUnknown?: boolean } = {}) {
    this.#problem = problem;
    this.#reusesUnknown = reusesUnknown;
    this.#configuration = new Configuration(problem);
    this.#visited.add(this.#configuration, this.#comparesUnknown);
    this.#push([]).choices.collect(this.#configuration);
    for (let operation = 0; operation < problem.knownCount; operation += 1) {
      if (!this.#configuration.canServe(operation)) this.#verdict = "not-linearizable";
    }
  }

  /** Goes on for at most that many steps; a step tries one operation. */
  run(maxSteps: number): SearchVerdict {
    const end = this.#steps + maxSteps;
    for (; this.#steps < end && this.#verdict === "running"; this.#steps += 1) this.#step();
    return this.#verdict;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Memory taken by this search alone, in bytes. */
  get sizeBytes(): number {
    return this.#visited.sizeBytes;
  }

  /** The longest order found so far that works, as operation numbers. Complete once the verdict is "linearizable". */
  get longest(): readonly number[] {
    this.#remember();
    return this.#longest;
  }

  get #comparesUnknown(): boolean {
    return !this.#reusesUnknown && this.#problem.operations.length > this.#problem.knownCount;
  }

  #step(): void {
    const configuration = this.#configuration;
    if (configuration.firstPending === this.#problem.knownCount) {
      this.#verdict = "linearizable";
      return;
    }
    const { choices } = this.#level();
    const operation = choices.nextOperation();
    if (operation !== none) {
      this.#try(operation);
      return;
    }
    const way = choices.nextWay(this.#reusesUnknown);
    if (way !== undefined) {
      if (way.operations.length > 0) this.#enter(way.state, way.operations, false);
      return;
    }
    this.#remember();
    if (this.#depth === 0) this.#verdict = "not-linearizable";
    else this.#leave();
  }

  #try(operation: number): void {
    const { actionOf, step, knownCount } = this.#problem;
    const { state } = this.#configuration;
    const after = step(state, at(actionOf, operation));
    if (after === refused) return;
    const isUnknown = operation >= knownCount;
    // An unknown operation without effect is as good as one that never happened, and stays available.
    if (isUnknown && after === state) return;
    this.#single[0] = operation;
    this.#enter(after, this.#single, isUnknown);
  }

  #enter(state: number, operations: readonly number[], isUnknown: boolean): void {
    const configuration = this.#configuration;
    const from = configuration.state;
    const level = this.#push(operations);
    for (const operation of operations) {
      if (operation < this.#problem.knownCount || !this.#reusesUnknown) configuration.add(operation);
    }
    configuration.state = state;
    const isHopeless = (state !== from && this.#strands(from)) || (isUnknown && this.#isUnseen(state));
    if (isHopeless || !this.#visited.add(configuration, this.#comparesUnknown)) this.#leave();
    else level.choices.collect(configuration);
  }

  /** Whether leaving a state strands an operation that needs it: nothing pending can bring the state back. */
  #strands(from: number): boolean {
    if (this.#configuration.countRequiring(from) === 0) return false;
    const producers = this.#problem.producersOf?.(from);
    return producers !== undefined && !this.#configuration.hasPending(producers);
  }

  /** Whether no pending operation could tell that an unknown one has produced a state. */
  #isUnseen(state: number): boolean {
    const witnesses = this.#problem.witnessesOf?.(state);
    return witnesses !== undefined && !this.#configuration.hasPending(witnesses);
  }

  #level(): Level {
    const level = this.#levels[this.#depth];
    if (level === undefined) throw new RangeError(`level ${this.#depth} of ${this.#levels.length}`);
    return level;
  }

  /** Levels are kept for reuse, so that a search that has warmed up allocates next to nothing. */
  #push(operations: readonly number[]): Level {
    const { state, firstPending, lastKnown, lastCalled } = this.#configuration;
    this.#depth += 1;
    let level = this.#levels[this.#depth];
    if (level === undefined) {
      level = { taken: [], state, firstPending, lastKnown, lastCalled, choices: new Choices(this.#problem) };
      this.#levels.push(level);
    }
    level.taken.length = 0;
    for (const operation of operations) level.taken.push(operation);
    level.state = state;
    level.firstPending = firstPending;
    level.lastKnown = lastKnown;
    level.lastCalled = lastCalled;
    return level;
  }

  #leave(): void {
    const { taken, state, firstPending, lastKnown, lastCalled } = this.#level();
    for (let place = taken.length - 1; place >= 0; place -= 1) {
      const operation = at(taken, place);
      if (operation < this.#problem.knownCount || !this.#reusesUnknown) this.#configuration.remove(operation);
    }
    this.#configuration.state = state;
    this.#configuration.firstPending = firstPending;
    this.#configuration.lastKnown = lastKnown;
    this.#configuration.lastCalled = lastCalled;
    this.#depth -= 1;
  }

  #remember(): void {
    if (this.#configuration.knownCount <= this.#longestKnown) return;
    this.#longestKnown = this.#configuration.knownCount;
    this.#longest = this.#levels.slice(0, this.#depth + 1).flatMap(({ taken }) => taken);
  }
}
