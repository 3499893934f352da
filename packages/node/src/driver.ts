// One serial loop that feeds a core with what the world brings and does what the core says. It never waits inside the
// loop: disk writes, reads and sends run beside it and come back as inputs. What arrives while a disk write runs is the
// next batch, so throughput rises with load and a lone write is not delayed.

import { type Clock, codeOf, QuorateError, type StoreIdentity, type TransportEvent } from "@quorate/contracts";
import {
  type Entry,
  type Message,
  type NodeId,
  type ProposeResult,
  Raft,
  type RaftEvent,
  type Ready,
  type RestoredState,
} from "@quorate/core";
import type {
  CallOptions,
  Consistency,
  NodeEvent,
  NodeStatus,
  Proposed,
  Queried,
  RaftNodeOptions,
  Transferred,
} from "./api.ts";
import { Broadcast } from "./broadcast.ts";
import { coreOptions, maxCommandBytesOf, maxUncommittedBytesOf } from "./core-options.ts";
import {
  aborted,
  busy,
  closed,
  nodeFailed,
  notLeader,
  outcomeUnknown,
  readLost,
  tooLarge,
  transferAborted,
  transferRefused,
  transferring,
} from "./errors.ts";
import { type Arrival, NextBatch } from "./next-batch.ts";
import { Proposals } from "./proposals.ts";
import { Reads } from "./reads.ts";
import { systemClock } from "./system-clock.ts";
import { Waiting } from "./waiting.ts";

type ProposalRefusal = Extract<ProposeResult, { accepted: false }>["reason"];

/** How often the deadlines of waiting calls are looked at. */
const EXPIRY_CHECK_MS = 25;

const DEFECT_HINT = "a law of Raft does not hold here: keep the data directory as it is, and report it";
const APPLY_HINT = "a state machine must not throw: return expected refusals as results, and fix it before restarting";
const STORAGE_HINT = "find out why the disk refuses, then restart the node";

/** Drives one core. */
export class Driver<Query, Answer, Result> {
  readonly events: Broadcast<NodeEvent> = new Broadcast();
  readonly statuses: Broadcast<NodeStatus> = new Broadcast();
  readonly #options: RaftNodeOptions<Query, Answer, Result>;
  readonly #identity: StoreIdentity;
  readonly #raft: Raft;
  readonly #clock: Clock;
  readonly #nextBatch: NextBatch<Result>;
  readonly #proposals = new Proposals<Result>();
  readonly #reads = new Reads<Query, Answer>();
  #transfer: Waiting<Transferred> | undefined;
  #state: NodeStatus["state"] = "running";
  #failure: QuorateError | undefined;
  #inbox: Message[] = [];
  #writesInFlight = 0;
  #lastApplied: number;
  #lastAppliedTerm: number;
  #isTurnDue = false;
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #nextExpiryMs = 0;
  #closing: Promise<void> | undefined;

  constructor(options: RaftNodeOptions<Query, Answer, Result>, identity: StoreIdentity, restored: RestoredState) {
    this.#options = options;
    this.#identity = identity;
    this.#clock = options.clock ?? systemClock;
    this.#lastApplied = restored.applied;
    this.#lastAppliedTerm = restored.log.base.term;
    this.#raft = new Raft(coreOptions(options), restored);
    this.#nextBatch = new NextBatch(maxUncommittedBytesOf(options));
  }

