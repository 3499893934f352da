// A node's options as the core wants them: grouped, and cut to what the transport can carry.

import type { LimitOptions, RaftOptions } from "@quorate/core";
import type { RaftNodeOptions } from "./api.ts";

const KiB = 1024;

/** Room that a message needs around the entries that it carries. */
const MESSAGE_OVERHEAD_BYTES = 4 * KiB;
const DEFAULT_MAX_COMMAND_BYTES = (1024 + 64) * KiB;
const DEFAULT_MAX_APPEND_BYTES = 512 * KiB;
const DEFAULT_ELECTION_TIMEOUT_MS = [150, 300] as const;
const DEFAULT_MAX_UNCOMMITTED_BYTES = 64 * 1024 * KiB;

type AnyNodeOptions = Omit<RaftNodeOptions<never, unknown, unknown>, "stateMachine">;

/** The options for the core of a node. */
export function coreOptions(options: AnyNodeOptions): RaftOptions {
  const { raft = {}, limits = {} } = options;
  const { heartbeatMs, preVote, leaderLease, checkQuorum, leaseReads, maxClockDrift } = raft;
  const { maxPendingReads } = limits;
  const room = options.transport.maxMessageBytes - MESSAGE_OVERHEAD_BYTES;
  const coreLimits: Partial<LimitOptions> = {
    maxCommandBytes: maxCommandBytesOf(options),
    maxAppendBytes: Math.min(DEFAULT_MAX_APPEND_BYTES, room),
    maxUncommittedBytes: maxUncommittedBytesOf(options),
    ...defined({ maxPendingReads }),
  };
  return {
    id: options.nodeId,
    configuration: options.configuration,
    random: options.random ?? Math.random,
    timing: { electionTimeoutMs: electionTimeoutOf(options), ...defined({ heartbeatMs }) },
    protection: defined({ preVote, leaderLease, checkQuorum }),
    reads: defined({ lease: leaseReads, maxClockDrift }),
    limits: coreLimits,
  };
}

/** The largest command that this node takes: the configured limit, but never more than one message can carry. */
export function maxCommandBytesOf({ limits, transport }: AnyNodeOptions): number {
  const room = transport.maxMessageBytes - MESSAGE_OVERHEAD_BYTES;
  return Math.min(limits?.maxCommandBytes ?? DEFAULT_MAX_COMMAND_BYTES, room);
}

/** Bounds of the election timeout in ms. */
export function electionTimeoutOf({ raft }: AnyNodeOptions): readonly [number, number] {
  return raft?.electionTimeoutMs ?? DEFAULT_ELECTION_TIMEOUT_MS;
}

/** How many bytes of proposals may be on their way to a majority. */
export function maxUncommittedBytesOf({ limits }: AnyNodeOptions): number {
  return limits?.maxUncommittedBytes ?? DEFAULT_MAX_UNCOMMITTED_BYTES;
}

/** Without the keys whose value is undefined, so that they do not hide defaults. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  // Object.fromEntries forgets the key type; the keys are those of `values`.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
