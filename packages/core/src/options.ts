// Every knob of the core with its unit, default and bound, and the combinations that are refused.

import { RaftOptionsError } from "./errors.ts";
import type { Configuration, NodeId } from "./types.ts";

/** When things happen. All durations are milliseconds of the caller's monotonic time. */
export type TimingOptions = {
  /** Bounds, both inclusive, of the election timeout that is drawn anew for each wait. Default [150, 300]. Thesis 3.4. */
  readonly electionTimeoutMs: readonly [number, number];
  /** How often a leader makes itself heard. Default 50; at most a third of the minimum election timeout. */
  readonly heartbeatMs: number;
  /**
   * A server whose disk has not completed a write for this long does not lead: a leader steps down, and nobody campaigns.
   * Default 1000. Long enough for an ordinary slow flush.
   */
  readonly diskStallMs: number;
};

/** Which protections are on. Each can be switched off by itself; every combination elects leaders and stays safe. */
export type ProtectionOptions = {
  /** Ask whether an election would be won before starting one. Default true. Thesis 9.6. */
  readonly preVote: boolean;
  /**
   * A server that hears a leader refuses votes. Default true. Thesis 4.2.3.
   * Without `checkQuorum`, a leader that can send to its followers but cannot commit is never replaced.
   */
  readonly leaderLease: boolean;
  /** A leader that has no contact with a majority for the maximum election timeout steps down. Default true. Thesis 6.2. */
  readonly checkQuorum: boolean;
};

/** How reads may be answered. */
export type ReadOptions = {
  /**
   * Answer lease reads from the leader's clock alone. Default false: then they are refused, and the caller asks for a
   * linearizable read instead. Needs `leaderLease`, on every server of the cluster. Thesis 6.4.1.
   */
  readonly lease: boolean;
  /** By how much two clocks may run apart, as a share of elapsed time. Default 0.1; 0 to below 1. */
  readonly maxClockDrift: number;
};

/** How much may be under way. */
export type LimitOptions = {
  /** Largest command in bytes; larger ones are refused. Default 1 MiB + 64 KiB. */
  readonly maxCommandBytes: number;
  /** Bytes of own proposals that are not committed yet; beyond it proposals are refused as busy. Default 64 MiB. */
  readonly maxUncommittedBytes: number;
  /** Reads that wait for confirmation; beyond it reads are refused as busy. Default 10 000. */
  readonly maxPendingReads: number;
  /** A learner that lacks more entries than this is not promoted. Default 1000. Thesis 4.2.1. */
  readonly maxPromotionLag: number;
  /** Bytes of entries in one append message; a single larger entry travels alone. Default 512 KiB. */
  readonly maxAppendBytes: number;
  /** Append messages to one peer that are not answered yet. Default 64. */
  readonly maxInflightMessages: number;
  /** Bytes of entries to one peer that are not answered yet. Default 8 MiB. */
  readonly maxInflightBytes: number;
  /** Bytes of committed entries handed over for application at once. Default 1 MiB. */
  readonly maxApplyBytes: number;
  /** Bytes of durable and applied entries that stay in memory while a peer lacks them. Default 16 MiB. */
  readonly maxCachedBytes: number;
};

/** What a leader does about the membership of its own accord. */
export type MembershipOptions = {
  /**
   * What happens to a member that comes back with another store. `automatic` (the default): once the old store has been
   * silent for a maximum election timeout, the member is readmitted as a learner, and promoted again when it has caught up.
   * `manual`: it stays out until somebody proposes its readmission.
   */
  readonly readmission: "automatic" | "manual";
};

/** Everything that makes one server. */
export type RaftOptions = {
  readonly id: NodeId;
  /**
   * Names the store that this server remembers in; a new one for a new store. With it, nobody's word counts that has lost
   * what it promised: the first leader is elected by **all** voters and notes whose store is whose. Without it, a server that
   * lost its disk must never come back under its old id.
   */
  readonly incarnation?: string;
  /** Who forms the cluster at its first start. */
  readonly configuration: Configuration;
  /** Uniform in [0, 1); draws the election timeouts. */
  readonly random: () => number;
  readonly timing?: Partial<TimingOptions>;
  readonly protection?: Partial<ProtectionOptions>;
  readonly reads?: Partial<ReadOptions>;
  readonly membership?: Partial<MembershipOptions>;
  readonly limits?: Partial<LimitOptions>;
  /** Check the invariants after every input and throw when one is broken. Default false; costs some time per input. */
  readonly checkInvariants?: boolean;
};

