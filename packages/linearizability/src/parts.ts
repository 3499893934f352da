// A history is linearizable exactly if each of its parts is (Herlihy and Wing's locality), so parts are judged one by one.

import type { Action, Operation } from "./history.ts";
import type { Model } from "./model.ts";

/** The operations on one key. */
export type Part = {
  readonly key: string | undefined;
  /** All of them, in the order of their calls. */
  readonly all: readonly Operation[];
  /** Those that say something about the state. */
  readonly telling: readonly Operation[];
};

/** Splits operations by the model's partition; parts come in the order of their first calls. */
export function partsOf<State>(operations: readonly Operation[], model: Model<State>): readonly Part[] {
  const byKey = new Map<string | undefined, Operation[]>();
  for (const operation of operations) {
    const key = model.partition === undefined ? operation.key : model.partition(operation);
    const part = byKey.get(key);
    if (part === undefined) byKey.set(key, [operation]);
    else part.push(operation);
  }
  return [...byKey].map(([key, all]) => ({ key, all, telling: all.filter((each) => !isIgnored(model, each)) }));
}

/** Whether an operation says nothing; see `Model.ignores`. */
export function isIgnored<State>(model: Model<State>, action: Action): boolean {
  return model.ignores?.(action) ?? action.outcome.kind === "fail";
}
