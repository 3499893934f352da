// What the core asks its driver to do, as data. Nothing here has happened yet when the driver sees it.

import type { ChangeMisfit } from "./configuration-change.ts";
import type { LogWrite } from "./durability.ts";
import type { IgnoredReason, RaftEvent } from "./events.ts";
import type { Message, SnapshotRequest, SnapshotResponse } from "./message.ts";
import type { Entry, EntryId, NodeId } from "./types.ts";

/** A read that may be answered once the state machine has applied `index`. Thesis 6.4. */
export type ConfirmedRead = {
  readonly readId: number;
  readonly index: number;
};

/** A read that certainly was not confirmed; it may be tried again elsewhere. */
export type RejectedRead = {
  readonly readId: number;
  readonly reason:
    | "leadershipLost"
    /** Asked of a leader that is not the leader any more, as far as this server knows. */
    | "leaderChanged"
    /** The leader did not answer in time, or has too many reads waiting. */
    | "unanswered";
};

/** Old entries that the core needs from storage. Answer with `raft.logRead(readId, entries)`. */
export type LogRead = {
  readonly logReadId: number;
  readonly firstIndex: number;
  /** Inclusive. */
  readonly lastIndex: number;
  /** Stop before the sum of the entries' data passes this, but read at least one. */
  readonly maxBytes: number;
};

/**
 * Everything to do now. Independent parts may run in parallel: in particular `messages` need not wait for `write`,
 * because whatever must wait has been held back.
 */
export type Ready = {
  /** Hand to storage, in order; report each completion with `raft.persisted(sequence)`. */
  readonly write: LogWrite | undefined;
  /** Send now. Losing some is allowed. */
  readonly messages: readonly Message[];
  /** Apply in order, then report with `raft.applied(index)`. The next batch comes after that. */
  readonly committed: readonly Entry[];
  readonly confirmedReads: readonly ConfirmedRead[];
  readonly rejectedReads: readonly RejectedRead[];
  readonly logReads: readonly LogRead[];
  /** Compact the stored log to this base, before `write`. */
  readonly compactTo: EntryId | undefined;
  /** Peers that need a snapshot instead of the log: send the latest one, in chunks. Said once per peer and leadership. */
  readonly snapshotNeeded: readonly NodeId[];
  /** Pieces of a snapshot from the leader: store, answer with how much is there, and install when complete. */
  readonly snapshotChunks: readonly SnapshotRequest[];
  /** How far peers have come with the snapshot they are sent. */
  readonly snapshotAnswers: readonly SnapshotResponse[];
  readonly events: readonly RaftEvent[];
};

/** How a proposal was received. Accepted is not committed: only an applied entry with this index and term is. */
export type ProposeResult =
  | { readonly accepted: true; readonly index: number; readonly term: number }
  | {
      readonly accepted: false;
      /**
       * `busy`: too many uncommitted bytes. `transferring`: leadership is being handed over, to `leaderId` as it seems.
       * In every case the command will certainly not be applied.
       */
      readonly reason: "notLeader" | "tooLarge" | "busy" | "transferring";
      readonly leaderId: NodeId | undefined;
    };

/** How a read request was received. Accepted ones end as confirmed or rejected in a later {@link Ready}. */
export type ReadIndexResult =
  | { readonly accepted: true; readonly readId: number }
  | { readonly accepted: false; readonly reason: "notLeader" | "busy"; readonly leaderId: NodeId | undefined };

/** How a membership change was received. An accepted one is done when the configuration in use is committed and not joint. */
export type ChangeResult =
  | { readonly accepted: true; readonly index: number; readonly term: number }
  | {
      readonly accepted: false;
      readonly reason:
        | "notLeader"
        | "transferring"
        /** The leader has not committed an entry of its own term yet; retry soon. */
        | "notYetCommitted"
        | "changeInProgress"
        /** `expectedIndex` is not where the configuration in use stands. */
        | "configurationChanged"
        /** A promoted learner lags; `id` names it. */
        | "notCaughtUp"
        /** The voters that answer now would be no majority afterwards. */
        | "wouldLoseQuorum"
        /** `id` would count under two stores while several voters change; readmit it in a change of its own. */
        | "readmitAlone"
        | ChangeMisfit;
      readonly leaderId: NodeId | undefined;
      /** The server that the reason is about. */
      readonly id?: NodeId;
    };

/** How a request to hand over leadership was received. An accepted one ends with a new leader or `transferAborted`. */
export type TransferResult =
  | { readonly accepted: true; readonly to: NodeId }
  | {
      readonly accepted: false;
      readonly reason: "notLeader" | "inProgress" | "alreadyLeader" | "notAVoter" | "noOtherVoter";
      readonly leaderId: NodeId | undefined;
    };

/** What became of a message: handled, or ignored with a reason. */
export type StepResult = { readonly handled: true } | { readonly handled: false; readonly reason: IgnoredReason };

/** What is known about a proposal. `indeterminate`: removed here, but another server may still hold and commit it. */
export type ProposalOutcome = "pending" | "committed" | "lost" | "indeterminate";
