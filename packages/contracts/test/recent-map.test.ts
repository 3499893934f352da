// The map for what waits for an answer, beside a `Map` that is told the same.

import { expect, test } from "vitest";
import { RecentMap } from "../src/index.ts";

type Value = { readonly of: number };

/** Numbers from 0 to 1 that are the same in every run. */
function* chances(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const sorted = (values: Iterable<Value>): readonly number[] =>
  [...values].map((value) => value.of).toSorted((a, b) => a - b);

test.each([1, 2, 3, 4])(
  "says what a Map says, also of what stays for long and of repeated numbers (seed %i)",
  (seed) => {
    const chance = chances(seed);
    const next = (below: number): number => Math.floor((chance.next().value ?? 0) * below);
    const recent = new RecentMap<Value>();
    const map = new Map<number, Value>();
    let highest = 2 ** 31 - 2000;
    for (let step = 0; step < 20_000; step += 1) {
      const isNew = next(2) === 0;
      if (isNew) highest += 1;
      // Most are near the highest, some far behind it.
      const number = isNew ? highest : highest - next(next(20) === 0 ? 3000 : 40);
      if (isNew || next(8) === 0) {
        const value = { of: step };
        recent.set(number, value);
        map.set(number, value);
      } else {
        recent.delete(number);
        map.delete(number);
      }
      expect(recent.get(number)).toBe(map.get(number));
      expect(recent.size).toBe(map.size);
    }
    for (const [number, value] of map) expect(recent.get(number)).toBe(value);
    expect(map.size).toBeGreaterThan(50);
    expect(sorted(recent.values())).toEqual(sorted(map.values()));
    expect(new Map(recent.entries())).toEqual(map);
    recent.clear();
    expect([recent.size, recent.values(), recent.get(highest)]).toEqual([0, [], undefined]);
  },
);

test("a value that is never taken out stays while a hundred thousand others come and go", () => {
  const recent = new RecentMap<Value>();
  recent.set(0, { of: 0 });
  for (let number = 1; number < 100_000; number += 1) {
    recent.set(number, { of: number });
    if (number > 3) recent.delete(number - 3);
  }
  expect(recent.get(0)).toEqual({ of: 0 });
  expect(sorted(recent.values())).toEqual([0, 99_997, 99_998, 99_999]);
});
