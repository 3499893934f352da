// What a node finds when it starts: its identity, its log, and the snapshot that the log goes on from.

import { QuorateError, type StoredSnapshot, type StoredState, type StoreIdentity } from "@quorate/contracts";
import type { EntryId, LogSummary, RestoredState } from "@quorate/core";
import type { RaftNodeOptions } from "./api.ts";
import { claimIdentity } from "./identity.ts";
import { readSnapshot } from "./snapshots.ts";

/** Where a node goes on. */
export type Recovered = {
  readonly identity: StoreIdentity;
  readonly restored: RestoredState;
  /** The last entry that is in the state machine. */
  readonly lastApplied: EntryId;
};

type Options = RaftNodeOptions<never, unknown, unknown>;

/** Reads log and snapshot, checks whose they are and that they fit together, and restores the state machine. */
export async function recover<Query, Answer, Result>(
  options: RaftNodeOptions<Query, Answer, Result>,
): Promise<Recovered> {
  const stored = await options.storage.load();
  refuseForgottenTerm(stored);
  const snapshot = await options.snapshots?.store.load();
  const identity = await claimIdentity(stored, { ...options, snapshotConfiguration: snapshot?.configuration });
  if (snapshot === undefined || options.snapshots === undefined) {
    refuseGap(stored.log.base.index, 0);
    const { hardState, log, configurations } = stored;
    const { configuration } = identity;
    return { identity, restored: { hardState, log, configuration, configurations, applied: 0 }, lastApplied: log.base };
  }
  refuseGap(stored.log.base.index, snapshot.index);
  const log = await logBehind(snapshot, stored, options.storage);
  options.stateMachine.restore(await readSnapshot(options.snapshots.store));
  const { index, term, configuration } = snapshot;
  const configurations = stored.configurations.filter((entry) => entry.index > log.base.index);
  const kept = configurations.filter((entry) => entry.index <= log.lastIndex);
  const restored = { hardState: stored.hardState, log, configuration, configurations: kept, applied: index };
  return { identity, restored, lastApplied: { index, term } };
}

/** A snapshot that the log does not reach replaces the log: the node stopped between storing it and cutting the log. */
async function logBehind(
  { index, term }: StoredSnapshot,
  { log }: StoredState,
  storage: Options["storage"],
): Promise<LogSummary> {
  if (termAt(log, index) === term) return log;
  await storage.compact({ index, term });
  return { base: { index, term }, lastIndex: index, termRuns: [] };
}

/** The term of an entry that is in the log, or of its base; undefined for others. */
export function termAt({ base, lastIndex, termRuns }: LogSummary, index: number): number | undefined {
  if (index === base.index) return base.term;
  if (index < base.index || index > lastIndex) return undefined;
  return termRuns.findLast(({ firstIndex }) => firstIndex <= index)?.term;
}

/** A server stores a term before any entry of it: one that knows no longer in which it voted could vote in it twice. */
function refuseForgottenTerm({ hardState, log }: StoredState): void {
  const lastTerm = log.termRuns.at(-1)?.term ?? log.base.term;
  if (lastTerm <= hardState.term) return;
  throw new QuorateError({
    code: "QUORATE_LOG_CORRUPT",
    message: `the log ends with an entry of term ${lastTerm}, but the store knows no later term than ${hardState.term}`,
    hint: "its term and vote were lost: do not start from it; remove the data directory and let the other servers bring this one up to date",
    details: { lastTerm, term: hardState.term },
  });
}

/** Throws if the log begins behind what the snapshot contains. */
export function refuseGap(baseIndex: number, snapshotIndex: number): void {
  if (baseIndex <= snapshotIndex) return;
  const found = snapshotIndex === 0 ? "there is none" : `the latest ends at index ${snapshotIndex}`;
  throw new QuorateError({
    code: "QUORATE_LOG_CORRUPT",
    message: `the log begins after index ${baseIndex}, so a snapshot up to there is needed, but ${found}`,
    hint: "do not start from it: remove the data directory and let the other servers bring this one up to date",
    details: { baseIndex, snapshotIndex },
  });
}
