// The public face of a node: what goes in, what comes back, and how calls end.

import type { Clock, LogStorage, Random, StateMachine, Transport, TransportEvent } from "@quorate/contracts";
import type { ChangeRequest, Configuration, NodeId, RaftEvent, RaftStatus } from "@quorate/core";
import type { PeerAddress } from "./peer-book.ts";
import type { SnapshotOptions } from "./snapshots.ts";

/** Timing and behaviour of the protocol; every value has a default. */
export type RaftTuning = {
  /** Bounds of the randomized election timeout, inclusive, in ms. Default [150, 300]. */
  readonly electionTimeoutMs?: readonly [number, number];
  /** A leader's heartbeat interval in ms. Default 50. At most a third of the minimum election timeout. */
  readonly heartbeatMs?: number;
  /** A node whose disk has not completed a write for this many ms does not lead. Default 1000. */
  readonly diskStallMs?: number;
  /** Ask before campaigning (thesis 9.6). Default true. */
  readonly preVote?: boolean;
  /** Refuse votes while a live leader is heard (thesis 4.2.3). Default true. */
  readonly leaderLease?: boolean;
  /** A leader without contact to a majority steps down (thesis 6.2). Default true. */
  readonly checkQuorum?: boolean;
  /**
   * Answer lease reads from the leader's clock, without asking a majority (thesis 6.4.1). Default false: they are answered
   * as linearizable ones. Needs `leaderLease`, and the same setting on every node.
   */
  readonly leaseReads?: boolean;
  /** By how much two nodes' clocks may run apart, as a share of elapsed time. Default 0.1. */
  readonly maxClockDrift?: number;
  /**
   * Whether a leader takes back a member that lost its store by itself, as a learner that is promoted when it has caught
   * up. Default `automatic`; with `manual`, use the change `readmit`.
   */
  readonly readmission?: "automatic" | "manual";
};

/** Bounds of what a node holds in memory. */
export type NodeLimits = {
  /** Largest command in bytes. Default 1 MiB + 64 KiB. Must fit into the transport's largest message. */
  readonly maxCommandBytes?: number;
  /** Bytes of commands that were accepted but are not committed yet; beyond it `QUORATE_BUSY`. Default 64 MiB. */
  readonly maxUncommittedBytes?: number;
  /** Reads that wait, to be confirmed or for the state machine; beyond it `QUORATE_BUSY`. Default 10 000. */
  readonly maxPendingReads?: number;
  /** Append messages to one peer that are not answered yet. Default 64. */
  readonly maxInflightMessages?: number;
  /** Bytes of entries to one peer that are not answered yet. Default 8 MiB. */
  readonly maxInflightBytes?: number;
  /** A learner that lacks more entries than this is not promoted, unless forced. Default 1000. */
  readonly maxPromotionLag?: number;
};

