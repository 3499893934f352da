// The state of one server (thesis figure 3.1) and the few ways in which it changes role and term.
// The rules that decide when live in the files named after them; they all work on this one object.

import { membersOf, votersOf } from "./configuration.ts";
import { ConfigurationHistory } from "./configuration-history.ts";
import { Durability, type LogWrite } from "./durability.ts";
import type { RaftEvent, StepDownReason } from "./events.ts";
import { ForwardedReads } from "./forwarded-reads.ts";
import type { ReadLease } from "./lease.ts";
import { RaftLog } from "./log.ts";
import type { Message, SnapshotRequest, SnapshotResponse } from "./message.ts";
import type { CompleteOptions } from "./options.ts";
import type { Progress } from "./progress.ts";
import type { ReadQueue } from "./read-queue.ts";
import type { ConfirmedRead, LogRead, RejectedRead } from "./ready.ts";
import { isFormed, speaksFor } from "./server-records.ts";
import type { Configuration, Entry, EntryId, HardState, LogSummary, NodeId } from "./types.ts";

/** What a server is given when it starts: everything that survived, or {@link emptyState} at the very first start. */
export type RestoredState = {
  readonly hardState: HardState;
  readonly log: LogSummary;
  /** The configuration that the log begins with, if it is not the one the cluster was formed with: that of a snapshot. */
  readonly configuration?: Configuration;
  /** All entries of kind `configuration` in the log, oldest first. */
  readonly configurations: readonly Entry[];
  /** Last index that is already contained in the state machine; 0 if it is empty. */
  readonly applied: number;
};

/** The state of a server that has never run. */
export const emptyState: RestoredState = {
  hardState: { term: 0, votedFor: undefined },
  log: { base: { index: 0, term: 0 }, lastIndex: 0, termRuns: [] },
  configurations: [],
  applied: 0,
};

/** Waits to hear from a leader. */
export type Follower = {
  readonly name: "follower";
  readonly leaderId: NodeId | undefined;
  /** When the leader was last heard. */
  leaderHeardAt: number;
};

/** Asks whether it would win an election in the next term. */
export type PreCandidate = { readonly name: "preCandidate"; readonly votes: Map<NodeId, boolean> };

/** Asks for votes in the current term. */
export type Candidate = {
  readonly name: "candidate";
  readonly votes: Map<NodeId, boolean>;
  /** Which store gave which vote. */
  readonly stores: Map<NodeId, string>;
  /** The write that makes the term and the vote for itself durable; until then its own vote does not count. */
  readonly voteSequence: number;
  /** Somebody has a later log; the next attempt waits longer. */
  hasYielded: boolean;
};

/** Replicates its log to everybody else. */
export type Leader = {
  readonly name: "leader";
  /** Every other member of the configuration. */
  readonly peers: Map<NodeId, Progress>;
  /** Index of the empty entry that began this leadership. */
  readonly firstOwnIndex: number;
  readonly reads: ReadQueue;
  readonly lease: ReadLease;
  heartbeatDue: number;
  /** When leadership was taken, or last offered to a voter of higher priority: it must not be passed on all the time. */
  offeredAt: number;
  /** Leadership is being handed over; no proposals are taken meanwhile. */
  transfer: Transfer | undefined;
  /** Bytes of own proposals that are not committed yet. */
  uncommittedBytes: number;
};

/** A hand-over under way. Thesis 3.10. */
export type Transfer = {
  readonly to: NodeId;
  /** When the leader gives it up, in the caller's milliseconds. */
  readonly deadline: number;
  /** The target has the whole log and was told to campaign. */
  isTargetTold: boolean;
};

/** The role of a server with the state that only this role has. */
export type RoleState = Follower | PreCandidate | Candidate | Leader;

/** Why a log read was asked for. */
export type LogReadPurpose =
  | { readonly for: "apply" }
  | { readonly for: "peer"; readonly peer: NodeId; readonly term: number };

