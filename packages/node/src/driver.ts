// One serial loop that feeds a core with what the world brings and does what the core says. It never waits inside the
// loop: disk writes, reads and sends run beside it and come back as inputs. What arrives while a disk write runs is the
// next batch, so throughput rises with load and a lone write is not delayed.

import { type Clock, codeOf, type PeerDirectory, QuorateError, type StoreIdentity } from "@quorate/contracts";
import { type MembershipChange, type Message, type NodeId, type ProposeResult, Raft, type Ready } from "@quorate/core";
import type {
  CallOptions,
  Changed,
  ChangeOptions,
  LogPosition,
  NodeEvent,
  NodeStatus,
  Proposed,
  Queried,
  QueryOptions,
  RaftNodeOptions,
  Transferred,
} from "./api.ts";
import { ApplyWork } from "./apply-work.ts";
import { Broadcast } from "./broadcast.ts";
import { Calls } from "./calls.ts";
import { coreOptions } from "./core-options.ts";
import {
  aborted,
  busy,
  changeRefused,
  closed,
  contradiction,
  lostEntries,
  nodeFailed,
  notLeader,
  storageFull,
  tooLarge,
  transferRefused,
  transferring,
} from "./errors.ts";
import { LogWork } from "./log-work.ts";
import type { Arrival } from "./next-batch.ts";
import { PeerBook } from "./peer-book.ts";
import { Queries } from "./queries.ts";
import type { Recovered } from "./recovery.ts";
import { Replica } from "./replica.ts";
import { SnapshotWork } from "./snapshot-work.ts";
import type { SnapshotOptions } from "./snapshots.ts";
import { SpaceWatch } from "./space.ts";
import { systemClock } from "./system-clock.ts";
import { Turns } from "./turns.ts";
import { Waiting } from "./waiting.ts";

type ProposalRefusal = Extract<ProposeResult, { accepted: false }>["reason"];

const DEFECT_HINT = "a law of Raft does not hold here: keep the data directory as it is, and report it";
const APPLY_HINT = "a state machine must not throw: return expected refusals as results, and fix it before restarting";
const STORAGE_HINT = "find out why the disk refuses, then restart the node";

/** Drives one core. */
export class Driver<Query, Answer, Result> {
  readonly events: Broadcast<NodeEvent>;
  readonly statuses: Broadcast<NodeStatus> = new Broadcast();
  readonly #options: RaftNodeOptions<Query, Answer, Result>;
  readonly #identity: StoreIdentity;
  readonly #clock: Clock;
  readonly #raft: Raft;
  readonly #replica: Replica<Query, Answer, Result>;
  readonly #calls: Calls<Query, Answer, Result>;
  readonly #queries: Queries<Query, Answer>;
  readonly #peers: PeerBook;
  readonly #turns: Turns;
  readonly #log: LogWork;
  readonly #applying: ApplyWork<Result>;
  readonly #snapshots: SnapshotWork | undefined;
  readonly #space: SpaceWatch;
  #state: NodeStatus["state"] = "running";
  #failure: QuorateError | undefined;
  #inbox: { readonly message: Message; readonly incarnation: string }[] = [];
  /** How far the state machine was when the status was last shown. */
  #shownIndex = 0;
  #closing: Promise<void> | undefined;

