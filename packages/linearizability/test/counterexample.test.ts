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
import { simulate, smallValues } from "./support/simulate.ts";
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
  expect(operations.map(({ operation }) => operation.process)).toEqual([1, 2]);
  expect(omitted).toBe(30);
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
      "The 3 other operations on it do not matter, even if each could take effect at any time after its call, or never.",
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

function eventsOf({ operations }: Counterexample, history: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const positions = operations.flatMap(({ operation }) => [operation.called, operation.returned ?? 0]);
  return history.filter((_, index) => positions.includes(index + 1));
}
