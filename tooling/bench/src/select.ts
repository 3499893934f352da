// Which benchmarks to run: those named, and those that they are compared to.
import type { Benchmark } from "./benchmark.ts";

export type Selection =
  | { readonly type: "selected"; readonly benchmarks: readonly Benchmark[] }
  | { readonly type: "unknown"; readonly names: readonly string[] };

/** A name selects the benchmark of that name and all whose names begin with it; no name selects everything. */
export function select(all: readonly Benchmark[], names: readonly string[]): Selection {
  const isMeant = (name: string): boolean => names.length === 0 || names.some((wanted) => matches(name, wanted));
  const unknown = names.filter((wanted) => !all.some(({ name }) => matches(name, wanted)));
  if (unknown.length > 0) return { type: "unknown", names: unknown };
  const needed = new Set(all.filter(({ name }) => isMeant(name)).flatMap(({ name, comparedTo }) => [name, comparedTo]));
  return { type: "selected", benchmarks: all.filter(({ name }) => needed.has(name)) };
}

function matches(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}-`);
}
