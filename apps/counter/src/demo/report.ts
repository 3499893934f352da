// The last words: one line of JSON for programs, a few lines for people.

import type { DemoOptions } from "./options.ts";
import type { Verdict } from "./proof.ts";
import { median } from "./write-gap.ts";

/** The JSON object that ends an unattended run; its shape is part of the published interface. */
export type DemoReport = {
  readonly ok: boolean;
  readonly nodes: number;
  readonly transport: string;
  readonly storage: string;
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Longest silence between acknowledged writes around a kill, the median over all kills; null without a kill. */
  readonly failover_ms: number | null;
  /** Null if the replicas differ or could not be read. */
  readonly state_hash: string | null;
};

/** The report of a run whose proof has a verdict. */
export function reportOf(demo: DemoOptions, verdict: Verdict, failoversMs: readonly number[]): DemoReport {
  const failoverMs = median(failoversMs);
  return {
    ok: verdict.holds,
    nodes: demo.nodes,
    transport: demo.transport,
    storage: demo.storage,
    acknowledged: verdict.acknowledged,
    lost: verdict.lost,
    duplicated: verdict.duplicated,
    failover_ms: failoverMs === undefined ? null : Math.round(failoverMs),
    state_hash: verdict.stateHash ?? null,
  };
}

/** The verdict for people. */
export function describeVerdict(verdict: Verdict, nodes: number): readonly string[] {
  if (!verdict.holds) return ["PROOF FAILED", ...verdict.problems.map((problem) => `  ${problem}`)];
  return [
    `PROOF HELD  ${verdict.acknowledged} acknowledged writes, each exactly once on each of ${nodes} replicas`,
    `            0 lost, 0 duplicated, state ${verdict.stateHash?.slice(0, 16)} on all`,
  ];
}
