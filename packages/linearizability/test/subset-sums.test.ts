// The enumeration of adds that sum to a gap, against trying every subset.

import { expect, test } from "vitest";
import type { Operation } from "../src/index.ts";
import { subsetsWithSum } from "../src/models/subset-sums.ts";
import { seeded } from "./support/random.ts";

test("every choice of deltas is found once, whatever their signs", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seeded(seed);
    const deltas = Array.from({ length: random.below(8) }, () => random.below(9) - 3).filter((delta) => delta !== 0);
    const sum = random.below(12) - 2;
    expect(choices(sum, deltas), `seed ${seed}`).toEqual(choicesByTryingAll(sum, deltas));
  }
});

test("equal deltas are counted, not permuted", () => {
  expect(
    choices(
      250,
      Array.from({ length: 500 }, () => 1),
    ),
  ).toHaveLength(1);
});

test("a sum out of reach is refused without trying every subset", () => {
  const ways = subsetsWithSum(1001, adds(Array.from({ length: 60 }, (_, index) => 2 * (index + 1))), deltaOf);
  expect([...ways].filter((way) => way !== undefined)).toEqual([]);
});

function choices(sum: number, deltas: readonly number[]): readonly string[] {
  const ways = [...subsetsWithSum(sum, adds(deltas), deltaOf)].flatMap((way) => (way === undefined ? [] : [way]));
  return ways.map((way) => nameOf(way.map(deltaOf))).toSorted();
}

function choicesByTryingAll(sum: number, deltas: readonly number[]): readonly string[] {
  const subsets = Array.from({ length: 2 ** deltas.length }, (_, bits) =>
    deltas.filter((__, at) => (bits >> at) % 2 === 1),
  );
  const fitting = subsets.filter((subset) => subset.reduce((total, each) => total + each, 0) === sum);
  return [...new Set(fitting.map(nameOf))].toSorted();
}

function nameOf(deltas: readonly number[]): string {
  return deltas.toSorted((one, other) => one - other).join(" ");
}

function adds(deltas: readonly number[]): readonly Operation[] {
  return deltas.map((input, process) => ({
    process,
    f: "add",
    key: undefined,
    input,
    outcome: { kind: "unknown" },
    called: process + 1,
    returned: undefined,
  }));
}

function deltaOf({ input }: Pick<Operation, "input">): number {
  return Number(input);
}
