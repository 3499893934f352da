// What many runs add up to, and how the program says it in one line.

import type { WorkerReport } from "./cli-worker.ts";

/** Sums over runs. */
export type CliTotals = {
  readonly seeds: number;
  readonly failures: number;
  readonly failedSeeds: readonly number[];
  readonly simulatedMs: number;
  readonly operations: number;
  readonly events: number;
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** How often each rare situation came up. */
  readonly reached: Readonly<Record<string, number>>;
  readonly reruns: number;
  /** The longest time from the last fault until clients were served again. */
  readonly maxRecoveryMs: number;
};

/** No runs. */
export const emptyTotals: CliTotals = {
  seeds: 0,
  failures: 0,
  failedSeeds: [],
  simulatedMs: 0,
  operations: 0,
  events: 0,
  faults: {},
  reached: {},
  reruns: 0,
  maxRecoveryMs: 0,
};

/** The totals with one more run. */
export function addTotals(totals: CliTotals, report: Omit<WorkerReport, "isBatchDone">): CliTotals {
  const hasFailed = report.failure !== undefined;
  return {
    seeds: totals.seeds + 1,
    failures: totals.failures + (hasFailed ? 1 : 0),
    failedSeeds: hasFailed ? [...totals.failedSeeds, report.seed] : totals.failedSeeds,
    simulatedMs: totals.simulatedMs + report.simulatedMs,
    operations: totals.operations + report.operations,
    events: totals.events + report.events,
    faults: added(totals.faults, report.faults),
    reached: added(totals.reached, report.reached),
    reruns: totals.reruns + report.reruns,
    maxRecoveryMs: Math.max(totals.maxRecoveryMs, report.recoveryMs),
  };
}

function added(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys({ ...a, ...b }).map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

/** Registers are never sent twice, so these cannot come up with them. */
const notWithRegisters: readonly string[] = ["repetitions", "expiredSessions"];

/** What takes two builds at least. */
const onlyWithBuilds: readonly string[] = ["upgrade", "rollbacks", "mixedElections", "mixedCommits"];

/** The faults and situations that came up less often than they should have. */
export function missedGoals(
  { faults, reached }: CliTotals,
  { least, hasBuilds }: { readonly least: number; readonly hasBuilds: boolean },
): readonly string[] {
  const impossible = new Set([...notWithRegisters, ...(hasBuilds ? [] : onlyWithBuilds)]);
  const missed = Object.entries({ ...faults, ...reached }).filter(
    ([name, count]) => count < least && !impossible.has(name),
  );
  return missed.map(([name, count]) => `${name} ${count}`);
}

/** The totals in one line. */
export function describeTotals(totals: CliTotals, { wallMs, workers }: { wallMs: number; workers: number }): string {
  const { seeds, failures, failedSeeds, simulatedMs, operations, faults, reruns, maxRecoveryMs } = totals;
  const verdict = failures === 0 ? "every property held" : `${failures} FAILED: seed ${failedSeeds.join(", ")}`;
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const speed = Math.round(simulatedMs / Math.max(1, wallMs) / workers);
  return [
    `${seeds} seeds, ${verdict}`,
    `${(simulatedMs / 3_600_000).toFixed(2)} h simulated in ${Math.round(wallMs / 1000)} s (${speed}x real time a worker)`,
    `${operations} operations, ${injected} faults, slowest recovery ${Math.round(maxRecoveryMs)} ms`,
    `${reruns} runs repeated`,
  ].join("; ");
}
