// Why a history is not linearizable: few operations that contradict each other, and how far an order of them gets.

import type { Operation } from "./history.ts";
import { canonicalText, type Json } from "./json.ts";
import type { Model } from "./model.ts";
import { actionText } from "./pairing.ts";
import type { Part } from "./parts.ts";
import { at } from "./search/cells.ts";
import { buildProblem, type Searched } from "./search/problem.ts";
import { Search } from "./search/search.ts";
import { shrink } from "./shrink.ts";

/** An operation of a counterexample, with words for it. */
export type NamedOperation = { readonly operation: Operation; readonly text: string };

/** A step of an order that works so far. */
export type OrderStep = {
  /** Index into the counterexample's operations. */
  readonly operation: number;
  /** The state after it, in words. */
  readonly state: string;
};

/** Operations on one key that no order explains. */
export type Counterexample = {
  /** Name of the model. */
  readonly model: string;
  /** The key; `undefined` in a history without keys. */
  readonly key: string | undefined;
  /**
   * The operations that contradict each other, with those that the longest order needs besides and one for each value
   * seen, in the order of their calls. They are not linearizable by themselves.
   */
  readonly operations: readonly NamedOperation[];
  /** Operations on the key that are left out: the contradiction stays whether they took effect or not. */
  readonly omitted: number;
  /** Whether shrinking ended because no single operation can be left out, and not for want of time. */
  readonly isMinimal: boolean;
  /** The state before the first operation, in words. */
  readonly initialState: string;
  /** The longest order found that works. */
  readonly order: readonly OrderStep[];
  /** Index of the operation at whose return the order is stuck: it returned first of those that are not in it. */
  readonly stuckAt: number;
  /** Indexes of all operations that could come next, `stuckAt` included; none of them leads on. */
  readonly candidates: readonly number[];
};

const stepsForLongest = 10_000;

/** More optional operations than this would bury the contradiction. */
const mostShown = 12;

/** Finds the counterexample in a part that is not linearizable. */
export function explain<State>(model: Model<State>, part: Part, hasTime: () => boolean): Counterexample {
  const { core, optional, isMinimal } = shrink(model, part.telling, hasTime);
  const whole = new Map(part.telling.map((each) => [each.called, each]));
  const used = usedOptional(model, core, optional).flatMap(({ called }) => whole.get(called) ?? []);
  const explained = [...core, ...used];
  const shown = [...explained, ...sourcesOf(model, explained, part.telling)].toSorted(byCall);
  const order = longestOrder(model, shown);
  const inOrder = new Set(order);
  const pending = shown.filter((each) => !inOrder.has(each));
  const firstReturn = pending.reduce((least, each) => Math.min(least, each.returned ?? Infinity), Infinity);
  const indexOf = (operation: Operation): number => shown.indexOf(operation);
  return {
    model: model.name,
    key: part.key,
    operations: shown.map((operation) => ({ operation, text: describeAction(model, operation) })),
    omitted: part.all.length - shown.length,
    isMinimal,
    initialState: describeState(model, model.initial),
    order: statesAlong(model, order).map((state, place) => ({ operation: at(order.map(indexOf), place), state })),
    stuckAt: shown.findIndex((each) => each.returned === firstReturn),
    candidates: pending.filter((each) => each.called < firstReturn).map(indexOf),
  };
}

/** For each value that somebody saw and nothing else shown can have left behind: the latest operation that can. */
function sourcesOf<State>(
  model: Model<State>,
  shown: readonly Operation[],
  all: readonly Operation[],
): readonly Operation[] {
  const { requires, mayProduce } = model.hints?.(all) ?? {};
  const sources = new Set<Operation>();
  for (const operation of shown) {
    const state = operation.returned === undefined ? undefined : requires?.(operation);
    if (state === undefined || mayProduce === undefined) continue;
    const canProduce = (each: Operation): boolean =>
      each !== operation && each.called < (operation.returned ?? 0) && mayProduce(each, state);
    const source = [...shown, ...sources].some(canProduce) ? undefined : all.findLast(canProduce);
    if (source !== undefined) sources.add(source);
  }
  return [...sources];
}

function byCall(one: Operation, other: Operation): number {
  return one.called - other.called;
}

/** The optional operations without which the longest order would be shorter; none if they are too many to help. */
function usedOptional<State>(
  model: Model<State>,
  core: readonly Operation[],
  optional: readonly Searched[],
): readonly Searched[] {
  const countKnown = (order: readonly Searched[]): number => order.filter((each) => each.returned !== undefined).length;
  const longest = longestOrder(model, [...core, ...optional]);
  let used = longest.filter((each) => each.returned === undefined);
  for (let chunk = used.length; chunk > 0; chunk = Math.floor(chunk / 2)) {
    for (let end = used.length; end > 0; end -= chunk) {
      const others = [...used.slice(0, Math.max(0, end - chunk)), ...used.slice(end)];
      if (countKnown(longestOrder(model, [...core, ...others])) >= countKnown(longest)) used = others;
    }
    if (used.length > chunk * mostShown) return [];
  }
  return used;
}

/** Most hints are not followed: they give up early, and the longer the order, the better it explains. */
function longestOrder<State>(model: Model<State>, operations: readonly Searched[]): readonly Searched[] {
  const problem = buildProblem(model, operations, "only-unseen");
  const search = new Search(problem);
  search.run(stepsForLongest);
  return search.longest.flatMap((index) => problem.operations[index] ?? []);
}

function statesAlong<State>(model: Model<State>, order: readonly Operation[]): readonly string[] {
  let state = model.initial;
  return order.map((operation) => {
    const next = model.step(state, operation);
    if (next === undefined) throw new Error(`${actionText(operation)} does not fit an order that was found to work`);
    state = next;
    return describeState(model, state);
  });
}

function describeAction<State>(model: Model<State>, operation: Operation): string {
  if (model.describeAction !== undefined) return model.describeAction(operation);
  const { f, input, outcome } = operation;
  const result = outcome.kind === "ok" ? canonicalText(outcome.value) : outcome.kind;
  return `${f}(${input === undefined ? "" : canonicalText(input)}) -> ${result}`;
}

function describeState<State>(model: Model<State>, state: State): string {
  // Without `describeState`, states are JSON: the model's documentation asks for it.
  return model.describeState?.(state) ?? canonicalText(state as Json);
}