/** The options with every default filled in. */
export type CompleteOptions = {
  readonly id: NodeId;
  readonly incarnation: string | undefined;
  readonly configuration: Configuration;
  readonly random: () => number;
  readonly timing: TimingOptions;
  readonly protection: ProtectionOptions;
  readonly reads: ReadOptions;
  readonly membership: MembershipOptions;
  readonly limits: LimitOptions;
  readonly checkInvariants: boolean;
};

const defaultTiming: TimingOptions = { electionTimeoutMs: [150, 300], heartbeatMs: 50, diskStallMs: 1_000 };

const defaultProtection: ProtectionOptions = { preVote: true, leaderLease: true, checkQuorum: true };

const defaultReads: ReadOptions = { lease: false, maxClockDrift: 0.1 };

const defaultMembership: MembershipOptions = { readmission: "automatic" };

const KiB = 1024;
const MiB = 1024 * KiB;

/** The limits of a server that names none. */
export const defaultLimits: LimitOptions = {
  maxCommandBytes: MiB + 64 * KiB,
  maxUncommittedBytes: 64 * MiB,
  maxPendingReads: 10_000,
  maxPromotionLag: 1_000,
  maxAppendBytes: 512 * KiB,
  maxInflightMessages: 64,
  maxInflightBytes: 8 * MiB,
  maxApplyBytes: MiB,
  maxCachedBytes: 16 * MiB,
};

/** Fills in defaults and refuses what cannot work. Throws {@link RaftOptionsError}. */
export function completeOptions(options: RaftOptions): CompleteOptions {
  const timing = { ...defaultTiming, ...options.timing };
  const limits = { ...defaultLimits, ...options.limits };
  const protection = { ...defaultProtection, ...options.protection };
  const reads = { ...defaultReads, ...options.reads };
  checkTiming(timing);
  checkReads(reads, protection);
  checkLimits(limits);
  checkConfiguration(options.configuration);
  return {
    id: options.id,
    incarnation: options.incarnation,
    configuration: options.configuration,
    random: options.random,
    timing,
    protection,
    reads,
    membership: { ...defaultMembership, ...options.membership },
    limits,
    checkInvariants: options.checkInvariants ?? false,
  };
}

function checkTiming({ electionTimeoutMs: [min, max], heartbeatMs, diskStallMs }: TimingOptions): void {
  if (!(diskStallMs > 0)) throw invalid(`diskStallMs is ${diskStallMs}`, "use a positive number of milliseconds");
  if (!(heartbeatMs > 0 && Number.isFinite(heartbeatMs))) {
    throw invalid(`heartbeatMs is ${heartbeatMs}`, "use a positive number of milliseconds, for example 50");
  }
  if (!(min > 0 && min < max && Number.isFinite(max))) {
    throw invalid(
      `electionTimeoutMs is [${min}, ${max}]`,
      "use [minimum, maximum] with 0 < minimum < maximum, for example [150, 300]: equal bounds would split every vote",
    );
  }
  if (min < 3 * heartbeatMs) {
    throw new RaftOptionsError(
      "QUORATE_TIMEOUTS_UNSAFE",
      `minimum election timeout ${min} ms is less than 3 heartbeats of ${heartbeatMs} ms: one lost heartbeat could depose a healthy leader`,
      `use heartbeatMs ${Math.floor(min / 3)} or less, or electionTimeoutMs [${3 * heartbeatMs}, ${6 * heartbeatMs}] or more`,
    );
  }
}

function checkReads({ lease, maxClockDrift }: ReadOptions, { leaderLease }: ProtectionOptions): void {
  if (!(maxClockDrift >= 0 && maxClockDrift < 1)) {
    throw invalid(
      `maxClockDrift is ${maxClockDrift}`,
      "use a share of elapsed time from 0 to below 1, for example 0.1",
    );
  }
  if (lease && !leaderLease) {
    throw invalid(
      "lease reads are on, but the leader lease is off: voters could elect another leader at any time",
      "switch leaderLease on, on every server, or do without lease reads",
    );
  }
}

function checkLimits(limits: LimitOptions): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw invalid(`${name} is ${value}`, "limits are positive integers");
    }
  }
}

function checkConfiguration({ voters, learners, outgoing }: Configuration): void {
  if (outgoing !== undefined)
    throw invalid("the configuration is a joint one", "form a cluster with voters and learners");
  if (voters.length === 0) throw invalid("the configuration has no voters", "name at least one voter");
  const all = [...voters, ...learners];
  const twice = all.find((id, position) => all.indexOf(id) !== position);
  if (twice !== undefined) throw invalid(`"${twice}" is named twice in the configuration`, "name each server once");
  if (all.includes("")) throw invalid("the configuration has a server with an empty id", "give each server a name");
}

function invalid(message: string, hint: string): RaftOptionsError {
  return new RaftOptionsError("QUORATE_OPTIONS_INVALID", message, hint);
}