/** What has been produced since the driver last looked. */
export type Output = {
  write: LogWrite | undefined;
  messages: Message[];
  committed: readonly Entry[];
  confirmedReads: ConfirmedRead[];
  rejectedReads: RejectedRead[];
  logReads: LogRead[];
  compactTo: EntryId | undefined;
  snapshotNeeded: NodeId[];
  snapshotChunks: SnapshotRequest[];
  snapshotAnswers: SnapshotResponse[];
  events: RaftEvent[];
};

/** One server. Plain state: the rules are functions over it. */
export class Server {
  readonly id: NodeId;
  readonly options: CompleteOptions;
  readonly log: RaftLog;
  readonly durability: Durability;
  readonly configurations: ConfigurationHistory;
  /** The caller's monotonic milliseconds at the latest input. */
  now = 0;
  /** When this server first knew the time: it does not remember whom it heard before that. */
  startedAt: number | undefined;
  term: number;
  votedFor: NodeId | undefined;
  /** From which store the candidate asked; forgotten with a restart, which is enough while a cluster is formed. */
  votedForStore: string | undefined;
  role: RoleState = { name: "follower", leaderId: undefined, leaderHeardAt: 0 };
  /** When a follower or candidate loses patience; undefined until time is first known. */
  electionDeadline: number | undefined;
  electionTimerStarted = 0;
  commitIndex: number;
  /** Last index that the driver has reported as applied. */
  lastApplied: number;
  /** Last index that was handed to the driver for application. */
  handedOver: number;
  /** Old entries that came back from storage and wait to be handed over. */
  fetchedForApply: readonly Entry[] = [];
  readonly forwardedReads: ForwardedReads = new ForwardedReads();
  readonly logReadPurposes: Map<number, LogReadPurpose> = new Map();
  lastLogReadId = 0;
  output: Output = emptyOutput();

  constructor(options: CompleteOptions, restored: RestoredState) {
    this.id = options.id;
    this.options = options;
    this.term = restored.hardState.term;
    this.votedFor = restored.hardState.votedFor;
    this.log = new RaftLog(restored.log);
    const first = { index: restored.log.base.index, configuration: restored.configuration ?? options.configuration };
    this.configurations = new ConfigurationHistory(first, restored.configurations);
    this.durability = new Durability(restored.log.lastIndex);
    this.commitIndex = Math.max(restored.applied, restored.log.base.index);
    this.lastApplied = this.commitIndex;
    this.handedOver = this.commitIndex;
  }

  /** The leader of the current term as far as this server knows. */
  get leaderId(): NodeId | undefined {
    if (this.role.name === "leader") return this.id;
    return this.role.name === "follower" ? this.role.leaderId : undefined;
  }

  /** The configuration in use: the newest in the log, committed or not. Thesis 4.1. */
  get configuration(): Configuration {
    return this.configurations.current.configuration;
  }

  /** True before anybody's store was noted: the log is empty, and a cluster is about to be formed. */
  get isForming(): boolean {
    return this.options.incarnation !== undefined && this.log.lastIndex === 0 && !isFormed(this.configuration);
  }

  /** True unless the cluster knows this server by another store: then it has forgotten what it promised. */
  get hasItsStore(): boolean {
    return speaksFor(this.configuration, this.id, this.options.incarnation);
  }

  /**
   * True for a voter of the configuration in use, and for one of an older configuration that may still be in use: a
   * server whose removal is not committed may be the only one that can win. Thesis 4.2.2.
   */
  get mayCampaign(): boolean {
    if (!this.hasItsStore) return false;
    const inUse = this.configurations.since(this.commitIndex);
    return inUse.some(({ configuration }) => votersOf(configuration).includes(this.id));
  }

  /** Everybody else who receives the log. */
  get peers(): readonly NodeId[] {
    return membersOf(this.configuration).filter((member) => member !== this.id);
  }

  /** Adds entries to the log; configurations among them count from now on. */
  append(entries: readonly Entry[]): void {
    this.log.append(entries);
    for (const entry of entries) if (entry.kind === "configuration") this.configurations.append(entry);
    this.#reportConfiguration(entries.some(({ kind }) => kind === "configuration"));
  }

