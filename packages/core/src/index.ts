// Raft as a deterministic function of its inputs: no IO, no clock, no randomness, no promises, no dependencies.

export type {
  Configuration,
  Entry,
  EntryId,
  EntryKind,
  HardState,
  LogSummary,
  NodeId,
  Role,
  TermRun,
} from "./types.ts";
export { voteRefusals } from "./message.ts";
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
  SnapshotRequest,
  SnapshotResponse,
  TimeoutNow,
  VoteRefusal,
  VoteRequest,
  VoteResponse,
} from "./message.ts";
export type { IgnoredReason, RaftEvent, StepDownReason } from "./events.ts";
export type { PeerStatus, RaftStatus, ReplicationMode } from "./status.ts";
export type { LogWrite } from "./durability.ts";
export { InvariantViolation, RaftOptionsError } from "./errors.ts";
export type { LimitOptions, ProtectionOptions, RaftOptions, ReadOptions, TimingOptions } from "./options.ts";
export { Raft } from "./raft.ts";
export type {
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
export { emptyState } from "./server.ts";
export type { RestoredState } from "./server.ts";
export type { ChangeMisfit, MembershipChange } from "./configuration.ts";
export { decodeConfiguration, encodeConfiguration } from "./configuration.ts";
export type { ChangeRequest } from "./membership.ts";
export type { ChangeResult } from "./ready.ts";
export type { SnapshotPosition } from "./snapshot.ts";
