// Histories of the size and shape that other people's systems leave behind, with the mistakes that such systems make: every one
// is decided, and the mistakes are found although each answer by itself could be true.

import { expect, test } from "vitest";
import { checkHistory, counter, type HistoryEvent, type Model, register, stringMap } from "../src/index.ts";
import { type Defect, defective } from "./support/defects.ts";
import { type Simulated, simulatedCounter, simulatedRegister, simulatedString } from "./support/objects.ts";
import { simulate, smallValues } from "./support/simulate.ts";

let pieces = 0;
const nextPiece = (): string => `${(pieces += 1)}.`;

type Verdict = (history: readonly HistoryEvent[]) => string;
type Case = readonly [name: string, verdictOf: Verdict, object: Simulated, defects: readonly Defect[]];

// On a register, a change that is lost or repeated often looks like one that was overwritten.
const cases: readonly Case[] = [
  ["registers with cas on few values", verdictWith(register()), simulatedRegister(smallValues(5)), ["stale read"]],
  ["registers with unique values", verdictWith(register()), simulatedRegister(nextPiece), ["stale read"]],
  ["counters", verdictWith(counter()), simulatedCounter(smallValues(5)), ["lost change", "repeated change"]],
  ["strings", verdictWith(stringMap()), simulatedString(nextPiece), ["stale read", "lost change", "repeated change"]],
  [
    "strings of few pieces",
    verdictWith(stringMap()),
    simulatedString((random) => random.pick(["a", "b", "c"])),
    ["stale read"],
  ],
];

const shape = { clients: 50, operations: 5000, keys: 10, unknownShare: 0.01 };
const seeds = [1, 2, 3];

test.each(cases)("%s of 50 clients, thousands of operations: without a defect linearizable", (_, verdictOf, object) => {
  for (const seed of seeds)
    expect(verdictOf(simulate({ ...shape, seed, object })), `seed ${seed}`).toBe("linearizable");
});

test.each(cases)("%s of 50 clients, thousands of operations: defects are found", (_, verdictOf, object, defects) => {
  for (const defect of defects) {
    const verdicts = seeds.map((seed) => {
      const broken = defective(object, { defect, share: 0.003, seed, after: 1000 });
      return verdictOf(simulate({ ...shape, seed, object: broken }));
    });
    expect(verdicts, `with a ${defect}`).toContain("not-linearizable");
    expect(verdicts, `with a ${defect}`).not.toContain("undecided");
  }
});

function verdictWith<State>(model: Model<State>): Verdict {
  return (history) => checkHistory(history, model, { maxMs: 20_000, shrinkMs: 0 }).verdict;
}
