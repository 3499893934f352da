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
  const opened: { readonly benchmark: Benchmark; readonly sampler: Sampler; readonly series: Series[] }[] = [];
  try {
    for (const benchmark of benchmarks) opened.push({ benchmark, sampler: await benchmark.open(), series: [] });
    for (let round = 0; round <= runs; round += 1) {
      for (const { benchmark, sampler, series } of opened) {
        const rate = await sampler.sample(sampleMs);
        if (round === 0) continue;
        record(series, benchmark, "", benchmark.unit, rate);
        for (const [name, ms] of Object.entries(sampler.latenciesMs?.() ?? {})) {
          record(series, benchmark, `-${name}`, "ms", ms);
        }
      }
    }
  } finally {
    for (const { sampler } of opened) await sampler.close?.();
  }
  const all = opened.flatMap(({ series }) => series);
  const medians = new Map(all.map(({ name, samples }) => [name, median(samples)]));
  return all.map((series) => summarise(series, medians));
}

/** The samples of one line of the report. */
interface Series {
  readonly name: string;
  readonly unit: string;
  readonly comparedTo: string | undefined;
  readonly samples: number[];
}

function record(series: Series[], { name, comparedTo }: Benchmark, suffix: string, unit: string, value: number): void {
  const known = series.find((one) => one.name === `${name}${suffix}`);
  if (known !== undefined) known.samples.push(value);
  else {
    const other = comparedTo === undefined ? undefined : `${comparedTo}${suffix}`;
    series.push({ name: `${name}${suffix}`, unit, comparedTo: other, samples: [value] });
  }
}

function summarise({ name, unit, comparedTo, samples }: Series, medians: ReadonlyMap<string, number>): Result {
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