  /** Joins the cluster. */
  async start(): Promise<void> {
    const { clusterId, nodeId, incarnation } = this.#identity;
    await this.#options.transport.start({
      identity: { clusterId, nodeId, incarnation },
      onMessage: (message) => this.#onMessage(message),
      onEvent: (event) => this.#onTransportEvent(event),
    });
    const { term, lastIndex } = this.#raft.status();
    this.events.publish({ type: "started", term, lastIndex, incarnation });
    this.#wake();
  }

  propose(data: Uint8Array, options: CallOptions | undefined): Promise<Proposed<Result>> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const caller = new Waiting<Proposed<Result>>(this.#clock.now(), options, "unknown");
    const arrival = { data, caller };
    if (this.#writesInFlight === 0 || !this.#raft.isLeader) this.#submit(arrival);
    else if (!this.#nextBatch.add(arrival)) caller.reject(busy("proposals"));
    return caller.promise;
  }

  query(
    query: Query,
    options: (CallOptions & { readonly consistency?: Consistency }) | undefined,
  ): Promise<Queried<Answer>> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    if (options?.consistency === "stale") return Promise.resolve(this.#answer(query, "stale"));
    const result = this.#raft.readIndex();
    if (!result.accepted) {
      const { id, term, leaderId } = this.#raft.status();
      return Promise.reject(result.reason === "busy" ? busy("reads") : notLeader(id, leaderId, term));
    }
    const caller = new Waiting<Queried<Answer>>(this.#clock.now(), options, "none");
    this.#reads.add(result.readId, query, caller);
    this.#wake();
    return caller.promise;
  }

  transferLeadership(to: NodeId | undefined, options: CallOptions | undefined): Promise<Transferred> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return Promise.reject(refusal);
    const result = this.#raft.transferLeadership(to);
    if (!result.accepted) {
      const { id, term, leaderId } = this.#raft.status();
      const { reason } = result;
      return Promise.reject(reason === "notLeader" ? notLeader(id, leaderId, term) : transferRefused(reason, to));
    }
    this.#transfer = new Waiting(this.#clock.now(), options, "unknown");
    this.#wake();
    return this.#transfer.promise;
  }

  status(): NodeStatus {
    const { clusterId, incarnation } = this.#identity;
    return { ...this.#raft.status(), clusterId, incarnation, state: this.#state };
  }

  explain(): string {
    if (this.#failure !== undefined) return `${this.#identity.nodeId} has stopped: ${this.#failure.message}`;
    return this.#raft.explain();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // Inputs

  #submit({ data, caller }: Arrival<Result>): void {
    const result = this.#raft.propose(data);
    if (result.accepted) this.#proposals.add(result, caller);
    else caller.reject(this.#proposalRefused(result.reason, data.byteLength));
    this.#wake();
  }

  #onMessage(message: Message): void {
    this.#inbox.push(message);
    this.#wake();
  }

  #onTransportEvent(event: TransportEvent): void {
    this.events.publish(event);
  }

  #onTimer(): void {
    this.#cancelTimer = undefined;
    const lateMs = this.#clock.now() - this.#timerDueMs;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const [minTimeoutMs] = this.#options.raft?.electionTimeoutMs ?? [150];
    if (lateMs > minTimeoutMs) this.events.publish({ type: "loopStalled", stalledMs: Math.round(lateMs) });
    // Deferred, so that messages which waited out a pause of this process are heard before the clock is.
    this.#wake();
  }

  #wake(): void {
    if (this.#isTurnDue || this.#state !== "running") return;
    this.#isTurnDue = true;
    this.#clock.defer(() => this.#turn());
  }

  // The loop

  #turn(): void {
    this.#isTurnDue = false;
    if (this.#state !== "running") return;
    try {
      const now = this.#clock.now();
      this.#stepInbox(now);
      if (now >= this.#raft.nextDeadline()) this.#raft.tick(now);
      this.#perform(this.#raft.ready(), now);
      this.#expire(now);
      if (this.#state === "running") this.#armTimer(now);
    } catch (error) {
      this.#fail(codeOf(error) ?? "QUORATE_INVARIANT_VIOLATED", error, DEFECT_HINT);
    }
  }

  #stepInbox(now: number): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const message of inbox) {
      const result = this.#raft.step(message, now);
      if (!result.handled && result.reason === "contradictsCommitted") {
        throw new Error(`${message.from} offers entries that contradict what is committed here`);
      }
    }
  }

  #perform(ready: Ready, now: number): void {
    if (ready.write !== undefined) this.#startWrite(ready.write);
    for (const message of ready.messages) this.#options.transport.send(message);
    for (const logRead of ready.logReads) this.#startLogRead(logRead);
    this.#report(ready.events, now);
    if (ready.committed.length > 0) this.#apply(ready.committed);
    for (const { readId, index } of ready.confirmedReads) this.#reads.confirmed(readId, index);
    for (const { readId } of ready.rejectedReads) this.#reads.rejected(readId, readLost(this.#identity.nodeId));
    this.#reads.answerUpTo(this.#lastApplied, (query) => this.#answer(query, "linearizable"));
    if (this.statuses.hasReaders && ready.events.length > 0) this.statuses.publish(this.status());
  }

  #startWrite({ sequence, hardState, truncateFrom, entries }: NonNullable<Ready["write"]>): void {
    this.#writesInFlight += 1;
    this.#options.storage.write({ hardState, truncateFrom, entries }).then(
      () => this.#input(() => this.#written(sequence)),
      (error: unknown) => this.#storageFailed(error),
    );
  }

  #written(sequence: number): void {
    this.#raft.persisted(sequence);
    this.#writesInFlight -= 1;
    if (this.#writesInFlight > 0) return;
    for (const arrival of this.#nextBatch.take()) this.#submit(arrival);
  }

  #startLogRead({ logReadId, firstIndex, lastIndex, maxBytes }: Ready["logReads"][number]): void {
    this.#options.storage.read({ firstIndex, lastIndex, maxBytes }).then(
      (entries) => this.#input(() => this.#raft.logRead(logReadId, entries)),
      (error: unknown) => this.#logReadFailed(logReadId, error),
    );
  }

  #input(deliver: () => void): void {
    if (this.#state !== "running") return;
    deliver();
    this.#wake();
  }

  #apply(entries: readonly Entry[]): void {
    const commands = entries.filter((entry) => entry.kind === "command");
    const results = this.#applyCommands(commands);
    if (results === undefined) return;
    let position = 0;
    for (const entry of entries) {
      const result = entry.kind === "command" ? results[position++] : undefined;
      this.#proposals.decided(entry, result);
    }
    const last = entries.at(-1);
    this.#lastApplied = last?.index ?? this.#lastApplied;
    this.#lastAppliedTerm = last?.term ?? this.#lastAppliedTerm;
    this.#raft.applied(this.#lastApplied);
    // The next batch may be waiting for this one; other work of the loop comes first.
    this.#wake();
  }

  /** Undefined if the state machine threw: it would throw on every server, so going on would only make them differ. */
  #applyCommands(commands: readonly Entry[]): readonly Result[] | undefined {
    try {
      return commands.length === 0 ? [] : this.#options.stateMachine.apply(commands);
    } catch (error) {
      this.#fail("QUORATE_APPLY_FAILED", error, APPLY_HINT);
      return undefined;
    }
  }

  #answer(query: Query, consistency: Consistency): Queried<Answer> {
    const answer = this.#options.stateMachine.query(query);
    return { answer, index: this.#lastApplied, term: this.#lastAppliedTerm, consistency };
  }

  #report(events: readonly RaftEvent[], now: number): void {
    for (const event of events) {
      this.events.publish(event);
      if (event.type === "steppedDown") this.#onSteppedDown(now);
      if (event.type === "transferAborted") this.#transfer?.reject(transferAborted(event.to));
      if (event.type === "leaderChanged" && event.leaderId !== undefined && !this.#raft.isLeader) {
        this.#transfer?.resolve({ leaderId: event.leaderId, term: event.term });
      }
    }
  }

  #onSteppedDown(now: number): void {
    // The next leader usually decides within two election timeouts; who waits longer learns that nobody knows.
    const [, maxTimeoutMs] = this.#options.raft?.electionTimeoutMs ?? [150, 300];
    this.#proposals.shortenDeadlines(now + 2 * maxTimeoutMs);
  }

  #expire(now: number): void {
    if (now < this.#nextExpiryMs) return;
    this.#nextExpiryMs = now + EXPIRY_CHECK_MS;
    this.#nextBatch.expire(now);
    this.#proposals.expire(now);
    this.#reads.expire(now);
    if (this.#transfer !== undefined && now >= this.#transfer.deadlineMs) {
      this.#transfer.reject(outcomeUnknown("leadership was not handed over in time"));
    }
  }

  #armTimer(now: number): void {
    const hasWaiting = this.#nextBatch.size + this.#proposals.size + this.#reads.size > 0;
    const expiryMs = hasWaiting ? Math.max(now, this.#nextExpiryMs) : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(this.#raft.nextDeadline(), expiryMs);
    // A timer that fires early costs one idle turn; moving it at every turn would cost more.
    if (this.#cancelTimer !== undefined && this.#timerDueMs <= dueMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timerDueMs = dueMs;
    this.#cancelTimer = this.#clock.schedule(dueMs, () => this.#onTimer());
  }

  // Ends

  #refusal(options: CallOptions | undefined): QuorateError | undefined {
    const { nodeId } = this.#identity;
    if (this.#failure !== undefined) return nodeFailed(nodeId, this.#failure, "none");
    if (this.#state === "closed") return closed(nodeId, "none");
    if (options?.signal?.aborted === true) return aborted(options.signal.reason, "none");
    return undefined;
  }

  #proposalRefused(reason: ProposalRefusal, sizeBytes: number): QuorateError {
    const { id, term, leaderId, transferringTo } = this.#raft.status();
    switch (reason) {
      case "notLeader":
        return notLeader(id, leaderId, term);
      case "tooLarge":
        return tooLarge(sizeBytes, maxCommandBytesOf(this.#options));
      case "busy":
        return busy("uncommitted proposals");
      case "transferring":
        return transferring(id, transferringTo);
    }
  }

  #logReadFailed(logReadId: number, error: unknown): void {
    // The log was cut while the read waited: the core asks again for what is there now.
    if (codeOf(error) === "QUORATE_OUT_OF_RANGE") this.#input(() => this.#raft.logRead(logReadId, []));
    else this.#storageFailed(error);
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
    this.events.publish({ type: "failed", code, detail: message });
    this.statuses.publish(this.status());
    this.#settleAll((outcome) => nodeFailed(this.#identity.nodeId, failure, outcome));
    void this.#options.transport.close();
  }

  #settleAll(error: (outcome: "none" | "unknown") => QuorateError): void {
    this.#transfer?.reject(error("unknown"));
    this.#cancelTimer?.();
    this.#nextBatch.rejectAll(() => error("none"));
    this.#proposals.rejectAll(() => error("unknown"));
    this.#reads.rejectAll(() => error("none"));
  }

  async #close(): Promise<void> {
    if (this.#state === "running") this.#state = "closed";
    this.#settleAll((outcome) => closed(this.#identity.nodeId, outcome));
    await Promise.allSettled([this.#options.transport.close()]);
    await this.#options.storage.close();
    this.statuses.publish(this.status());
    this.events.close();
    this.statuses.close();
  }
}
