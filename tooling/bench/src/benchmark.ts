// What a benchmark is, and what comes of it.

export interface Sampler {
  /** Works for about `sampleMs` and returns how many units it did per second. */
  readonly sample: (sampleMs: number) => number | Promise<number>;
  /** Latencies of the latest sample in ms, by name such as `p99`; reported as `<benchmark>-p99`. */
  readonly latenciesMs?: () => Readonly<Record<string, number>>;
  readonly close?: () => void | Promise<void>;
}

export interface Benchmark {
  readonly name: string;
  readonly unit: string;
  /** Name of the benchmark that this one is measured against; the two take turns, so that both see the same machine. */
  readonly comparedTo?: string;
  /** Prepares what the samples share. */
  readonly open: () => Sampler | Promise<Sampler>;
}

/** One line of the report; the names are part of the command's interface. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  readonly ratio_to?: string;
  /** This benchmark's median divided by that of `ratio_to`. */
  readonly ratio?: number;
}
