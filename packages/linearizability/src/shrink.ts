// Makes the operations that contradict each other few. Leaving out a write would make every read of it look wrong, so an
// operation with an effect is not removed but made optional: it may have taken effect or not. What stays contradictory
// although all others are optional is contradictory by itself.

import type { Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { isIgnored } from "./parts.ts";
import { decide } from "./search/decision.ts";
import type { Searched } from "./search/problem.ts";

/** Steps for one attempt; an attempt that needs more is taken as failed. */
const stepsPerAttempt = 30_000;

/** The result of shrinking. */
export type Shrunk = {
  /** The operations that contradict each other, in the order of their calls. */
  readonly core: readonly Operation[];
  /** The others, made optional; those without an effect are gone. */
  readonly optional: readonly Searched[];
  /** Whether no single operation of the core can be made optional as well. */
  readonly isMinimal: boolean;
};

/** Shrinks operations that are not linearizable, while there is time. */
export function shrink<State>(model: Model<State>, operations: readonly Operation[], hasTime: () => boolean): Shrunk {
  let core = operations.filter((each) => each.outcome.kind !== "unknown");
  const fails = (attempt: readonly Operation[]): boolean => {
    const weakened = [...attempt, ...optionalBeside(model, operations, attempt)];
    return decide(model, weakened, stepsPerAttempt) === "not-linearizable";
  };
  let chunk = Math.ceil(core.length / 2);
  let isMinimal = core.length <= 1;
  while (chunk > 0 && !isMinimal && hasTime()) {
    const before = core.length;
    for (let end = core.length; end > 0 && hasTime(); end -= chunk) {
      const attempt = [...core.slice(0, Math.max(0, end - chunk)), ...core.slice(end)];
      if (fails(attempt)) core = attempt;
    }
    isMinimal = chunk === 1 && core.length === before && hasTime();
    // Single operations are tried again until a whole round removes none: each removal may enable another.
    chunk = chunk === 1 ? 1 : Math.ceil(chunk / 2);
  }
  return { core, optional: optionalBeside(model, operations, core), isMinimal };
}

function optionalBeside<State>(
  model: Model<State>,
  operations: readonly Operation[],
  core: readonly Operation[],
): readonly Searched[] {
  const kept = new Set(core);
  return operations
    .filter((each) => !kept.has(each) && !(model.isReadOnly?.(each) ?? false))
    .map((each): Searched => {
      const until = each.returned === undefined ? {} : { until: each.returned };
      return { ...each, ...until, outcome: { kind: "unknown" }, returned: undefined };
    })
    .filter((each) => !isIgnored(model, each));
}
