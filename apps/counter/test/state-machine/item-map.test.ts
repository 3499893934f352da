// The map behind counters and registers: what a Map does, and views that stay as they were.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ItemMap } from "../../src/state-machine/item-map.ts";

type Item = { readonly name: string; readonly value: number };

const newMap = () => new ItemMap<Item>(({ name }) => name);

test("it does what a Map does, in the same order, and every view stays as it was when it was taken", () => {
  const step = fc.record({
    name: fc.nat({ max: 1_500 }).map(String),
    value: fc.nat(),
    does: fc.constantFrom("set", "set", "set", "delete", "view"),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 3_000, size: "max" }), (steps) => {
      const map = newMap();
      const model = new Map<string, Item>();
      const views: { readonly view: Iterable<Item> & { readonly size: number }; readonly expected: readonly Item[] }[] =
        [];
      for (const { name, value, does } of steps) {
        if (does === "set") {
          map.set({ name, value });
          model.set(name, { name, value });
        } else if (does === "delete") {
          map.delete(name);
          model.delete(name);
        } else if (views.length < 5) views.push({ view: map.view(), expected: [...model.values()] });
      }
      for (const name of model.keys()) expect(map.get(name)).toEqual(model.get(name));
      expect(map.get("never")).toBeUndefined();
      for (const { view, expected } of [...views, { view: map.view(), expected: [...model.values()] }]) {
        expect(view.size).toBe(expected.length);
        expect([...view]).toEqual(expected);
      }
    }),
    { numRuns: 30 },
  );
});

test("deleted items give their memory back: gaps are closed, and the order stays", () => {
  const map = newMap();
  for (let name = 0; name < 10_000; name += 1) map.set({ name: String(name), value: name });
  const before = map.view();
  for (let name = 0; name < 9_990; name += 1) map.delete(String(name));
  expect([...map.view()].map(({ value }) => value)).toEqual([
    9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999,
  ]);
  expect(map.pages).toBeLessThan(5);
  expect([...before]).toHaveLength(10_000);
});
