// The nouns of Raft: what a log is made of, what must survive a restart, and who belongs to the cluster.
// Everything here is plain data; every other file speaks in these words.

/** Names one server of the cluster, for example `"n1"`. Unique within a cluster and stable across restarts. */
export type NodeId = string;

/** What an entry carries: nothing (a new leader's first entry), a command for the state machine, or a configuration. */
export type EntryKind = "empty" | "command" | "configuration";

/** One slot of the replicated log. Indexes start at 1; `data` is never changed after hand-over. Thesis 3.5. */
export type Entry = {
  readonly index: number;
  /** Term of the leader that created the entry. */
  readonly term: number;
  readonly kind: EntryKind;
  /** Opaque to the core; empty for an entry of kind `empty`. */
  readonly data: Uint8Array;
};

/** Identifies an entry without its content. Two logs that share an `EntryId` share everything before it. Thesis 3.5. */
export type EntryId = {
  /** 0 stands for the position before the first entry. */
  readonly index: number;
  readonly term: number;
};

/** What a server must remember across restarts besides its log. One atomic record. Thesis figure 3.1. */
export type HardState = {
  /** Latest term this server has seen; 0 before the first election. */
  readonly term: number;
  /** Candidate that received this server's vote in `term`. */
  readonly votedFor: NodeId | undefined;
};

/** The servers of the cluster. Thesis 4.1 and 4.2.1. */
export type Configuration = {
  /** Servers that vote and count towards a majority. */
  readonly voters: readonly NodeId[];
  /** Servers that receive the log but neither vote nor count. */
  readonly learners: readonly NodeId[];
  /**
   * Only in a joint configuration: the voters of the one that is being left. Decisions then need a majority of `voters`
   * **and** one of these. Thesis 4.3.
   */
  readonly outgoing?: readonly NodeId[];
  /** What the cluster remembers of single members; a member about which there is nothing to say is not listed. */
  readonly records?: readonly ServerRecord[];
};

/** What the cluster remembers of one member, agreed on through the log like everything else. */
export type ServerRecord = {
  readonly id: NodeId;
  /**
   * The one store that may speak for this member. Whoever comes back with another one has lost what it promised: its
   * votes and acknowledgements do not count until it is readmitted.
   */
  readonly incarnation?: string;
  /** Where the member is reached. Opaque to the core; at most 1024 characters. */
  readonly address?: string;
  /** A learner that is given a vote as soon as it has caught up. Thesis 4.2.1. */
  readonly promotes?: boolean;
  /** A leader hands over to a voter of higher priority that can take over. Whole number from 0 to 100; absent is 0. */
  readonly priority?: number;
};

/** A maximal run of consecutive entries of one term: `term` holds from `firstIndex` until the next run begins. */
export type TermRun = {
  readonly firstIndex: number;
  readonly term: number;
};

/** Everything the core needs to know about a stored log without holding its entries. */
export type LogSummary = {
  /** The entry just before the first one that is stored; `{ index: 0, term: 0 }` for a log that was never compacted. */
  readonly base: EntryId;
  /** Index of the last stored entry; equal to `base.index` if there is none. */
  readonly lastIndex: number;
  /** Terms of the stored entries: ascending, first run begins at `base.index + 1`; empty if there are no entries. */
  readonly termRuns: readonly TermRun[];
};

/** The roles a server can have. A pre-candidate asks whether it would win before it starts an election. Thesis 3.3, 9.6. */
export type Role = "follower" | "preCandidate" | "candidate" | "leader";
