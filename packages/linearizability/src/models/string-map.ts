// A map of strings, one key at a time: get, put and append.

import type { Action } from "../history.ts";
import { canonicalText, type Json } from "../json.ts";
import type { Hints, Model } from "../model.ts";
import { problemWithEcho } from "../pairing.ts";

/** `get` → the string, `put` of a string, `append` of a string. A key that was never put is `""`. */
export function stringMap(): Model<string> {
  return {
    name: "string-map",
    initial: "",
    step: (state, { f, input, outcome }) => {
      if (f === "get") return outcome.kind === "ok" && outcome.value === state ? state : undefined;
      return f === "put" ? text(input) : state + text(input);
    },
    ignores: ({ f, outcome }) => outcome.kind === "fail" || (f === "get" && outcome.kind !== "ok"),
    isReadOnly: ({ f, input }) => f === "get" || (f === "append" && input === ""),
    identify: (state) => state,
    problemWithCall,
    problemWithResult,
    describeAction,
    describeState: (state) => JSON.stringify(state),
    hints: (operations) => ({ ...hints, standIn: standInFor(operations) }),
  };
}

const hints: Hints<string> = {
  requires: ({ f, outcome }) => (f === "get" && outcome.kind === "ok" ? text(outcome.value) : undefined),
  mayProduce: ({ f, input }, state) => {
    if (f === "get") return false;
    return f === "put" ? input === state : input !== "" && state.endsWith(text(input));
  },
  sets: ({ f, input }) => (f === "put" ? text(input) : undefined),
  isReachable: (from, to) => to.startsWith(from),
  // What is appended later only grows the string, and a later put wipes it out unseen.
  mayMatter: ({ f, outcome }, state) => f === "get" && outcome.kind === "ok" && text(outcome.value).startsWith(state),
};

/** What no get has seen the beginning of stays unseen, whatever is appended, until the next put: any such string will do. */
function standInFor(operations: readonly Action[]): (state: string) => string {
  const seen = operations.flatMap(({ f, outcome }) =>
    f === "get" && outcome.kind === "ok" ? [text(outcome.value)] : [],
  );
  const beginnings = beginningsOf(seen);
  const longest = seen.reduce((most, each) => Math.max(most, each.length), 0);
  const unseen = "?".repeat(longest + 1);
  return (state) => (beginnings(state) ? state : unseen);
}

/** Tells whether one of some texts begins with another one: in order, the first that is not less is the only candidate. */
function beginningsOf(texts: readonly string[]): (text: string) => boolean {
  const ordered = texts.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return (wanted) => {
    let [low, high] = [0, ordered.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ordered[middle] ?? "") < wanted) low = middle + 1;
      else high = middle;
    }
    return ordered[low]?.startsWith(wanted) === true;
  };
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new Error("a string map holds strings only");
  return value;
}

function problemWithCall(f: string, input: Json | undefined): string | undefined {
  if (f === "get") return undefined;
  if (f !== "put" && f !== "append") return `unknown f "${f}": a string map has get, put and append`;
  return typeof input === "string" ? undefined : `the value of ${f} must be a string`;
}

function problemWithResult(f: string, input: Json | undefined, result: Json | undefined): string | undefined {
  if (f !== "get") return problemWithEcho(f, input, result);
  return typeof result === "string" ? undefined : 'ok of get must carry a string, "" for absent';
}

function describeAction({ f, input, outcome }: Action): string {
  if (f === "get") return outcome.kind === "ok" ? `get -> ${canonicalText(outcome.value)}` : "get";
  return `${f} ${canonicalText(input)}${outcome.kind === "unknown" ? " -> unknown" : ""}`;
}
