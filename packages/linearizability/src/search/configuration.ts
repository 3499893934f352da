// Where a search stands: which operations have taken effect, and the state after them. Every change can be taken back.

import { at, bitWords, flipBit, hasBit, scramble } from "./cells.ts";
import { none, type Problem } from "./problem.ts";

/** Taken effect or not, per operation, with what the search asks about it kept up to date. */
export class Configuration {
  readonly #problem: Problem;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Bits of the operations of known outcome that have taken effect. */
  readonly known: Uint32Array;
  /** Bits of the operations of unknown outcome that have taken effect. */
  readonly unknown: Uint32Array;
  /** How many pending operations require a state, per state that some operation requires. */
  readonly #requiring: Int32Array;
  /** Number of the present state. */
  state: number;
  /** The pending operation of known outcome that returned first: it must take effect before any call after its return. */
  firstPending: number = 0;
  /** The highest operation of known outcome that has taken effect, or `none`. */
  lastKnown: number = none;
  /** The latest call of an operation of known outcome and with an effect that has taken effect, or `none`. */
  lastCalled: number = none;
  /** How many operations of known outcome have taken effect. */
  knownCount: number = 0;
  /** Hash of `known`. */
  hash: number = 0;

  constructor(problem: Problem) {
    this.#problem = problem;
    this.state = problem.initial;
    this.known = bitWords(problem.knownCount);
    this.unknown = bitWords(problem.operations.length - problem.knownCount);
    this.#requiring = new Int32Array(problem.required.reduce((most, each) => Math.max(most, each + 1), 0));
    for (const state of problem.required) if (state !== none) this.#requiring[state] = at(this.#requiring, state) + 1;
    const count = problem.operations.length;
    const byCall = [...problem.called.keys()].toSorted(
      (one, other) => at(problem.called, one) - at(problem.called, other),
    );
    this.#next = new Int32Array(count + 1);
    this.#previous = new Int32Array(count + 1);
    const ring = [count, ...byCall, count];
    for (let place = 1; place < ring.length; place += 1) {
      this.#next[at(ring, place - 1)] = at(ring, place);
      this.#previous[at(ring, place)] = at(ring, place - 1);
    }
  }

  /** The pending operation that was called first, or `none`. */
  get firstCalled(): number {
    return this.#orNone(at(this.#next, this.#problem.operations.length));
  }

  /** The pending operation that was called next after a pending one, or `none`. */
  calledAfter(operation: number): number {
    return this.#orNone(at(this.#next, operation));
  }

  /** Whether an operation has taken effect. */
  has(operation: number): boolean {
    const { knownCount } = this.#problem;
    return operation < knownCount ? hasBit(this.known, operation) : hasBit(this.unknown, operation - knownCount);
  }

  /** Whether an operation of unknown outcome returned before one was called that has taken effect. */
  isTooLate(operation: number): boolean {
    return at(this.#problem.until, operation) < this.lastCalled;
  }

  /** How many pending operations can only take effect in a state. */
  countRequiring(state: number): number {
    return state < this.#requiring.length ? at(this.#requiring, state) : 0;
  }

  /** Whether one of some operations, given in the order of their numbers, is pending and was called before a position. */
  hasPending(operations: readonly number[], calledBefore: number = Infinity): boolean {
    // The latest are the likeliest to be pending, and none before `firstPending` is.
    for (let place = operations.length - 1; place >= 0; place -= 1) {
      const operation = at(operations, place);
      if (operation < this.firstPending) return false;
      if (at(this.#problem.called, operation) < calledBefore && !this.has(operation) && !this.isTooLate(operation)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a pending operation may still come to the state that it requires. Some other, called before its return, must
   * produce that state, and it must be reached from the present one, or from one that such an operation sets.
   */
  canServe(operation: number): boolean {
    const { required, returned, isReachable, producersOf, settersFor } = this.#problem;
    const needed = at(required, operation);
    if (needed === none || needed === this.state) return true;
    const limit = at(returned, operation);
    if (producersOf !== undefined && !this.hasPending(producersOf(needed), limit)) return false;
    return isReachable(this.state, needed) || this.hasPending(settersFor(needed), limit);
  }

  /** Lets a pending operation take effect; the state is the caller's to set. */
  add(operation: number): void {
    this.#flip(operation, -1);
    const before = at(this.#previous, operation);
    const after = at(this.#next, operation);
    this.#next[before] = after;
    this.#previous[after] = before;
    if (operation >= this.#problem.knownCount) return;
    this.knownCount += 1;
    this.lastKnown = Math.max(this.lastKnown, operation);
    if (this.#problem.isReadOnly[operation] === false) {
      this.lastCalled = Math.max(this.lastCalled, at(this.#problem.called, operation));
    }
    while (this.firstPending < this.#problem.knownCount && hasBit(this.known, this.firstPending))
      this.firstPending += 1;
  }

  /**
   * Takes back what was added last. The caller restores `state`, `firstPending`, `lastKnown` and `lastCalled`, which it saved:
   * finding them again would be a search of its own.
   */
  remove(operation: number): void {
    this.#flip(operation, 1);
    this.#next[at(this.#previous, operation)] = operation;
    this.#previous[at(this.#next, operation)] = operation;
    if (operation < this.#problem.knownCount) this.knownCount -= 1;
  }

  #flip(operation: number, change: 1 | -1): void {
    const { knownCount, required } = this.#problem;
    if (operation >= knownCount) {
      flipBit(this.unknown, operation - knownCount);
      return;
    }
    flipBit(this.known, operation);
    this.hash ^= scramble(operation);
    const state = at(required, operation);
    if (state !== none) this.#requiring[state] = at(this.#requiring, state) + change;
  }

  #orNone(operation: number): number {
    return operation === this.#problem.operations.length ? none : operation;
  }
}
