// Every benchmark, in the order of the report.
import type { Benchmark } from "./benchmark.ts";
import { clientBenchmarks } from "./benchmarks/client.ts";
import { codecBenchmarks } from "./benchmarks/codec.ts";
import { coreBenchmarks } from "./benchmarks/core.ts";
import { httpBenchmarks } from "./benchmarks/http.ts";
import { simulatorBenchmarks } from "./benchmarks/simulator.ts";
import { storageBenchmarks } from "./benchmarks/storage.ts";
import { transportBenchmarks } from "./benchmarks/transport.ts";
import { storageRecoveryBenchmarks } from "./benchmarks/storage-recovery.ts";

export const allBenchmarks: readonly Benchmark[] = [
  ...coreBenchmarks,
  ...codecBenchmarks,
  ...transportBenchmarks,
  ...storageBenchmarks,
  ...storageRecoveryBenchmarks,
  ...httpBenchmarks,
  ...clientBenchmarks,
  ...simulatorBenchmarks,
];
