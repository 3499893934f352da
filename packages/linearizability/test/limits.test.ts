// What is not decided within the limits is undecided, never a pass; a violation that is in reach is found all the same.

import { expect, test } from "vitest";
import { checkHistory, type HistoryEvent, register } from "../src/index.ts";
import { simulatedRegister } from "./support/objects.ts";
import { simulate, smallValues } from "./support/simulate.ts";
import { story } from "./support/story.ts";

const long = simulate({ seed: 5, object: simulatedRegister(smallValues(4)), clients: 20, operations: 2000, keys: 4 });
const wrong = story("0 invoke write 1", "0 ok", "0 invoke read", "0 ok 2").map((event) => ({ ...event, key: "wrong" }));

test("too few steps leave a history undecided", () => {
  expect(checkHistory(long, register(), { maxSteps: 10 })).toMatchObject({
    verdict: "undecided",
    limit: "steps",
    undecidedKeys: 4,
    operations: 2000,
    keys: 4,
  });
});

test("too little time leaves a history undecided", () => {
  let time = 0;
  const now = (): number => (time += 10);
  expect(checkHistory(long, register(), { maxMs: 25, now })).toMatchObject({ verdict: "undecided", limit: "time" });
});

test("too little memory leaves a history undecided", () => {
  const history = simulate({ seed: 5, object: simulatedRegister(smallValues(4)), clients: 30, operations: 2000 });
  expect(checkHistory(history, register(), { maxBytes: 1000 })).toMatchObject({
    verdict: "undecided",
    limit: "memory",
  });
});

test("a violation on one key is found although another takes long", () => {
  const history: readonly HistoryEvent[] = [
    ...long.map((event) => ({ ...event, process: event.process + 1 })),
    ...wrong,
  ];
  const { verdict } = checkHistory(history, register(), { maxSteps: 20_000 });
  expect(verdict).toBe("not-linearizable");
});

test("limits that cannot be meant are refused", () => {
  expect(() => checkHistory([], register(), { maxSteps: 0 })).toThrow(RangeError);
  expect(() => checkHistory([], register(), { maxMs: Number.NaN })).toThrow("maxMs is NaN");
});
