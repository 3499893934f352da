// States as small numbers: each state is interned once, each step from a state is computed once.

import type { Action } from "../history.ts";
import { canonicalText, type Json } from "../json.ts";
import type { Model } from "../model.ts";
import { PairTable } from "./pair-table.ts";

/** The number of "no state": the action cannot take effect there. */
export const refused = -1;

/** Rough cost in bytes of keeping one state besides its text. */
const stateBytes = 100;

/** The states of one model that a search has met. */
export class States<State> {
  readonly #model: Model<State>;
  readonly #actions: readonly Action[];
  readonly #standIn: (state: State) => State;
  readonly #states: State[] = [];
  readonly #numbers = new Map<string | number, number>();
  readonly #steps = new PairTable();
  #stateBytes = 0;

  /** `actions` are the classes of equal actions, by number; for `standIn` see `Hints`. */
  constructor(model: Model<State>, actions: readonly Action[], standIn: (state: State) => State = (state) => state) {
    this.#model = model;
    this.#actions = actions;
    this.#standIn = standIn;
  }

  /** The number of a state, from 0; the same for states that nobody can tell apart. */
  numberOf(given: State): number {
    const state = this.#standIn(given);
    // Without `identify`, states are JSON: the model's documentation asks for it.
    const identity = this.#model.identify?.(state) ?? canonicalText(state as Json);
    const known = this.#numbers.get(identity);
    if (known !== undefined) return known;
    const number = this.#states.length;
    this.#states.push(state);
    this.#numbers.set(identity, number);
    this.#stateBytes += stateBytes + 2 * String(identity).length;
    return number;
  }

  /** The state with a number. */
  stateOf(number: number): State {
    if (number < 0 || number >= this.#states.length) throw new RangeError(`state ${number} of ${this.#states.length}`);
    // The index exists; `undefined` may itself be a state.
    return this.#states[number] as State;
  }

  /** The number of the state after an action, or `refused`. */
  step(from: number, actionClass: number): number {
    const known = this.#steps.get(from, actionClass);
    if (known !== undefined) return known;
    const action = this.#actions[actionClass];
    if (action === undefined) throw new RangeError(`action ${actionClass} of ${this.#actions.length}`);
    const after = this.#model.step(this.stateOf(from), action);
    const number = after === undefined ? refused : this.numberOf(after);
    this.#steps.add(from, actionClass, number);
    return number;
  }

  /** How many states there are. */
  get count(): number {
    return this.#states.length;
  }

  /** Memory taken, in bytes; an estimate. */
  get sizeBytes(): number {
    return this.#stateBytes + this.#steps.sizeBytes;
  }
}
