// The objects that the tests simulate, written apart from the models under test: what is called, what happens, and what a
// wrong answer looks like.

import type { Json } from "../../src/index.ts";
import type { Random } from "./random.ts";

export type Call = { readonly f: string; readonly value?: Json };
export type Answer = { readonly type: "ok" | "fail"; readonly value?: Json };

export type Simulated = {
  readonly initial: Json;
  readonly call: (random: Random) => Call;
  /** Takes a call's effect on a state. */
  readonly apply: (state: Json, call: Call) => { readonly state: Json; readonly answer: Answer };
  /** Some answer of the right shape, true or not. */
  readonly invent: (call: Call, random: Random) => Answer;
};

export function simulatedRegister(value: (random: Random) => Json, casShare = 0.3): Simulated {
  return {
    initial: null,
    call: (random) => {
      if (random.chance(casShare)) return { f: "cas", value: [value(random), value(random)] };
      return random.chance(0.5) ? { f: "read" } : { f: "write", value: value(random) };
    },
    apply: (state, call) => {
      if (call.f === "read") return { state, answer: { type: "ok", value: state } };
      if (call.f === "write") return { state: call.value ?? null, answer: { type: "ok" } };
      const [expected, next] = call.value as readonly [Json, Json];
      if (JSON.stringify(state) !== JSON.stringify(expected)) return { state, answer: { type: "fail" } };
      return { state: next, answer: { type: "ok", value: call.value ?? null } };
    },
    invent: (call, random) => {
      if (call.f === "read") return { type: "ok", value: random.chance(0.15) ? null : value(random) };
      return { type: call.f === "cas" && random.chance(0.5) ? "fail" : "ok" };
    },
  };
}

export function simulatedCounter(delta: (random: Random) => number, readShare = 0.3): Simulated {
  return {
    initial: 0,
    call: (random) => (random.chance(readShare) ? { f: "read" } : { f: "add", value: delta(random) }),
    apply: (state, call) => {
      if (call.f === "read") return { state, answer: { type: "ok", value: state } };
      const after = Number(state) + Number(call.value);
      return { state: after, answer: { type: "ok", value: [Number(call.value), after] } };
    },
    invent: (call, random) => {
      const value = random.below(7);
      return { type: "ok", value: call.f === "read" ? value : [Number(call.value), value] };
    },
  };
}

export function simulatedString(piece: (random: Random) => string, longest = Infinity): Simulated {
  return {
    initial: "",
    call: (random) => {
      if (random.chance(0.4)) return { f: "get" };
      return { f: random.chance(0.3) ? "put" : "append", value: piece(random) };
    },
    apply: (state, call) => {
      if (call.f === "get") return { state, answer: { type: "ok", value: state } };
      const next = call.f === "put" ? textOf(call.value) : textOf(state) + textOf(call.value);
      return { state: next, answer: { type: "ok" } };
    },
    invent: (call, random) => {
      if (call.f !== "get") return { type: "ok" };
      const pieces = Array.from({ length: random.below(Math.min(longest, 4)) }, () => piece(random));
      return { type: "ok", value: pieces.join("") };
    },
  };
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw new Error("not a string");
  return value;
}