  constructor(options: RaftNodeOptions<Query, Answer, Result>, recovered: Recovered) {
    const { identity, restored, lastApplied } = recovered;
    this.#options = options;
    this.events = new Broadcast(options.onEvent);
    this.#identity = identity;
    this.#clock = options.clock ?? systemClock;
    this.#raft = new Raft(coreOptions(options, identity.incarnation), restored);
    const { timing, limits } = this.#raft.options;
    const [minTimeoutMs, maxTimeoutMs] = timing.electionTimeoutMs;
    this.#replica = new Replica(options.stateMachine, lastApplied);
    const callLimits = { maxWaitingBytes: limits.maxUncommittedBytes, settleProposalsMs: 2 * maxTimeoutMs };
    this.#calls = new Calls(identity.nodeId, callLimits);
    this.#peers = new PeerBook(options.transport, options.peerAddress);
    this.#log = new LogWork({
      storage: options.storage,
      raft: this.#raft,
      input: (deliver) => this.#input(deliver),
      onIdle: () => {
        for (const arrival of this.#calls.nextBatch.take()) this.#submit(arrival);
      },
      onError: (error) => this.#storageFailed(error),
    });
    this.#snapshots = options.snapshots && this.#snapshotWork(options.snapshots, lastApplied.index);
    this.#space = new SpaceWatch({
      storage: options.storage,
      raft: this.#raft,
      onEvent: (event) => this.events.publish(event),
    });
    this.#turns = new Turns({
      clock: this.#clock,
      turn: () => this.#guard(() => this.#turn()),
      onLate: (lateMs) => {
        if (lateMs > minTimeoutMs) this.events.publish({ type: "loopStalled", stalledMs: Math.round(lateMs) });
      },
    });
    this.#applying = new ApplyWork({
      raft: this.#raft,
      replica: this.#replica,
      isRunning: () => this.#state === "running",
      soon: () => this.#turns.soon(),
      onResult: (entry, result) => this.#calls.proposals.decided(entry, result),
      onApplied: (entries) => this.#snapshots?.afterApply(entries),
      // It would throw on every server, so going on would only make them differ.
      onError: (error) => this.#fail("QUORATE_APPLY_FAILED", error, APPLY_HINT),
    });
    this.#queries = new Queries({
      nodeId: identity.nodeId,
      clock: this.#clock,
      raft: this.#raft,
      replica: this.#replica,
      reads: this.#calls.reads,
      soon: () => this.#turns.soon(),
    });
  }

  /** Joins the cluster. */
  async start(): Promise<void> {
    const { clusterId, nodeId } = this.#identity;
    this.#peers.use(this.#raft.configurationsInUse);
    await this.#options.transport.start({
      identity: { clusterId, nodeId, incarnation: this.#identity.incarnation },
      onMessage: (message, incarnation) => {
        this.#inbox.push({ message, incarnation });
        this.#turns.soon();
      },
      onEvent: (event) => this.events.publish(event),
    });
    const { term, lastIndex } = this.#raft.status();
    this.events.publish({ type: "started", term, lastIndex, incarnation: this.#identity.incarnation });
    this.#turns.soon();
  }

  // Calls

  propose(data: Uint8Array, options: CallOptions | undefined): Promise<Proposed<Result>> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (this.#space.isShort && this.#raft.isLeader) return Promise.reject(storageFull(this.#identity.nodeId));
    const caller = new Waiting<Proposed<Result>>(this.#clock.now(), options, "unknown");
    const arrival = { data, caller };
    if (!this.#log.isWriting || !this.#raft.isLeader) this.#input(() => this.#submit(arrival));
    else if (!this.#calls.nextBatch.add(arrival)) caller.reject(busy("proposals"));
    return caller.promise;
  }

  async query(query: Query, options: QueryOptions = {}): Promise<Queried<Answer>> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) throw refusal;
    return this.#queries.run(query, options);
  }

  async changeMembership(changes: readonly MembershipChange[], options: ChangeOptions = {}): Promise<Changed> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) throw refusal;
    const { expectedIndex, force } = options;
    const conditions = { ...(expectedIndex !== undefined && { expectedIndex }), ...(force !== undefined && { force }) };
    const result = this.#raft.proposeConfiguration({ changes, ...conditions });
    if (!result.accepted) {
      if (result.reason === "notLeader") throw this.#notLeader();
      if (result.reason === "transferring") throw transferring(this.#identity.nodeId, result.leaderId);
      throw changeRefused(result.reason, result.id);
    }
    const caller = new Waiting<Changed>(this.#clock.now(), options, "unknown");
    this.#calls.change = caller;
    this.#turns.soon();
    return caller.promise;
  }

  async transferLeadership(to: NodeId | undefined, options: CallOptions | undefined): Promise<Transferred> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) throw refusal;
    const result = this.#raft.transferLeadership(to);
    if (!result.accepted) throw result.reason === "notLeader" ? this.#notLeader() : transferRefused(result.reason, to);
    const caller = new Waiting<Transferred>(this.#clock.now(), options, "unknown");
    this.#calls.transfer = caller;
    this.#turns.soon();
    return caller.promise;
  }

  async takeSnapshot(): Promise<LogPosition | undefined> {
    const refusal = this.#refusal(undefined);
    if (refusal !== undefined) throw refusal;
    const stored = await this.#snapshots?.take();
    return stored && { index: stored.index, term: stored.term };
  }

  introduce(peers: PeerDirectory): void {
    if (this.#state === "running") this.#peers.introduce(peers);
  }

  status(): NodeStatus {
    const { clusterId, incarnation } = this.#identity;
    return { ...this.#raft.status(this.#clock.now()), clusterId, incarnation, state: this.#state };
  }

  explain(): string {
    if (this.#failure !== undefined) return `${this.#identity.nodeId} has stopped: ${this.#failure.message}`;
    const explanation = this.#raft.explain(this.#clock.now());
    return this.#space.isShort ? `${explanation}; ${storageFull(this.#identity.nodeId).message}` : explanation;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // The loop

  #turn(): void {
    const now = this.#clock.now();
    this.#applying.applyNext();
    if (this.#failure !== undefined) return;
    this.#stepInbox(now);
    if (now >= this.#raft.nextDeadline()) this.#raft.tick(now);
    this.#space.tick(now);
    this.#perform(this.#raft.ready(), now);
    this.#calls.expire(now);
    this.#snapshots?.tick(now);
    const snapshotDeadline = this.#snapshots?.nextDeadline() ?? Number.POSITIVE_INFINITY;
    this.#turns.at(Math.min(this.#raft.nextDeadline(), this.#calls.nextExpiry(now), snapshotDeadline));
  }

  #stepInbox(now: number): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const { message, incarnation } of inbox) {
      const result = this.#raft.step(message, now, incarnation);
      if (result.handled) continue;
      if (result.reason === "contradictsCommitted") throw contradiction(message.from);
      if (result.reason === "lostEntries") throw lostEntries(message.from, this.#raft.status());
    }
  }

  #perform(ready: Ready, now: number): void {
    this.#log.perform(ready);
    for (const message of ready.messages) this.#options.transport.send(message);
    for (const event of ready.events) {
      this.events.publish(event);
      this.#calls.onEvent(event, this.#identity.nodeId, now);
      const isSettled = event.type === "commitAdvanced" && this.#peers.isChanging;
      if (isSettled || event.type === "configurationChanged") this.#peers.use(this.#raft.configurationsInUse);
    }
    this.#concludeChange();
    this.#applying.perform(ready);
    this.#snapshots?.perform(ready);
    this.#queries.onReady(ready);
    const isNews = ready.events.length > 0 || this.#replica.last.index !== this.#shownIndex;
    if (isNews && this.statuses.hasReaders) this.statuses.publish(this.status());
    this.#shownIndex = this.#replica.last.index;
  }

  /** A change is over when the configuration in use is committed and not joint. */
  #concludeChange(): void {
    const { change } = this.#calls;
    if (change === undefined || change.isSettled) return;
    const { configuration, configurationIndex: index, commitIndex, term } = this.#raft.status();
    if (index <= commitIndex && configuration.outgoing === undefined) change.resolve({ index, term, configuration });
  }

  #submit({ data, caller }: Arrival<Result>): void {
    const result = this.#raft.propose(data);
    if (result.accepted) this.#calls.proposals.add(result, caller);
    else caller.reject(this.#proposalRefused(result.reason, data.byteLength));
  }

  #snapshotWork(options: SnapshotOptions, latestIndex: number): SnapshotWork {
    return new SnapshotWork({
      options,
      latestIndex,
      nodeId: this.#identity.nodeId,
      raft: this.#raft,
      replica: this.#replica,
      transport: this.#options.transport,
      clock: this.#clock,
      input: (deliver) => this.#input(deliver),
      onEvent: (event) => this.events.publish(event),
      onError: (error) => this.#storageFailed(error),
    });
  }

  /** Something came from outside the loop: take it in after what came before it, then look at what the core says. */
  #input(deliver: () => void): void {
    if (this.#state !== "running") return;
    this.#guard(() => {
      this.#applying.applyNext();
      // A state machine that throws has stopped the node.
      if (this.#failure === undefined) deliver();
    });
    this.#turns.soon();
  }

  // Refusals and ends

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const hint = error instanceof QuorateError ? error.hint : DEFECT_HINT;
      this.#fail(codeOf(error) ?? "QUORATE_INVARIANT_VIOLATED", error, hint);
    }
  }

  /** Why a call is not taken. What was committed before the call takes effect before it. */
  #refusal(options: CallOptions | undefined): QuorateError | undefined {
    if (this.#applying.isDue) this.#guard(() => this.#applying.applyNext());
    const { nodeId } = this.#identity;
    if (this.#failure !== undefined) return nodeFailed(nodeId, this.#failure, "none");
    if (this.#state === "closed") return closed(nodeId, "none");
    if (options?.signal?.aborted === true) return aborted(options.signal.reason, "none");
    return undefined;
  }

  #notLeader(): QuorateError {
    const { id, term, leaderId } = this.#raft.status();
    return notLeader(id, leaderId, term);
  }

  #proposalRefused(reason: ProposalRefusal, sizeBytes: number): QuorateError {
    switch (reason) {
      case "notLeader":
        return this.#notLeader();
      case "tooLarge":
        return tooLarge(sizeBytes, this.#raft.options.limits.maxCommandBytes);
      case "busy":
        return busy("uncommitted proposals");
      case "transferring":
        return transferring(this.#identity.nodeId, this.#raft.status().transferringTo);
    }
  }

  #storageFailed(error: unknown): void {
    if (this.#state !== "running") return;
    const hint = error instanceof QuorateError ? error.hint : STORAGE_HINT;
    this.#fail(codeOf(error) ?? "QUORATE_STORAGE_FAILED", error, hint);
  }

  /** Fail-stop: nothing is sent, acknowledged or answered any more. The other servers elect another leader. */
  #fail(code: string, error: unknown, hint: string): void {
    const message = error instanceof Error ? error.message : String(error);
    const failure = new QuorateError({ code, message, hint, cause: error });
    this.#failure = failure;
    this.#state = "failed";
    this.#turns.stop();
    this.events.publish({ type: "failed", code, detail: message, hint });
    this.statuses.publish(this.status());
    this.#calls.rejectAll((outcome) => nodeFailed(this.#identity.nodeId, failure, outcome));
    void this.#options.transport.close();
  }

  async #close(): Promise<void> {
    if (this.#state === "running") this.#state = "closed";
    this.#turns.stop();
    this.#calls.rejectAll((outcome) => closed(this.#identity.nodeId, outcome));
    await Promise.allSettled([this.#options.transport.close(), this.#snapshots?.close()]);
    await this.#options.storage.close();
    this.statuses.publish(this.status());
    this.events.close();
    this.statuses.close();
  }
}
