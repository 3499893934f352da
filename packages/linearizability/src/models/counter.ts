// A counter: fetch-and-add and read. Adds of known outcome are nearly ordered by the values they returned; adds of unknown
// outcome are taken only where their sum leads to a value that somebody saw.

import type { Action, Operation } from "../history.ts";
import { canonicalText, isList, type Json } from "../json.ts";
import type { Hints, Model } from "../model.ts";
import { subsetsWithSum } from "./subset-sums.ts";

/**
 * `add` of a delta → `[delta, valueAfter]`, `read` → the value, `null` meaning 0. All are safe integers. A `fail` of
 * `add` says that it was not added. `initial` is the value before the first add; default 0.
 */
export function counter(initial = 0): Model<number> {
  return {
    name: "counter",
    initial,
    step: (state, action) => {
      if (action.outcome.kind === "unknown") return state + delta(action);
      return state === valueBefore(action) ? state + delta(action) : undefined;
    },
    ignores: (action) => {
      const isUnseen = action.outcome.kind === "unknown" && (action.f === "read" || delta(action) === 0);
      return action.outcome.kind === "fail" || isUnseen;
    },
    isReadOnly: (action) => delta(action) === 0,
    identify: (state) => state,
    problemWithCall,
    problemWithResult,
    describeAction,
    describeState: String,
    hints,
  };
}

function hints(operations: readonly Operation[]): Hints<number> {
  const isKnown = operations.every(({ outcome }) => outcome.kind !== "unknown");
  const onlyGrows = operations.every((each) => delta(each) >= 0);
  return {
    requires: (action) => (action.outcome.kind === "ok" ? valueBefore(action) : undefined),
    // An unknown add may produce any value: with one among them, the hint would exclude nothing.
    ...(isKnown ? { mayProduce: (action, state) => delta(action) !== 0 && valueAfter(action) === state } : {}),
    isReachable: (from, to) => !onlyGrows || to >= from,
    bridge: (from, to, pending) => subsetsWithSum(to - from, pending, delta),
  };
}

function delta({ f, input }: Action): number {
  return f === "add" && typeof input === "number" ? input : 0;
}

function valueAfter({ f, outcome }: Action): number {
  const value = outcome.kind === "ok" ? outcome.value : undefined;
  const after = f === "add" && isList(value) ? value[1] : (value ?? 0);
  if (typeof after !== "number") throw new Error(`ok of ${f} without a number`);
  return after;
}

function valueBefore(action: Action): number {
  return valueAfter(action) - delta(action);
}

function problemWithCall(f: string, input: Json | undefined): string | undefined {
  if (f === "read") return undefined;
  if (f !== "add") return `unknown f "${f}": a counter has add and read`;
  return Number.isSafeInteger(input) ? undefined : "the value of add must be its delta, a whole number";
}

function problemWithResult(f: string, input: Json | undefined, result: Json | undefined): string | undefined {
  if (f === "read") {
    return result === null || Number.isSafeInteger(result) ? undefined : "ok of read must carry a whole number or null";
  }
  const isPair = isList(result) && result.length === 2 && result.every(Number.isSafeInteger);
  if (!isPair) return "ok of add must carry [delta, valueAfter], two whole numbers";
  const [echo] = result;
  if (echo === input) return undefined;
  return `ok of add carries delta ${canonicalText(echo)}, but ${canonicalText(input)} was invoked`;
}

function describeAction(action: Action): string {
  const { f, outcome } = action;
  const result = outcome.kind === "ok" ? String(valueAfter(action)) : outcome.kind;
  return f === "read" ? `read -> ${result}` : `add ${delta(action)} -> ${result}`;
}
