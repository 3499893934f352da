// Raft as a deterministic function of its inputs: no IO, no clock, no randomness, no promises, no dependencies.

// The core and what it is made from
export { Raft } from "./raft.ts";
export { defaultLimits } from "./options.ts";
export type {
  CompleteOptions,
  LimitOptions,
  MembershipOptions,
  ProtectionOptions,
  RaftOptions,
  ReadOptions,
  TimingOptions,
} from "./options.ts";
export { emptyState } from "./server.ts";
export type { RestoredState } from "./server.ts";
export { InvariantViolation, RaftOptionsError } from "./errors.ts";

// The nouns of Raft
export type {
  Configuration,
  Entry,
  EntryId,
  EntryKind,
  HardState,
  LogSummary,
  NodeId,
  Role,
  ServerRecord,
  TermRun,
} from "./types.ts";
export { decodeConfiguration, encodeConfiguration } from "./configuration.ts";
export type { ChangeMisfit, MembershipChange } from "./configuration-change.ts";
export type { ChangeRequest } from "./membership.ts";
export type { SnapshotPosition } from "./snapshot.ts";

// What servers say to each other
export type {
  AppendAccepted,
  AppendRejected,
  AppendRequest,
  AppendResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  Message,
  MessageType,
  PreVoteRequest,
  PreVoteResponse,
  ReadIndexRequest,
  ReadIndexResponse,
  SnapshotRequest,
  SnapshotResponse,
  TimeoutNow,
  VoteRefusal,
  VoteRequest,
  VoteResponse,
} from "./message.ts";

// What comes out
export type { LogWrite } from "./durability.ts";
export type { IgnoredReason, RaftEvent, StepDownReason } from "./events.ts";
export type {
  ChangeResult,
  ConfirmedRead,
  LogRead,
  ProposalOutcome,
  ProposeResult,
  ReadIndexResult,
  Ready,
  RejectedRead,
  StepResult,
  TransferResult,
} from "./ready.ts";
export type { PeerStatus, RaftStatus, ReplicationMode } from "./status.ts";
