// Names select benchmarks, and a comparison brings its other half along.
import { expect, test } from "vitest";
import type { Benchmark } from "../src/benchmark.ts";
import { select } from "../src/select.ts";

const benchmark = (name: string, comparedTo?: string): Benchmark => ({
  name,
  unit: "x",
  ...(comparedTo === undefined ? {} : { comparedTo }),
  open: () => ({ sample: () => 1 }),
});
const all = [benchmark("json-encode"), benchmark("codec-encode", "json-encode"), benchmark("core-commit")];

function names(...wanted: string[]) {
  const selection = select(all, wanted);
  return selection.type === "selected" ? selection.benchmarks.map(({ name }) => name) : selection;
}

test("no name selects everything", () => {
  expect(names()).toEqual(["json-encode", "codec-encode", "core-commit"]);
});

test("a comparison brings along what it is compared to", () => {
  expect(names("codec-encode")).toEqual(["json-encode", "codec-encode"]);
});

test("a name's beginning selects all that share it", () => {
  expect(names("core")).toEqual(["core-commit"]);
});

test("an unknown name is refused", () => {
  expect(names("core", "cod")).toEqual({ type: "unknown", names: ["cod"] });
});
