// Histories as large as real ones, linearizable by construction, and the same with one result altered.

import { expect, test } from "vitest";
import { checkHistory, counter, type HistoryEvent, type Model, register, stringMap } from "../src/index.ts";
import { simulatedCounter, simulatedRegister, simulatedString } from "./support/objects.ts";
import { type Plan, simulate, smallValues } from "./support/simulate.ts";

let pieces = 0;
const nextPiece = (): string => `${(pieces += 1)}.`;

type Verdict = (history: readonly HistoryEvent[]) => string;
type Case = readonly [string, Verdict, Omit<Plan, "seed">];

const many = { clients: 50, operations: 6000, keys: 30 };
const cases: readonly Case[] = [
  [
    "registers with cas on few values",
    verdictWith(register()),
    { ...many, object: simulatedRegister(smallValues(5)), unknownShare: 0.03 },
  ],
  [
    "registers with unique values",
    verdictWith(register()),
    { ...many, object: simulatedRegister(nextPiece), unknownShare: 0.03 },
  ],
  ["strings", verdictWith(stringMap()), { ...many, object: simulatedString(nextPiece), unknownShare: 0.02 }],
  ["counters", verdictWith(counter()), { ...many, object: simulatedCounter(smallValues(5)), unknownShare: 0.05 }],
  [
    "one counter",
    verdictWith(counter()),
    { clients: 50, operations: 5000, object: simulatedCounter(() => 1), unknownShare: 0.1 },
  ],
  [
    "one register of 5 clients",
    verdictWith(register()),
    { clients: 5, operations: 2000, object: simulatedRegister(smallValues(5)), unknownShare: 0.05 },
  ],
  [
    "one register of 50 clients",
    verdictWith(register()),
    { clients: 50, operations: 2000, object: simulatedRegister(nextPiece, 0), unknownShare: 0.01 },
  ],
  [
    "one string of 5 clients",
    verdictWith(stringMap()),
    { clients: 5, operations: 1000, object: simulatedString(nextPiece), unknownShare: 0.01 },
  ],
];

test.each(cases)("%s: what is linearizable by construction passes", (_, verdictOf, plan) => {
  for (const seed of [1, 2, 3]) {
    expect(verdictOf(simulate({ ...plan, seed })), `seed ${seed}`).toBe("linearizable");
  }
});

test.each(cases.filter(([name]) => !name.startsWith("one")))(
  "%s: the same with one altered result fails",
  (_, verdictOf, plan) => {
    for (const seed of [1, 2, 3]) {
      const history = simulate({ ...plan, seed });
      expect(verdictOf(alterRead(history, Math.floor(history.length * 0.7))), `seed ${seed}`).toBe("not-linearizable");
    }
  },
);

test("a long chain of compare-and-sets by one client after the other is decided at once", () => {
  const history = Array.from({ length: 5000 }, (_, index): readonly HistoryEvent[] => [
    { process: index % 7, type: "invoke", f: "cas", value: [index === 0 ? null : index, index + 1] },
    { process: index % 7, type: "ok", f: "cas", value: [index === 0 ? null : index, index + 1] },
  ]).flat();
  expect(checkHistory(history, register(), { maxSteps: 20_000 }).verdict).toBe("linearizable");
});

function verdictWith<State>(model: Model<State>): Verdict {
  return (history) => checkHistory(history, model, { maxMs: 20_000, shrinkMs: 0 }).verdict;
}

/** Gives the first read after a position a value that nobody can have written. */
function alterRead(history: readonly HistoryEvent[], position: number): readonly HistoryEvent[] {
  const at = history.findIndex(
    ({ type, f }, index) => index > position && type === "ok" && (f === "read" || f === "get"),
  );
  return history.map((event, index) => {
    if (index !== at) return event;
    return { ...event, value: typeof event.value === "string" ? `${event.value}!` : 123_456_789 };
  });
}
