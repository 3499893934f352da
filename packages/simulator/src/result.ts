// What a run that held every property tells about itself.

import type { TimedAction } from "./faults/action.ts";
import type { FaultKind } from "./faults/fault-options.ts";
import type { Settings } from "./options.ts";
import type { ReachedCounters } from "./reached.ts";
import type { HistoryEvent } from "./workload/history.ts";

/** A run in which every property held. */
export type SimulationResult = {
  readonly seed: number;
  /** Everything that decided the run, defaults and the seed's choices included. */
  readonly settings: Settings;
  /** Virtual time that passed, in ms. */
  readonly simulatedMs: number;
  /** From the last fault until clients were served again, in ms. */
  readonly recoveryMs: number;
  /** Events that happened in virtual time. */
  readonly events: number;
  /** Equal for equal runs: the same options gave the same events at the same times. */
  readonly traceHash: string;
  /** Entries in the committed log. */
  readonly committed: number;
  readonly operations: {
    readonly invoked: number;
    /** Answered by the state machine. */
    readonly ok: number;
    /** Certainly without effect: no leader, no majority, refused. */
    readonly failed: number;
    readonly unknown: number;
  };
  /** How often each fault was injected. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** How often rare situations came up. */
  readonly reached: ReachedCounters;
  /** What went wrong and when, apart from single messages, flushes and turns: the same run again follows it. */
  readonly script: readonly TimedAction[];
  /** What clients saw, without the operations that certainly had no effect. */
  readonly history: readonly HistoryEvent[];
};
