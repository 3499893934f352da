// A model that users bring: a lock, with nothing but a first state and a step.

import { expect, test } from "vitest";
import { checkHistory, describeCounterexample, type Json, type Model } from "../src/index.ts";
import { story } from "./support/story.ts";

type Lock = { readonly holder: Json };

const lock: Model<Lock> = {
  name: "lock",
  initial: { holder: null },
  step: ({ holder }, { f, input, outcome }) => {
    if (f === "release") return { holder: null };
    if (holder === null) return { holder: input ?? "nobody" };
    return outcome.kind === "unknown" ? { holder } : undefined;
  },
};

test("a model of one's own needs no more than a first state and a step", () => {
  const history = story('0 invoke acquire "a"', "0 ok", '1 invoke acquire "b"', '0 invoke release "a"', "0 ok", "1 ok");
  expect(checkHistory(history, lock).verdict).toBe("linearizable");
});

test("its counterexamples are described with functions, values and states as JSON", () => {
  const history = story('0 invoke acquire "a"', "0 ok", '1 invoke acquire "b"', "1 ok");
  const result = checkHistory(history, lock);
  const text = result.verdict === "not-linearizable" ? describeCounterexample(result.counterexample) : result.verdict;
  expect(text).toContain('1. acquire("a") -> "a"  =>  {"holder":"a"}');
});

test("its partition decides which operations are judged together", () => {
  const history = story('0 invoke acquire "a"', "0 ok", '1 invoke acquire "b"', "1 ok");
  const perInput: Model<Lock> = { ...lock, partition: ({ input }) => JSON.stringify(input) };
  expect(checkHistory(history, perInput)).toMatchObject({ verdict: "linearizable", keys: 2 });
});
