// Counterexamples: few operations, still contradictory, told in words and drawn.

import { expect, test } from "vitest";
import {
  checkHistory,
  type Counterexample,
  counter,
  describeCounterexample,
  drawCounterexample,
  type HistoryEvent,
  type Model,
  register,
} from "../src/index.ts";
import { simulatedRegister } from "./support/objects.ts";
import { isLinearizable, registerRule } from "./support/brute-force.ts";
import { randomSmall, simulate, smallValues } from "./support/simulate.ts";
import { story } from "./support/story.ts";

const stale = story(
  "0 invoke write 1",
  "0 ok",
  "3 invoke write 7",
  "3 info",
  "0 invoke write 2",
  "0 ok",
  "1 invoke read",
  "1 ok 2",
  "1 invoke read",
  "1 ok 1",
  "1 invoke write 9",
  "1 ok",
);

test("a stale read is shrunk to the writes and the read that contradict each other", () => {
  const { operations, omitted, isMinimal, stuckAt } = counterexampleOf(stale, register());
  expect(operations.map(({ text }) => text)).toEqual(["write 1", "write 2", "read -> 1"]);
  expect({ omitted, isMinimal, stuckAt }).toEqual({ omitted: 3, isMinimal: true, stuckAt: 2 });
});

test("earlier writes of the value that was read are no part of the contradiction", () => {
  const writes = [2, 3, 2, 4, 2, 1].flatMap((value) => [`0 invoke write ${value}`, "0 ok"]);
  const { operations } = counterexampleOf(story(...writes, "1 invoke read", "1 ok 2"), register());
  expect(operations.map(({ operation, text }) => [operation.called, text])).toEqual([
    [9, "write 2"],
    [11, "write 1"],
    [13, "read -> 2"],
  ]);
});

test("a write of unknown outcome is shown if it explains what was read", () => {
  const history = story(
    "0 invoke write 1",
    "0 ok",
    "1 invoke write 2",
    "2 invoke read",
    "2 ok 2",
    "2 invoke read",
    "2 ok 1",
  );
  const { operations, order } = counterexampleOf(history, register());
  expect(operations.map(({ text }) => text)).toEqual(["write 1", "write 2 -> unknown", "read -> 2", "read -> 1"]);
  expect(order.map(({ state }) => state)).toEqual(["1", "2", "2"]);
});

test("two adds with one result are shown without the adds around them", () => {
  const adds = Array.from({ length: 30 }, (_, index) => ["0 invoke add 1", `0 ok [1,${index + 1}]`]).flat();
  const history = story(...adds, "1 invoke add 1", "2 invoke add 1", "1 ok [1,31]", "2 ok [1,31]");
  const { operations, omitted } = counterexampleOf(history, counter());
  expect(operations.map(({ text }) => text)).toEqual(["add 1 -> 30", "add 1 -> 31", "add 1 -> 31"]);
  expect(omitted).toBe(29);
});

test("what is shown contradicts itself whether or not any of the operations left out took effect", () => {
  const object = simulatedRegister(smallValues(3));
  let checked = 0;
  for (let seed = 1; seed <= 3000; seed += 1) {
    const history = randomSmall(seed, object);
    if (isLinearizable(history, null, registerRule)) continue;
    checked += 1;
    const shown = positionsOf(counterexampleOf(history, register()));
    const calls = [...history.keys()].filter((at) => history[at]?.type === "invoke" && !shown.has(at));
    const subsets = Array.from({ length: 2 ** calls.length }, (_, bits) =>
      calls.filter((__, at) => (bits >> at) % 2 === 1),
    );
    const explained = subsets.filter((subset) => {
      const kept = new Set([...shown, ...subset.flatMap((at) => [at, returnAfter(history, at)])]);
      return isLinearizable(
        history.filter((_, at) => kept.has(at)),
        null,
        registerRule,
      );
    });
    expect(explained, `seed ${seed}`).toEqual([]);
  }
  expect(checked).toBeGreaterThan(300);
});

test("what is shown of a large history is not linearizable by itself", () => {
  const object = simulatedRegister(smallValues(30));
  const found = [1, 2, 3, 4, 5, 6].flatMap((seed) => {
    const history = simulate({ seed, object, clients: 5, operations: 200, inventedShare: 0.02 });
    const result = checkHistory(history, register());
    return result.verdict === "not-linearizable" ? [{ history, counterexample: result.counterexample }] : [];
  });
  expect(found.length).toBeGreaterThan(3);
  for (const { history, counterexample } of found) {
    expect(counterexample.isMinimal).toBe(true);
    expect(counterexample.operations.length).toBeLessThan(25);
    expect(checkHistory(eventsOf(counterexample, history), register()).verdict).toBe("not-linearizable");
  }
});

test("the description lists the operations, the longest order and where it is stuck", () => {
  expect(describeCounterexample(counterexampleOf(stale, register()))).toBe(
    [
      "No order of these 3 operations explains what they returned (model register):",
      "",
      "  1. process 0, events 1 to 2: write 1",
      "  2. process 0, events 5 to 6: write 2",
      "  3. process 1, events 9 to 10: read -> 1",
      "",
      "The contradiction stays whether or not the 3 other operations took effect.",
      "",
      "The longest order that works:",
      "",
      "  start  =>  absent",
      "  1. write 1  =>  1",
      "  2. write 2  =>  2",
      "",
      "Then it is stuck: 3. read -> 1 returned before any other that is left,",
      "so one of those called before its return must come next, and none of them leads on:",
      "",
      "  3. read -> 1",
    ].join("\n"),
  );
});

test("the picture has a bar per operation, marks where it is stuck, and takes no value for markup", () => {
  const history = story('0 invoke write "<script>&"', "0 ok", "1 invoke read", "1 ok null").map((event) => ({
    ...event,
    key: '"><img>',
  }));
  const html = drawCounterexample(counterexampleOf(history, register()));
  expect(html.match(/class="bar"/g)).toHaveLength(2);
  expect(html).toContain("stuck here");
  expect(html).toContain("process 1");
  expect(html).toContain("&lt;script&gt;&amp;");
  expect(html).not.toMatch(/<script|<img|https?:/);
});

test("without time for shrinking, the counterexample is whole and says so", () => {
  const result = checkHistory(stale, register(), { shrinkMs: 0 });
  expect(result).toMatchObject({ verdict: "not-linearizable", counterexample: { isMinimal: false, omitted: 1 } });
});

function counterexampleOf<State>(history: readonly HistoryEvent[], model: Model<State>): Counterexample {
  const result = checkHistory(history, model);
  if (result.verdict !== "not-linearizable") throw new Error(`it is ${result.verdict}`);
  return result.counterexample;
}

function eventsOf(counterexample: Counterexample, history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const positions = positionsOf(counterexample);
  return history.filter((_, at) => positions.has(at));
}

/** Indexes of calls and returns in the history. */
function positionsOf({ operations }: Counterexample): ReadonlySet<number> {
  return new Set(operations.flatMap(({ operation: { called, returned = 0 } }) => [called - 1, returned - 1]));
}

/** The completion of a call, or -1. */
function returnAfter(history: readonly HistoryEvent[], call: number): number {
  return history.findIndex(
    ({ process, type }, at) => at > call && type !== "invoke" && process === history[call]?.process,
  );
}
