// One part of a history made ready for the search: operations as numbers in the order of their returns, equal ones chained,
// and the model's hints as questions about numbers.

import type { Action, Operation } from "../history.ts";
import type { Hints, Model } from "../model.ts";
import { actionText } from "../pairing.ts";
import { at } from "./cells.ts";
import { States } from "./states.ts";

/** Stands for "none" where a number from 0 is expected. */
export const none = -1;

/** Beyond every position. */
const forever = 0x7fffffff;

/** How many earlier equal operations are looked at for one that goes first. */
const chainReach = 8;

/**
 * An operation of unknown outcome may have a position before which it returned: it cannot take effect after an operation
 * with an effect, of known outcome, that was called later. Shrinking makes operations optional like that.
 */
export type Searched = Operation & { readonly until?: number };

/** Operations 0 to `knownCount` exclusive returned, in that order; the others may take effect any time or never. */
export type Problem = {
  readonly operations: readonly Searched[];
  readonly knownCount: number;
  /** Position of the call, per operation. */
  readonly called: Int32Array;
  /** Position of the return, per operation; beyond every position if the outcome is unknown. */
  readonly returned: Int32Array;
  /** Position after which an operation of unknown outcome is too late, per operation; see `Searched`. */
  readonly until: Int32Array;
  /** Number of the action, per operation; equal actions have the same. */
  readonly actionOf: Int32Array;
  /** An equal operation that may always go first, per operation, or `none`. */
  readonly before: Int32Array;
  /** The only state in which an operation can take effect, per operation, or `none` if there may be several. */
  readonly required: Int32Array;
  /** Whether an operation leaves every state as it is. */
  readonly isReadOnly: readonly boolean[];
  readonly initial: number;
  /** The state after an operation's action, or `refused`. */
  readonly step: (state: number, action: number) => number;
  /** Operations that may lead to a state from another; `undefined` if the model does not say. */
  readonly producersOf: ((state: number) => readonly number[]) | undefined;
  /** Operations to which it may matter that an unknown one produced a state; `undefined` if the model does not say. */
  readonly witnessesOf: ((state: number) => readonly number[]) | undefined;
  /** Operations that set a state from which a given one can be reached, in the order of their returns. */
  readonly settersFor: (state: number) => readonly number[];
  /** Whether operations that set no state may lead from one state to another. */
  readonly isReachable: (from: number, to: number) => boolean;
  /** Ways to lead from one state to another with some pending operations; `undefined` if they are tried one by one. */
  readonly bridge: Bridge | undefined;
  /** Memory of the interned states, in bytes. */
  readonly sizeBytes: () => number;
};

/** See `Hints.bridge`; in numbers. */
export type Bridge = (
  from: number,
  to: number,
  pending: readonly number[],
) => Iterator<readonly number[] | undefined, void>;

/**
 * Which of the model's hints a search follows. They end a search early; to see how far an order can get, it follows only
 * the one that keeps unknown operations out that nobody would notice.
 */
export type HintUse = "all" | "only-unseen";

/** Prepares operations of one part. Ignored ones must be gone. */
export function buildProblem<State>(
  model: Model<State>,
  given: readonly Searched[],
  hintUse: HintUse = "all",
): Problem {
  const operations = given.toSorted((one, other) => returnOf(one) - returnOf(other) || one.called - other.called);
  const actions: Action[] = [];
  const actionOf = numberActions(operations, actions);
  const allHints: Hints<State> = model.hints?.(given) ?? {};
  const { mayMatter } = allHints;
  const hints = hintUse === "all" ? allHints : mayMatter === undefined ? {} : { mayMatter };
  const states = new States(model, actions, hints.standIn);
  const initial = states.numberOf(model.initial);
  const called = Int32Array.from(operations, (each) => each.called);
  const returned = Int32Array.from(operations, returnOf);
  const until = Int32Array.from(operations, (each) => each.until ?? forever);
  return {
    operations,
    knownCount: operations.filter((each) => each.returned !== undefined).length,
    called,
    returned,
    until,
    actionOf,
    before: chainEqual({ actionOf, called, returned, until }),
    required: Int32Array.from(operations, (each) => {
      const state = each.returned === undefined ? undefined : hints.requires?.(each);
      return state === undefined ? none : states.numberOf(state);
    }),
    isReadOnly: operations.map((each) => model.isReadOnly?.(each) ?? false),
    initial,
    step: (state, action) => states.step(state, action),
    producersOf: hints.mayProduce && selection(operations, states, hints.mayProduce),
    witnessesOf: hints.mayMatter && selection(operations, states, hints.mayMatter),
    settersFor: selection(operations, states, (action, state) => {
      const set = hints.sets?.(action);
      return set !== undefined && (hints.isReachable?.(set, state) ?? true);
    }),
    isReachable: (from, to) => hints.isReachable?.(states.stateOf(from), states.stateOf(to)) ?? true,
    bridge: bridgeInNumbers(operations, states, hints.bridge),
    sizeBytes: () => states.sizeBytes,
  };
}

function returnOf(operation: Operation): number {
  return operation.returned ?? forever;
}

function numberActions(operations: readonly Operation[], actions: Action[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(operations, (each) => {
    const text = actionText(each);
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, actions.length);
    return actions.push(each) - 1;
  });
}

/**
 * Of two equal operations, one that was called and returned no later than the other may go first: exchanging them in an
 * order that works gives another that works. So each waits for such a predecessor, and permutations are never tried. One
 * that can be too late is never waited for.
 */
function chainEqual({
  actionOf,
  called,
  returned,
  until,
}: Pick<Problem, "actionOf" | "called" | "returned" | "until">): Int32Array {
  const before = new Int32Array(actionOf.length).fill(none);
  const earlier = new Map<number, number[]>();
  const byCall = [...actionOf.keys()].toSorted((one, other) => at(called, one) - at(called, other));
  for (const operation of byCall) {
    const equals = earlier.get(at(actionOf, operation)) ?? [];
    before[operation] =
      equals.slice(-chainReach).findLast((each) => at(returned, each) <= at(returned, operation)) ?? none;
    if (at(until, operation) === forever) equals.push(operation);
    earlier.set(at(actionOf, operation), equals);
  }
  return before;
}

/** The operations that a relation selects for a state, in order, worked out when a state is first asked for. */
function selection<State>(
  operations: readonly Operation[],
  states: States<State>,
  relates: (action: Action, state: State) => boolean,
): (state: number) => readonly number[] {
  const known = new Map<number, readonly number[]>();
  return (number) => {
    const found = known.get(number);
    if (found !== undefined) return found;
    const state = states.stateOf(number);
    const selected = operations.flatMap((operation, index) => (relates(operation, state) ? [index] : []));
    known.set(number, selected);
    return selected;
  };
}

function bridgeInNumbers<State>(
  operations: readonly Operation[],
  states: States<State>,
  bridge: Hints<State>["bridge"],
): Bridge | undefined {
  if (bridge === undefined) return undefined;
  const numbers = new Map(operations.map((operation, index) => [operation, index]));
  return function* (from, to, pending) {
    const candidates = pending.flatMap((index) => operations[index] ?? []);
    for (const way of bridge(states.stateOf(from), states.stateOf(to), candidates)) {
      yield way?.flatMap((operation) => numbers.get(operation) ?? []);
    }
  };
}
