// Objects that are wrong as replicated ones are when something is missing: now and then, and with answers that look right.

import type { Json } from "../../src/index.ts";
import type { Answer, Simulated } from "./objects.ts";
import { type Random, seeded } from "./random.ts";

/** What goes wrong. */
export type Defect =
  /** A read is answered by a replica that is some changes behind. */
  | "stale read"
  /** A change is acknowledged and has no effect. */
  | "lost change"
  /** A change takes effect again some changes later, as when a retry is taken for a new request. */
  | "repeated change";

const kept = 8;

/** An object with a defect that shows in some share of the calls, once `after` of them have been right. */
export function defective(
  object: Simulated,
  plan: { defect: Defect; share: number; seed: number; after: number },
): Simulated {
  const random = seeded(plan.seed);
  let calls = 0;
  return {
    ...object,
    initial: [object.initial],
    apply: (states, call) => {
      // What `initial` and this function return.
      const past = states as readonly [Json, ...Json[]];
      const { state, answer } = object.apply(past[0], call);
      const isChange = JSON.stringify(state) !== JSON.stringify(past[0]);
      calls += 1;
      const isWrong = calls > plan.after && random.chance(plan.share);
      if (!isWrong) return { state: isChange ? [state, ...past.slice(0, kept)] : past, answer };
      return wrong(plan.defect, { object, past, state, answer, isChange, call, random });
    },
  };
}

function wrong(
  defect: Defect,
  facts: {
    readonly object: Simulated;
    readonly past: readonly [Json, ...Json[]];
    readonly state: Json;
    readonly answer: Answer;
    readonly isChange: boolean;
    readonly call: Parameters<Simulated["apply"]>[1];
    readonly random: Random;
  },
): { readonly state: Json; readonly answer: Answer } {
  const { object, past, state, answer, isChange, call, random } = facts;
  if (defect === "stale read" && !isChange)
    return { state: past, answer: object.apply(random.pick(past), call).answer };
  if (defect === "lost change" && isChange) return { state: past, answer };
  const changed = isChange ? ([state, ...past.slice(0, kept)] as const) : past;
  if (defect !== "repeated change" || !isChange) return { state: changed, answer };
  const again = object.apply(state, call).state;
  return { state: [again, ...changed.slice(0, kept)], answer };
}
