// What servers say to each other. Messages are one-way: a response is a message of its own, so that any transport that
// can deliver bytes will do. `term` is always the sender's current term; positions in the log are (index, term) pairs.

import type { Entry, NodeId } from "./types.ts";

type Header = {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's current term. */
  readonly term: number;
};

/** Would you vote for me in `campaignTerm`? Changes no state at either end. Thesis 9.6. */
export type PreVoteRequest = Header & {
  readonly type: "preVoteRequest";
  /** The term the sender would campaign in: its current term + 1. */
  readonly campaignTerm: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
};

/** The answer to a pre-vote; echoes `campaignTerm` so that an answer to an older question is not counted. */
export type PreVoteResponse = Header & {
  readonly type: "preVoteResponse";
  readonly campaignTerm: number;
  readonly granted: boolean;
  /** Why not; absent when granted. */
  readonly reason?: VoteRefusal;
};

/** Vote for me in `term`. Thesis 3.4. */
export type VoteRequest = Header & {
  readonly type: "voteRequest";
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  /** The leader itself asked for this election, so hearing it is no reason to refuse. Thesis 3.10. */
  readonly isTransfer: boolean;
};

/** The answer to a vote request; leaves only when the vote is durable. */
export type VoteResponse = Header & {
  readonly type: "voteResponse";
  readonly granted: boolean;
  /** Why not; absent when granted. */
  readonly reason?: VoteRefusal;
};

/** Why a vote or pre-vote was refused. */
export type VoteRefusal =
  /** The candidate's term is older than the voter's. Thesis 3.3. */
  | "olderTerm"
  /** The voter's log ends later than the candidate's. Thesis 3.6.1. */
  | "logBehind"
  /** The voter has given its vote of this term to somebody else. Thesis 3.4. */
  | "alreadyVoted"
  /** The voter has heard a live leader within the minimum election timeout. Thesis 4.2.3. */
  | "hearsLeader";

/** Store these entries after (`prevLogIndex`, `prevLogTerm`). Empty `entries` only asks whether that position matches. Thesis 3.5. */
export type AppendRequest = Header & {
  readonly type: "appendRequest";
  readonly prevLogIndex: number;
  readonly prevLogTerm: number;
  /** Consecutive from `prevLogIndex + 1`, terms not decreasing. */
  readonly entries: readonly Entry[];
  readonly leaderCommit: number;
};

/** Everything up to `matchIndex` equals the leader's log and is durable here. */
export type AppendAccepted = Header & {
  readonly type: "appendResponse";
  readonly accepted: true;
  readonly matchIndex: number;
};

/** The position offered is not in this log (or the sender's term is old). Thesis 3.5, with the hint of its last paragraph. */
export type AppendRejected = Header & {
  readonly type: "appendResponse";
  readonly accepted: false;
  /** The `prevLogIndex` that was refused; tells the leader which request this answers. */
  readonly prevLogIndex: number;
  /** The last position that may match: the largest index ≤ `prevLogIndex` whose term is ≤ the refused `prevLogTerm`. */
  readonly hintIndex: number;
  readonly hintTerm: number;
};

/** The answer to an append; leaves only when what it claims is durable. */
export type AppendResponse = AppendAccepted | AppendRejected;

/** I am the leader of `term`. Never carries entries, so it never queues behind them. Thesis 3.4. */
export type HeartbeatRequest = Header & {
  readonly type: "heartbeatRequest";
  /** The leader's commit index, but never beyond what it knows to match at the receiver. */
  readonly commitIndex: number;
  /** Numbers the leader's heartbeats within its term; confirms reads that arrived before it was sent. Thesis 6.4. */
  readonly round: number;
};

/** I follow you in `term`; echoes `round`. Round 0 follows nobody: the heartbeat was of an older term. */
export type HeartbeatResponse = Header & {
  readonly type: "heartbeatResponse";
  readonly round: number;
};

/** You have my whole log: campaign now. Thesis 3.10. */
export type TimeoutNow = Header & {
  readonly type: "timeoutNow";
};

/**
 * A piece of the snapshot that ends with (`lastIncludedIndex`, `lastIncludedTerm`). Each piece says everything about the
 * whole, so that pieces of different snapshots cannot be mixed up. Thesis figure 5.3.
 */
export type SnapshotRequest = Header & {
  readonly type: "snapshotRequest";
  readonly lastIncludedIndex: number;
  readonly lastIncludedTerm: number;
  /** The configuration as of the last included entry, as the data of a configuration entry. */
  readonly configuration: Uint8Array;
  /** Length of the whole snapshot. */
  readonly sizeBytes: number;
  /** CRC-32 of the whole snapshot. */
  readonly checksum: number;
  /** Where in the snapshot `data` belongs. */
  readonly offsetBytes: number;
  readonly data: Uint8Array;
};

/** I have this much of that snapshot; go on from there. The end of a transfer is an accepted append instead. */
export type SnapshotResponse = Header & {
  readonly type: "snapshotResponse";
  readonly lastIncludedIndex: number;
  readonly receivedBytes: number;
};

/** How far must a state have come to answer a linearizable read that arrives now? Thesis 6.4, for reads at followers. */
export type ReadIndexRequest = Header & {
  readonly type: "readIndexRequest";
  /** Chosen by the sender; one request can stand for many reads. */
  readonly requestId: number;
};

/** As far as `index`. */
export type ReadIndexResponse = Header & {
  readonly type: "readIndexResponse";
  readonly requestId: number;
  /** Absent if the receiver of the request cannot say: it does not lead, or has too much to do. */
  readonly index?: number;
};

/** Everything a server can receive from another one. */
export type Message =
  | PreVoteRequest
  | PreVoteResponse
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | TimeoutNow
  | SnapshotRequest
  | SnapshotResponse
  | ReadIndexRequest
  | ReadIndexResponse;

/** The discriminator of {@link Message}. */
export type MessageType = Message["type"];
