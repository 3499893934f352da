// The properties that every simulation checks.

import { acknowledgedWrites } from "./acknowledged-writes.ts";
import type { CheckerFactory } from "./checker.ts";
import { configurationInUse } from "./configuration-in-use.ts";
import { configurationOverlap } from "./configuration-overlap.ts";
import { durableCommitment } from "./durable-commitment.ts";
import { durablePromises } from "./durable-promises.ts";
import { electedByMajority } from "./elected-by-majority.ts";
import { electionSafety } from "./election-safety.ts";
import { exactlyOnce } from "./exactly-once.ts";
import { freshReads } from "./fresh-reads.ts";
import { honestCampaigns } from "./honest-campaigns.ts";
import { leaderAppendOnly } from "./leader-append-only.ts";
import { leaderCompleteness } from "./leader-completeness.ts";
import { logAsStored } from "./log-as-stored.ts";
import { logMatching } from "./log-matching.ts";
import { monotonicState } from "./monotonic-state.ts";
import { oneVote } from "./one-vote.ts";
import { ownTermCommitment } from "./own-term-commitment.ts";
import { sameResults } from "./same-results.ts";
import { stateMachineSafety } from "./state-machine-safety.ts";
import { trueProgress } from "./true-progress.ts";
import { trueSnapshots } from "./true-snapshots.ts";

/** One a property. Convergence after the faults is checked by the run itself. */
export const allCheckers: readonly CheckerFactory[] = [
  electionSafety,
  electedByMajority,
  oneVote,
  honestCampaigns,
  durablePromises,
  logAsStored,
  leaderAppendOnly,
  logMatching,
  leaderCompleteness,
  stateMachineSafety,
  durableCommitment,
  ownTermCommitment,
  trueProgress,
  configurationInUse,
  configurationOverlap,
  trueSnapshots,
  acknowledgedWrites,
  exactlyOnce,
  monotonicState,
  freshReads,
  sameResults,
];
