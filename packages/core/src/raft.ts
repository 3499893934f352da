// The face of the core: every input is a method, every output is in `ready()`. This file only routes; the rules are in
// the files named after them: election, follower, leader, replication, commit, membership, snapshot …

import { onEntriesForApply, outcomeOf, takeCommitted } from "./commit.ts";
import { explain, statusOf } from "./describe.ts";
import {
  moveToTerm,
  onCandidateDurable,
  onElectionTimeout,
  onPreVoteRequest,
  onPreVoteResponse,
  onVoteRequest,
  onVoteResponse,
} from "./election.ts";
import type { IgnoredReason } from "./events.ts";
import { onAppendRequest, onHeartbeatRequest } from "./follower.ts";
import { checkState, checkStep, observe } from "./invariants.ts";
import {
  leaderDeadline,
  leaseReadIndex,
  onHeartbeatResponse,
  onLeaderDurable,
  onLeaderTick,
  requestRead,
  serveWaitingReads,
} from "./leader.ts";
import { forwardReads, onReadIndexRequest, onReadIndexResponse } from "./forwarded-reads.ts";
import { finishLogRead, forgetEntries } from "./log-reads.ts";
import type { AppendResponse, HeartbeatResponse, Message, SnapshotResponse } from "./message.ts";
import { type ChangeRequest, concludeChange, proposeChange } from "./membership.ts";
import { type CompleteOptions, completeOptions, type RaftOptions } from "./options.ts";
import { proposeCommand } from "./propose.ts";
import { offerLeadership } from "./preference.ts";
import type {
  ChangeResult,
  ProposalOutcome,
  ProposeResult,
  ReadIndexResult,
  Ready,
  StepResult,
  TransferResult,
} from "./ready.ts";
import { onAppendResponse, onEntriesForPeer, replicate } from "./replication.ts";
import { emptyState, type RestoredState, Server } from "./server.ts";
import type { RaftStatus } from "./status.ts";
import {
  compactTo,
  onSnapshotInstalled,
  onSnapshotRequest,
  onSnapshotResponse,
  type SnapshotPosition,
} from "./snapshot.ts";
import { progressFor } from "./stores.ts";
import { beginTransfer, continueTransfer, onTimeoutNow, onTransferTick } from "./transfer.ts";
import { maintainMembership } from "./upkeep.ts";
import type { Configuration, Entry, EntryId, NodeId } from "./types.ts";

/**
 * One server of a Raft cluster, as a deterministic function of its inputs.
 *
 * The caller feeds in time, messages, proposals and completions, then calls {@link Raft.ready} and does what it says.
 * Every input returns at once. Input from peers never throws; a broken law of Raft throws an `InvariantViolation`, after
 * which the server must not be used any more.
 */
export class Raft {
  readonly #server: Server;
  #lastReadId = 0;

  /** Throws a `RaftOptionsError` on options that cannot work. `restored` is what storage holds; default: nothing. */
  constructor(options: RaftOptions, restored: RestoredState = emptyState) {
    this.#server = new Server(completeOptions(options), restored);
  }