  /** Cuts the log; configurations that are gone with it no longer count. */
  truncateFrom(index: number): void {
    const { current } = this.configurations;
    this.log.truncateFrom(index);
    this.configurations.truncateFrom(index);
    this.durability.truncated(index);
    this.#reportConfiguration(current.index >= index);
  }

  /** When the disk will have owed an answer for too long; Infinity if it owes none. */
  get diskDeadline(): number {
    const since = this.durability.waitingSince;
    return since === undefined ? Number.POSITIVE_INFINITY : since + this.options.timing.diskStallMs;
  }

  /** Sends at once: the message promises nothing that a crash could take back. */
  send(message: Message): void {
    this.output.messages.push(message);
  }

  /** Sends as soon as everything that this server knows now is durable. */
  sendWhenDurable(message: Message): void {
    if (this.durability.isDurable(this.durability.sequenceOfNow(this.log))) this.send(message);
    else this.durability.hold(message, this.log);
  }

  emit(event: RaftEvent): void {
    this.output.events.push(event);
  }

  /** Draws a new election timeout and starts to wait. Thesis 3.4. */
  restartElectionTimer(): void {
    const [min, max] = this.options.timing.electionTimeoutMs;
    this.electionTimerStarted = this.now;
    this.electionDeadline = this.now + min + this.options.random() * (max - min);
  }

  /** Moves to a later term, without a vote in it: term and vote change as one record. Thesis figure 3.1. */
  enterTerm(term: number): void {
    this.emit({ type: "termChanged", term, previousTerm: this.term });
    this.term = term;
    this.votedFor = undefined;
    this.votedForStore = undefined;
    this.durability.hardStateChanged({ term, votedFor: undefined });
  }

  /** Casts the one vote of this term. */
  voteFor(candidate: NodeId): void {
    this.votedFor = candidate;
    this.durability.hardStateChanged({ term: this.term, votedFor: candidate });
  }

  /** Takes a role and tells about it. */
  becomeRole(role: RoleState): void {
    const previousRole = this.role.name;
    const previousLeader = this.leaderId;
    this.role = role;
    if (previousRole !== role.name) {
      this.emit({ type: "roleChanged", role: role.name, previousRole, term: this.term });
    }
    if (previousLeader !== this.leaderId) {
      this.emit({ type: "leaderChanged", leaderId: this.leaderId, term: this.term });
    }
  }

  /** Follows `leaderId`, or waits for a leader to show up. Leaves the election timer alone. */
  becomeFollower(leaderId: NodeId | undefined): void {
    if (this.role.name === "follower" && this.role.leaderId === leaderId) return;
    this.becomeRole({ name: "follower", leaderId, leaderHeardAt: this.now });
  }

  /** Gives up leadership; what waits for it is told. Thesis 3.3, 6.2. */
  stepDown(leader: Leader, reason: StepDownReason, detail: string): void {
    this.emit({ type: "steppedDown", term: this.term, reason, detail });
    this.becomeFollower(undefined);
    this.restartElectionTimer();
    // A snapshot is a leader's to send, in its own term.
    this.output.snapshotNeeded = [];
    for (const { readId, from } of leader.reads.takeAll()) {
      if (from === undefined) this.output.rejectedReads.push({ readId, reason: "leadershipLost" });
    }
  }

  #reportConfiguration(hasChanged: boolean): void {
    if (hasChanged) this.emit({ type: "configurationChanged", ...this.configurations.current });
  }

  /** Takes everything that was produced. */
  takeOutput(): Output {
    const output = this.output;
    this.output = emptyOutput();
    return output;
  }
}

function emptyOutput(): Output {
  return {
    write: undefined,
    messages: [],
    committed: [],
    confirmedReads: [],
    rejectedReads: [],
    logReads: [],
    compactTo: undefined,
    snapshotNeeded: [],
    snapshotChunks: [],
    snapshotAnswers: [],
    events: [],
  };
}
