// A register: read, write and compare-and-set of any JSON value.

import type { Action } from "../history.ts";
import { canonicalText, isList, type Json } from "../json.ts";
import type { Hints, Model } from "../model.ts";
import { problemWithEcho } from "../pairing.ts";

/**
 * `read` → the value, `write` of a value, `cas` of `[expected, new]`. Values are compared deeply. A `fail` of `cas`
 * says that the comparison failed. `initial` is what a read finds before the first write; default `null`, absent.
 */
export function register(initial: Json = null): Model<Json> {
  return {
    name: "register",
    initial,
    step,
    ignores: ({ f, outcome }) => (f === "read" && outcome.kind !== "ok") || (f === "write" && outcome.kind === "fail"),
    isReadOnly: ({ f, input, outcome }) => f === "read" || outcome.kind === "fail" || (f === "cas" && isIdle(input)),
    identify: canonicalText,
    problemWithCall,
    problemWithResult,
    describeAction,
    describeState: (state) => (state === null ? "absent" : canonicalText(state)),
    hints: (operations) => ({ ...hints, standIn: standInFor(operations) }),
  };
}

function step(state: Json, { f, input, outcome }: Action): Json | undefined {
  if (f === "read") return outcome.kind === "ok" && equal(state, outcome.value) ? state : undefined;
  if (f === "write") return input;
  const { expected, next } = comparison(input);
  const matches = equal(state, expected);
  if (outcome.kind === "ok") return matches ? next : undefined;
  if (outcome.kind === "fail") return matches ? undefined : state;
  return matches ? next : state;
}

const hints: Hints<Json> = {
  requires: ({ f, input, outcome }) => {
    if (outcome.kind !== "ok" || f === "write") return undefined;
    return f === "read" ? outcome.value : comparison(input).expected;
  },
  mayProduce: ({ f, input, outcome }, state) => {
    if (f === "read" || outcome.kind === "fail" || (f === "cas" && isIdle(input))) return false;
    return equal(f === "write" ? input : comparison(input).next, state);
  },
  sets: ({ f, input, outcome }) => {
    if (f === "read" || outcome.kind === "fail") return undefined;
    return f === "write" ? input : comparison(input).next;
  },
  isReachable: equal,
  mayMatter: ({ f, input, outcome }, state) => {
    if (f === "write") return false;
    if (f === "read") return outcome.kind === "ok" && equal(outcome.value, state);
    return equal(comparison(input).expected, state) !== (outcome.kind === "fail");
  },
};

/** Values that no read has returned and no cas compares with are all alike. */
function standInFor(operations: readonly Action[]): (state: Json) => Json {
  const seen = new Set(
    operations.flatMap(({ f, input, outcome }) => {
      if (f === "cas") return [canonicalText(comparison(input).expected)];
      return f === "read" && outcome.kind === "ok" ? [canonicalText(outcome.value)] : [];
    }),
  );
  let unseen = "unseen";
  while (seen.has(canonicalText(unseen))) unseen += "?";
  return (state) => (seen.has(canonicalText(state)) ? state : unseen);
}

function problemWithCall(f: string, input: Json | undefined): string | undefined {
  switch (f) {
    case "read":
      return undefined;
    case "write":
      return input === undefined ? "write has no value: give the value that is written" : undefined;
    case "cas":
      return isList(input) && input.length === 2 ? undefined : "the value of cas must be [expected, new]";
    default:
      return `unknown f "${f}": a register has read, write and cas`;
  }
}

function problemWithResult(f: string, input: Json | undefined, result: Json | undefined): string | undefined {
  if (f !== "read") return problemWithEcho(f, input, result);
  return result === undefined ? "ok of read has no value: give what was read, null for absent" : undefined;
}

function describeAction({ f, input, outcome }: Action): string {
  if (f === "read") return outcome.kind === "ok" ? `read -> ${canonicalText(outcome.value)}` : "read";
  const what = f === "write" ? `write ${canonicalText(input)}` : describeComparison(input);
  if (outcome.kind === "unknown") return `${what} -> unknown`;
  return outcome.kind === "fail" ? `${what} -> differs` : what;
}

function describeComparison(input: Json | undefined): string {
  const { expected, next } = comparison(input);
  return `cas ${canonicalText(expected)} to ${canonicalText(next)}`;
}

function comparison(input: Json | undefined): { readonly expected: Json; readonly next: Json } {
  const [expected, next] = isList(input) ? input : [];
  if (expected === undefined || next === undefined) throw new Error("cas without [expected, new]");
  return { expected, next };
}

/** A cas that puts back what it expects changes nothing. */
function isIdle(input: Json | undefined): boolean {
  const { expected, next } = comparison(input);
  return equal(expected, next);
}

function equal(one: Json | undefined, other: Json | undefined): boolean {
  if (typeof one !== "object" || typeof other !== "object") return one === other;
  return canonicalText(one) === canonicalText(other);
}
