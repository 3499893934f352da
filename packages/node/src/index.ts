// Runs one Raft core against a storage, a transport, a state machine and a clock.

export type { Configuration, MembershipChange, ServerRecord } from "@quorate/core";
export type { PeerAddress } from "./peer-book.ts";
export type {
  CallOptions,
  Changed,
  ChangeOptions,
  Consistency,
  LogPosition,
  NodeEvent,
  NodeLimits,
  NodeStatus,
  Proposed,
  Queried,
  QueryOptions,
  RaftNodeOptions,
  RaftTuning,
  SnapshotOutrun,
  SnapshotPostponed,
  SpaceChanged,
  Transferred,
} from "./api.ts";
export { beginFromSnapshot, chunksOf, readBeginning, writeNewCluster } from "./new-cluster.ts";
export type { Beginning, Founder, SnapshotSource, Stores } from "./new-cluster.ts";
export { RaftNode } from "./raft-node.ts";
export { systemClock } from "./system-clock.ts";
export type { SnapshotOptions } from "./snapshots.ts";
