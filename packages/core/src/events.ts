// What happened and why, as data. Dashboards, logs, metrics and diagnosis are all fed by this one stream.

import type { MessageType, VoteRefusal } from "./message.ts";
import type { Configuration, NodeId, Role } from "./types.ts";

/** Why a leader gave up its leadership. */
export type StepDownReason =
  /** Somebody is in a later term. Thesis 3.3. */
  | "higherTerm"
  /** No contact with a majority for an election timeout (CheckQuorum). Thesis 6.2. */
  | "quorumLost"
  /** The disk has not completed a write for too long; heartbeats alone must not keep a leader in office that cannot work. */
  | "diskStalled"
  /** A committed configuration no longer contains this server. Thesis 4.2.2. */
  | "removed";

/** Why an input from a peer changed nothing. */
export type IgnoredReason =
  /** Addressed to another server. */
  | "notForMe"
  /** From a server that is not in the configuration, where membership matters. */
  | "unknownSender"
  /** The sender's term is older than this server's; it has been told if that helps it. */
  | "olderTerm"
  /** An answer to a question that is no longer open. */
  | "staleResponse"
  /** A field has a value that no correct server sends. */
  | "malformed"
  /** It contradicts an entry that is known to be committed: one of the two servers has lost data or is not Raft. */
  | "contradictsCommitted"
  /** The sender has another store than the one that counts for it: it lost what it promised. */
  | "strangeStore"
  /** The leader knows more of this server's log to be durable than there is: acknowledged entries were lost here. */
  | "lostEntries"
  /** The leader lease protects a live leader: the vote request was refused without looking at its term. Thesis 4.2.3. */
  | "hearsLeader";

/** Everything the core reports besides its outputs. */
export type RaftEvent =
  | { readonly type: "roleChanged"; readonly role: Role; readonly previousRole: Role; readonly term: number }
  | { readonly type: "termChanged"; readonly term: number; readonly previousTerm: number }
  | { readonly type: "leaderChanged"; readonly leaderId: NodeId | undefined; readonly term: number }
  | {
      readonly type: "electionStarted";
      readonly term: number;
      readonly preVote: boolean;
      /** How long the server had waited without hearing a leader. */
      readonly waitedMs: number;
    }
  | { readonly type: "voteGranted"; readonly to: NodeId; readonly term: number; readonly preVote: boolean }
  | {
      readonly type: "voteRefused";
      readonly to: NodeId;
      readonly term: number;
      readonly preVote: boolean;
      readonly reason: VoteRefusal;
      /** For `hearsLeader`: who, and how long ago. */
      readonly leaderId?: NodeId | undefined;
      readonly heardMsAgo?: number | undefined;
    }
  | {
      readonly type: "voteReceived";
      readonly from: NodeId;
      readonly term: number;
      readonly preVote: boolean;
      readonly granted: boolean;
      readonly reason?: VoteRefusal | undefined;
    }
  | { readonly type: "electionWon"; readonly term: number; readonly votes: readonly NodeId[] }
  | { readonly type: "steppedDown"; readonly term: number; readonly reason: StepDownReason; readonly detail: string }
  /** A member speaks from another store than the one that counts. It does not count until it is readmitted. */
  | {
      readonly type: "storeReplaced";
      readonly peer: NodeId;
      readonly incarnation: string;
      readonly expected: string | undefined;
    }
  | { readonly type: "configurationChanged"; readonly index: number; readonly configuration: Configuration }
  | { readonly type: "snapshotInstalled"; readonly index: number; readonly term: number }
  | { readonly type: "transferStarted"; readonly to: NodeId; readonly term: number }
  /** The target did not take over within an election timeout; this server goes on leading. */
  | { readonly type: "transferAborted"; readonly to: NodeId; readonly term: number }
  | { readonly type: "commitAdvanced"; readonly commitIndex: number }
  | {
      readonly type: "entriesTruncated";
      /** First index that was removed. */
      readonly fromIndex: number;
      readonly lastIndex: number;
      /** The leader whose log replaces them. */
      readonly leaderId: NodeId;
    }
  | {
      readonly type: "appendRefused";
      readonly leaderId: NodeId;
      readonly prevLogIndex: number;
      readonly prevLogTerm: number;
      /** This server's term at `prevLogIndex`; undefined if its log is shorter. */
      readonly ownTerm: number | undefined;
    }
  | { readonly type: "peerBehindLog"; readonly peer: NodeId; readonly nextIndex: number; readonly firstIndex: number }
  | {
      readonly type: "messageIgnored";
      readonly from: NodeId;
      readonly messageType: MessageType;
      readonly reason: IgnoredReason;
    };