  /** Time has passed. `now` is monotonic milliseconds; a value before the latest one counts as the latest one. */
  tick(now: number): void {
    this.#input(now, (server) => {
      if (server.electionDeadline === undefined) server.restartElectionTimer();
      if (server.role.name === "leader") {
        onTransferTick(server, server.role);
        onLeaderTick(server, server.role);
      } else if (server.now >= (server.electionDeadline ?? 0)) onElectionTimeout(server);
    });
  }

  /** When `tick` must be called next, in the same milliseconds: one timer is enough. */
  nextDeadline(): number {
    const server = this.#server;
    if (server.role.name === "leader") return leaderDeadline(server, server.role);
    return server.electionDeadline ?? server.now;
  }

  /**
   * A message arrived at `now`. Feed in what has arrived before a late `tick`, so that a pause of this process is not
   * taken for silence of its peers. `incarnation` names the store of the sender. Never throws on what a peer sends.
   */
  step(message: Message, now: number, incarnation?: string): StepResult {
    const reason = this.#input(now, (server) => dispatch(server, message, incarnation));
    if (reason === undefined) return { handled: true };
    this.#server.emit({ type: "messageIgnored", from: message.from, messageType: message.type, reason });
    return { handled: false, reason };
  }

  /** Appends a command to the log if this server leads. It is committed when it comes back in `Ready.committed`. */
  propose(data: Uint8Array): ProposeResult {
    return this.#input(undefined, (server) => proposeCommand(server, data));
  }

  /**
   * Changes who belongs to the cluster. The new configuration counts from this call on; the change is over when the
   * configuration in use is committed and not joint. Thesis chapter 4.
   */
  proposeConfiguration(request: ChangeRequest): ChangeResult {
    return this.#input(undefined, (server) => proposeChange(server, request));
  }

  /**
   * Asks for a point up to which the state machine must have applied to answer a linearizable read. With `forward`, a
   * server that does not lead asks its leader for it. Thesis 6.4.
   */
  readIndex({ forward = false }: { readonly forward?: boolean } = {}): ReadIndexResult {
    return this.#input(undefined, (server) => {
      this.#lastReadId += 1;
      return requestRead(server, { readId: this.#lastReadId, forward });
    });
  }

  /**
   * Hands leadership to `to`, or to the voter that has most of the log. Until another server leads, or an election timeout
   * has passed (`transferAborted`), proposals are refused. Thesis 3.10.
   */
  transferLeadership(to?: NodeId): TransferResult {
    return this.#input(undefined, (server) => beginTransfer(server, to));
  }

  /**
   * The index up to which a lease read at `now` must have been applied, or undefined if no lease covers that moment (or
   * lease reads are off): then ask for a linearizable read. Ask once more, with the time of then, after computing the
   * answer, and throw it away if no lease covers that moment. Thesis 6.4.1.
   */
  leaseReadIndex(now: number): number | undefined {
    return leaseReadIndex(this.#server, now);
  }

  /** Starts an election now instead of waiting for the timeout. Does nothing at a leader or at a server without a vote. */
  campaign(): void {
    this.#input(undefined, (server) => {
      if (server.role.name !== "leader" && server.mayCampaign) onElectionTimeout(server);
    });
  }

  /** The write with this sequence number is durable, and so are all before it. */
  persisted(sequence: number): void {
    this.#input(undefined, (server) => {
      server.durability.completed(sequence);
      for (const message of server.durability.takeReleased()) server.send(message);
      onCandidateDurable(server);
      onLeaderDurable(server);
    });
  }

  /** The state machine contains everything up to `index`. */
  applied(index: number): void {
    this.#input(undefined, (server) => {
      server.lastApplied = Math.max(server.lastApplied, Math.min(index, server.handedOver));
      forgetEntries(server);
    });
  }

  /**
   * A snapshot that the leader sent is durable, and the state machine contains it. Returns false if it is not of use any
   * more: then the state machine must be left alone. Call before restoring; nothing is handed over in between.
   */
  snapshotInstalled(position: SnapshotPosition): boolean {
    return this.#input(undefined, (server) => onSnapshotInstalled(server, position));
  }

  /** A durable snapshot contains everything up to `index`: forgets the log up to there. Returns where it begins now. */
  compact(index: number): EntryId {
    return this.#input(undefined, (server) => compactTo(server, index));
  }

  /** The configuration as of `index`, for a snapshot that ends there. */
  configurationAt(index: number): Configuration {
    return this.#server.configurations.asOf(index).configuration;
  }

  /**
   * The configurations by which somebody may act now, oldest first: the latest that is known to be committed, and those
   * after it. Their members have to be heard: a leader leads on until its own removal is committed. Thesis 4.2.2.
   */
  get configurationsInUse(): readonly Configuration[] {
    const { configurations, commitIndex } = this.#server;
    return configurations.since(commitIndex).map(({ configuration }) => configuration);
  }

  /** The entries that a `LogRead` asked for: consecutive from its first index, at least one. */
  logRead(logReadId: number, entries: readonly Entry[]): void {
    this.#input(undefined, (server) => {
      const { purpose, current } = finishLogRead(server, logReadId, entries);
      if (purpose?.for === "peer") onEntriesForPeer(server, purpose.peer, purpose.term, current);
      if (purpose?.for === "apply") onEntriesForApply(server, current);
    });
  }

  /** Takes everything to do now. May be called again before earlier work is done. */
  ready(): Ready {
    return this.#input(undefined, (server) => {
      if (server.role.name === "leader") concludeChange(server, server.role);
      forwardReads(server);
      if (server.role.name === "leader") {
        maintainMembership(server, server.role);
        offerLeadership(server, server.role);
        serveWaitingReads(server, server.role);
        replicate(server, server.role);
        continueTransfer(server, server.role);
      }
      server.output.committed = takeCommitted(server);
      server.output.write = server.durability.takeWrite(server.log, server.now);
      return server.takeOutput();
    });
  }

  /** What became of a proposal that was accepted here. */
  outcomeOf(proposal: EntryId): ProposalOutcome {
    return outcomeOf(this.#server, proposal);
  }

  /** The options that are in force, with every default filled in. */
  get options(): CompleteOptions {
    return this.#server.options;
  }

  /** True while this server believes that it leads. */
  get isLeader(): boolean {
    return this.#server.role.name === "leader";
  }

  /** A picture of the moment `now`; default: of the latest input. */
  status(now?: number): RaftStatus {
    this.#advance(now);
    return statusOf(this.#server);
  }

  /** Says in words why there is no leader, or why the commit index does not move, as of `now` or the latest input. */
  explain(now?: number): string {
    this.#advance(now);
    return explain(this.#server);
  }

  #advance(now: number | undefined): void {
    const server = this.#server;
    if (now === undefined) return;
    server.startedAt ??= now;
    server.now = Math.max(server.now, now);
  }

  #input<T>(now: number | undefined, handle: (server: Server) => T): T {
    const server = this.#server;
    this.#advance(now);
    if (!server.options.checkInvariants) return handle(server);
    const before = observe(server);
    const result = handle(server);
    checkState(server);
    checkStep(before, observe(server), server.log);
    return result;
  }
}

