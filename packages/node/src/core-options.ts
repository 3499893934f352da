// A node's options as the core wants them: grouped, and cut to what the transport can carry.

import { defaultLimits, type RaftOptions } from "@quorate/core";
import type { RaftNodeOptions } from "./api.ts";

const KiB = 1024;

/** Room that a message needs around the entries that it carries. */
const MESSAGE_OVERHEAD_BYTES = 4 * KiB;

type AnyNodeOptions = Omit<RaftNodeOptions<never, unknown, unknown>, "stateMachine">;

/** The options for the core of a node. */
export function coreOptions(options: AnyNodeOptions, incarnation: string): RaftOptions {
  const { raft = {}, limits = {} } = options;
  const {
    electionTimeoutMs,
    heartbeatMs,
    diskStallMs,
    preVote,
    leaderLease,
    checkQuorum,
    leaseReads,
    maxClockDrift,
    readmission,
  } = raft;
  const { maxCommandBytes = defaultLimits.maxCommandBytes, ...otherLimits } = limits;
  const room = options.transport.maxMessageBytes - MESSAGE_OVERHEAD_BYTES;
  return {
    id: options.nodeId,
    incarnation,
    configuration: options.configuration,
    random: options.random ?? Math.random,
    timing: defined({ electionTimeoutMs, heartbeatMs, diskStallMs }),
    protection: defined({ preVote, leaderLease, checkQuorum }),
    reads: defined({ lease: leaseReads, maxClockDrift }),
    membership: defined({ readmission }),
    limits: {
      ...defined(otherLimits),
      maxCommandBytes: Math.min(maxCommandBytes, room),
      maxAppendBytes: Math.min(defaultLimits.maxAppendBytes, room),
    },
  };
}

/** Without the keys whose value is undefined, so that they do not hide defaults. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  // Object.fromEntries forgets the key type; the keys are those of `values`.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