/** Everything a node is made of. */
export type RaftNodeOptions<Query, Answer, Result> = {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /**
   * Who forms the cluster at its first start, all of them together; later starts must name the same servers, or those of
   * the latest configuration. A node that is to be added to a running cluster names that cluster's members, not itself.
   */
  readonly configuration: Configuration;
  /**
   * True for a node that is to be added: `configuration` only says whom to expect until the log does, and later starts may
   * name others. Default false.
   */
  readonly joins?: boolean;
  readonly storage: LogStorage;
  readonly transport: Transport;
  readonly stateMachine: StateMachine<Query, Answer, Result>;
  /** Where snapshots are kept and how often they are taken. Without it the log is kept whole. */
  readonly snapshots?: SnapshotOptions;
  /** Takes the address for peers out of what the log keeps as a member's address. Default: it is just that. */
  readonly peerAddress?: PeerAddress;
  /**
   * Called with every event as it happens, also with those of the start, for which `events()` comes too late. Must not
   * throw; whoever is slow here slows the node.
   */
  readonly onEvent?: (event: NodeEvent) => void;
  readonly raft?: RaftTuning;
  readonly limits?: NodeLimits;
  /** Default: the system's monotonic clock. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
};

/** Where something stands in the log; a token for read-your-writes. */
export type LogPosition = {
  readonly index: number;
  readonly term: number;
};

/** The end of a proposal that took effect. */
export type Proposed<Result> = LogPosition & {
  readonly result: Result;
};

/** The end of a membership change. */
export type Changed = LogPosition & {
  readonly configuration: Configuration;
};

/** Under which conditions a membership change is made, besides when to give up waiting for it. */
export type ChangeOptions = CallOptions & Omit<ChangeRequest, "changes">;

/** The end of a transfer of leadership. */
export type Transferred = {
  readonly leaderId: NodeId;
  readonly term: number;
};

/** How fresh a read must be. */
export type Consistency =
  /** Sees every write that was acknowledged before the read began. Leader only. Thesis 6.4. */
  | "linearizable"
  /** The same, as long as no clock drifts more than `maxClockDrift`; falls back to `linearizable`. Thesis 6.4.1. */
  | "lease"
  /** Answered at once from this server's state, which may be old. */
  | "stale";

/** An answer and the position of the state it was computed from. */
export type Queried<Answer> = LogPosition & {
  readonly answer: Answer;
  /** The level that was really used. */
  readonly consistency: Consistency;
};

/** Which state a query wants to see. */
export type QueryOptions = CallOptions & {
  /** Default `linearizable`. */
  readonly consistency?: Consistency;
  /** For `linearizable` and `lease`: on a node that does not lead, ask the leader for the read index and answer here. */
  readonly forward?: boolean;
  /**
   * Wait until this index is applied here, to see one's own earlier write on any node. Every index that an answer of this
   * cluster named is reached by linearizable reads anyway, so this matters to `stale`.
   */
  readonly minIndex?: number;
  /**
   * For `stale`: refuse with `QUORATE_STALE_TOO_OLD` if this node may have missed commits for longer than this, in ms, at the
   * moment of the answer.
   */
  readonly maxAgeMs?: number;
};

/** Options of a single call. */
export type CallOptions = {
  /** Give up after this many milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** Stop waiting. A proposal that is aborted has an unknown outcome. */
  readonly signal?: AbortSignal;
};

/**
 * The log was cut behind a snapshot that some peer is still being sent: keeping more of it had become too much. That peer
 * will be sent a newer snapshot as well. If this repeats, transfers take longer than the log is kept.
 */
export type SnapshotOutrun = {
  readonly type: "snapshotOutrun";
  /** The last entry of the snapshot that is being sent. */
  readonly sendingIndex: number;
  readonly firstIndex: number;
  /** The limit that was reached; `SnapshotOptions.pinnedBytes`. */
  readonly pinnedBytes: number;
};

/** The disk of this node's log has hardly any space left, or enough again. While it has not, this node takes no commands. */
export type SpaceChanged = { readonly type: "spaceChanged"; readonly isShort: boolean };

/** A snapshot did not fit on the disk, one of this node's own or one that it is being sent. It is tried again later. */
export type SnapshotPostponed = {
  readonly type: "snapshotPostponed";
  readonly detail: string;
  readonly retryInMs: number;
};

/** What a node reports: the core's events, the transport's, and its own. */
export type NodeEvent =
  | RaftEvent
  | TransportEvent
  | { readonly type: "started"; readonly term: number; readonly lastIndex: number; readonly incarnation: string }
  | { readonly type: "loopStalled"; readonly stalledMs: number }
  | SnapshotOutrun
  | SnapshotPostponed
  | SpaceChanged
  /** The node has stopped for good: a `QUORATE_…` code, what happened, and what to do. */
  | { readonly type: "failed"; readonly code: string; readonly detail: string; readonly hint: string };

/** The core's picture plus the driver's. */
export type NodeStatus = RaftStatus & {
  readonly clusterId: string;
  readonly incarnation: string;
  /** `failed` nodes answer nothing but `status`. */
  readonly state: "running" | "failed" | "closed";
};