function dispatch(server: Server, message: Message, incarnation: string | undefined): IgnoredReason | undefined {
  if (message.to !== server.id || message.from === server.id) return "notForMe";
  switch (message.type) {
    case "preVoteRequest":
      return onPreVoteRequest(server, message);
    case "preVoteResponse":
      return onPreVoteResponse(server, message, incarnation);
    case "voteRequest":
      return onVoteRequest(server, message, incarnation);
    case "voteResponse":
      return onVoteResponse(server, message, incarnation);
    case "heartbeatRequest":
      return onHeartbeatRequest(server, message);
    case "appendRequest":
      return onAppendRequest(server, message);
    case "timeoutNow":
      return onTimeoutNow(server, message);
    case "snapshotRequest":
      return onSnapshotRequest(server, message);
    case "heartbeatResponse":
    case "appendResponse":
    case "snapshotResponse":
      return onFollowerResponse(server, message, incarnation);
    case "readIndexRequest":
      return onReadIndexRequest(server, message);
    case "readIndexResponse":
      return onReadIndexResponse(server, message);
  }
}

/** Answers to a leader: only those of its own term count. Thesis 3.3. */
function onFollowerResponse(
  server: Server,
  message: HeartbeatResponse | AppendResponse | SnapshotResponse,
  incarnation: string | undefined,
): IgnoredReason | undefined {
  if (message.term > server.term) {
    moveToTerm(server, message.term);
    return undefined;
  }
  const leader = server.role;
  if (message.term < server.term || leader.name !== "leader") return "staleResponse";
  const progress = progressFor(server, leader, { peer: message.from, incarnation });
  if (typeof progress === "string") return progress;
  progress.lastContact = server.now;
  if (message.type === "snapshotResponse") return onSnapshotResponse(server, leader, progress, message);
  if (message.type === "heartbeatResponse") return onHeartbeatResponse(server, leader, progress, message);
  return onAppendResponse(server, leader, progress, message);
}
