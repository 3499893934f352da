// The checker against a second one that tries every order: they must agree on every small history.

import { expect, test } from "vitest";
import {
  type CheckResult,
  checkHistory,
  counter,
  type HistoryEvent,
  type Model,
  register,
  stringMap,
} from "../src/index.ts";
import { pairOperations } from "../src/pairing.ts";
import { partsOf } from "../src/parts.ts";
import { decide } from "../src/search/decision.ts";
import { buildProblem, type HintUse, type Searched } from "../src/search/problem.ts";
import { Search } from "../src/search/search.ts";
import { counterRule, isLinearizable, registerRule, type Rule, stringRule } from "./support/brute-force.ts";
import { type Simulated, simulatedCounter, simulatedRegister, simulatedString } from "./support/objects.ts";
import { seeded } from "./support/random.ts";
import { randomSmall, simulate, smallValues } from "./support/simulate.ts";

const mapValues = [{ a: 1, b: [2] }, { a: 1, b: [3] }, [1], "1", 1];

test.each([
  ["registers of few values", verdictWith(register()), simulatedRegister(smallValues(3)), registerRule, 30_000],
  [
    "registers of structured values",
    verdictWith(register()),
    simulatedRegister((random) => random.pick(mapValues)),
    registerRule,
    5000,
  ],
  ["registers without cas", verdictWith(register()), simulatedRegister(smallValues(9), 0), registerRule, 10_000],
  ["counters that grow", verdictWith(counter()), simulatedCounter(smallValues(3)), counterRule, 25_000],
  ["counters of equal deltas", verdictWith(counter()), simulatedCounter(() => 1), counterRule, 10_000],
  [
    "counters that grow and shrink",
    verdictWith(counter()),
    simulatedCounter((random) => random.below(5) - 2),
    counterRule,
    20_000,
  ],
  [
    "strings",
    verdictWith(stringMap()),
    simulatedString((random) => random.pick(["a", "b", "ab", ""]), 4),
    stringRule,
    25_000,
  ],
] as const)("on %s, both checkers agree", (_, verdictOf, object, rule, count) => {
  const seen = { linearizable: 0, "not-linearizable": 0, undecided: 0 };
  for (let seed = 1; seed <= count; seed += 1) {
    const history = randomSmall(seed, object);
    const verdict = verdictOf(history);
    seen[verdict] += 1;
    expectVerdict({ seed, history, verdict, expected: bruteForce(history, object, rule) });
  }
  expect(seen.undecided).toBe(0);
  expect(Math.min(seen.linearizable, seen["not-linearizable"])).toBeGreaterThan(count / 10);
});

test.each([
  ["hints are not followed", counter(), "only-unseen"],
  ["the model gives no hints", { ...counter(), hints: () => ({}) }, "all"],
] as const)("if %s, the search agrees all the same", (_, model, hintUse) => {
  const object = simulatedCounter((random) => random.below(5) - 2);
  for (let seed = 1; seed <= 5000; seed += 1) {
    const history = randomSmall(seed, object);
    const verdict = searchVerdict(model, history, hintUse);
    expectVerdict({ seed, history, verdict, expected: bruteForce(history, object, counterRule) });
  }
});

test("what is linearizable stays so when operations are made optional", () => {
  for (let seed = 1; seed <= 8000; seed += 1) {
    const random = seeded(seed);
    const history = simulate({ seed, object: simulatedRegister(smallValues(3)), clients: 4, operations: 12 });
    const weakened = pairOperations(history, register()).flatMap((each): readonly Searched[] => {
      if (random.chance(0.5)) return [each];
      if (register().isReadOnly?.(each) === true || each.returned === undefined) return [];
      return [{ ...each, outcome: { kind: "unknown" }, returned: undefined, until: each.returned }];
    });
    const verdict = decide(register(), weakened, 1_000_000);
    expectVerdict({ seed, history, verdict, expected: "linearizable" });
  }
});

test("the search that uses unknown operations again never refuses what is linearizable", () => {
  const object = simulatedRegister(smallValues(3));
  let refused = 0;
  for (let seed = 1; seed <= 5000; seed += 1) {
    const history = randomSmall(seed, object);
    const verdict = searchVerdict(register(), history, "all", true);
    refused += verdict === "not-linearizable" ? 1 : 0;
    if (verdict === "linearizable") continue;
    expectVerdict({ seed, history, verdict, expected: bruteForce(history, object, registerRule) });
  }
  expect(refused).toBeGreaterThan(500);
});

function verdictWith<State>(model: Model<State>): (history: readonly HistoryEvent[]) => CheckResult["verdict"] {
  return (history) => checkHistory(history, model, { shrinkMs: 0 }).verdict;
}

function searchVerdict<State>(
  model: Model<State>,
  history: readonly HistoryEvent[],
  hintUse: HintUse,
  reusesUnknown = false,
): string {
  const [part] = partsOf(pairOperations(history, model), model);
  return new Search(buildProblem(model, part?.telling ?? [], hintUse), { reusesUnknown }).run(1_000_000);
}

function bruteForce(history: readonly HistoryEvent[], object: Simulated, rule: Rule): string {
  return isLinearizable(history, object.initial, rule) ? "linearizable" : "not-linearizable";
}

/** Cheaper than one assertion for each of the many histories. */
function expectVerdict(found: {
  readonly seed: number;
  readonly history: readonly HistoryEvent[];
  readonly verdict: string;
  readonly expected: string;
}): void {
  const { seed, history, verdict, expected } = found;
  if (verdict === expected) return;
  const lines = history.map((event) => JSON.stringify(event)).join("\n");
  expect.fail(`seed ${seed}: the checker says ${verdict}, brute force says ${expected}\n${lines}`);
}
