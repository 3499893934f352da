// Runs benchmarks in turns: one sample of each per round. On a machine that others use too, a slow moment then hits all
// of them, and the ratios keep their meaning when the absolute numbers do not.
import type { Benchmark, Result, Sampler } from "./benchmark.ts";

export interface Effort {
  /** Samples of each benchmark that count; one more before them warms up. */
  readonly runs: number;
  readonly sampleMs: number;
}

export async function measure(
  benchmarks: readonly Benchmark[],
  { runs, sampleMs }: Effort,
): Promise<readonly Result[]> {
  const opened: { readonly benchmark: Benchmark; readonly sampler: Sampler; readonly samples: number[] }[] = [];
  try {
    for (const benchmark of benchmarks) opened.push({ benchmark, sampler: await benchmark.open(), samples: [] });
    for (let round = 0; round <= runs; round += 1) {
      for (const { sampler, samples } of opened) {
        const rate = await sampler.sample(sampleMs);
        if (round > 0) samples.push(rate);
      }
    }
  } finally {
    for (const { sampler } of opened) await sampler.close?.();
  }
  const medians = new Map(opened.map(({ benchmark, samples }) => [benchmark.name, median(samples)]));
  return opened.map(({ benchmark, samples }) => summarise(benchmark, samples, medians));
}

function summarise(
  { name, unit, comparedTo }: Benchmark,
  samples: readonly number[],
  medians: ReadonlyMap<string, number>,
): Result {
  const own = median(samples);
  const other = comparedTo === undefined ? undefined : medians.get(comparedTo);
  return {
    name,
    unit,
    median: rounded(own),
    min: rounded(Math.min(...samples)),
    max: rounded(Math.max(...samples)),
    runs: samples.length,
    ...(comparedTo === undefined || other === undefined ? {} : { ratio_to: comparedTo, ratio: rounded(own / other) }),
  };
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, each) => sum + each, 0) / middle.length;
}

/** Four significant digits: more would claim a precision that no shared machine has. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
