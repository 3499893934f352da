// The fast level: a process runs a bare core, driven by a small synchronous loop that does what the core says. No driver, no
// promises, no ports: the disk and the network of the simulation are used as they are. What a driver would check before it
// starts (whose store is this, does it hold) is checked here, so at this level it counts as a fault but proves nothing.

import { codeOf, type Entry, type EntryId, type Message, type NodeId } from "@quorate/contracts";
import { type MembershipChange, Raft, type RaftOptions, type Ready, type RestoredState } from "@quorate/core";
import type { NodeStatus, Proposed, Queried } from "@quorate/node";
import type { DiskOperation } from "../ports/log-image.ts";
import { CoreCalls } from "./core-calls.ts";
import { CoreSnapshots } from "./core-snapshots.ts";
import type { Outcome, Program, ProgramParts, ReadOptions } from "./program.ts";

/** How long it takes to read old entries, in ms. */
const READ_MS = 0.2;
/** For how long a process hears what has arrived before it looks at the time, in ms. */
const HEARING_MS = 0.05;

const KiB = 1024;
/** Room that a message needs around entries, and around a piece of a snapshot. */
const ENTRIES_OVERHEAD_BYTES = 4 * KiB;
const PIECE_OVERHEAD_BYTES = 8 * KiB;

/** Starts a core. */
export function startCore<Query, Answer, Result>(parts: ProgramParts<Query, Answer, Result>): void {
  const { disk, process, clusterId, id: nodeId, founders, random } = parts;
  const refusal = refusalOf(parts);
  if (refusal !== undefined) {
    parts.onStartFailed(refusal);
    return;
  }
  const known = disk.visible.identity?.incarnation;
  if (known !== undefined) {
    begin(parts, known);
    return;
  }
  const incarnation = Math.floor(random() * 2 ** 52).toString(16);
  const identity = { clusterId, nodeId, configuration: founders, incarnation };
  if (!process.mayAct()) return;
  disk.submit({ kind: "initialise", identity }, (delayMs, failure) =>
    process.post(delayMs, () => {
      if (failure === undefined) begin(parts, incarnation);
      else parts.onStartFailed(failure);
    }),
  );
}

/** Why a server must not go on from this store. */
function refusalOf({ disk, clusterId }: Pick<ProgramParts<never, unknown, unknown>, "disk" | "clusterId">) {
  const { identity } = disk.visible;
  if (identity !== undefined && identity.clusterId !== clusterId) {
    return { code: "QUORATE_CLUSTER_MISMATCH", message: `the store belongs to cluster ${identity.clusterId}` };
  }
  return disk.isRotten ? { code: "QUORATE_LOG_CORRUPT", message: "a checksum on the disk does not hold" } : undefined;
}

function begin<Query, Answer, Result>(parts: ProgramParts<Query, Answer, Result>, incarnation: string): void {
  let program: CoreProgram<Query, Answer, Result>;
  try {
    program = new CoreProgram(parts, incarnation);
  } catch (error) {
    parts.onStartFailed({ code: codeOf(error), message: String(error) });
    return;
  }
  parts.onStarted(program);
  program.start();
}

/** A running core. */
class CoreProgram<Query, Answer, Result> implements Program<Query, Answer, Result> {
  readonly #parts: ProgramParts<Query, Answer, Result>;
  readonly #incarnation: string;
  readonly #raft: Raft;
  readonly #calls: CoreCalls<Query, Answer, Result>;
  readonly #snapshots: CoreSnapshots | undefined;
  /** The last entry that is in the state machine. */
  #applied: EntryId;
  #isTurnDue = false;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #failure: string | undefined;

  constructor(parts: ProgramParts<Query, Answer, Result>, incarnation: string) {
    this.#parts = parts;
    this.#incarnation = incarnation;
    const { stored, content } = parts.disk.durable.snapshot ?? {};
    if (stored !== undefined && parts.disk.visible.termAt(stored.index) !== stored.term) {
      // The process before ended between storing the snapshot and cutting the log.
      this.#submit({ kind: "compact", base: { index: stored.index, term: stored.term } });
    }
    if (content !== undefined) parts.stateMachine.restore(content);
    this.#applied = stored ?? parts.disk.visible.base;
    this.#raft = new Raft(raftOptions(parts, incarnation), restoredState(parts));
    this.#calls = new CoreCalls({
      id: parts.id,
      raft: this.#raft,
      applied: () => this.#applied,
      answer: (query) => parts.stateMachine.query(query),
    });
    this.#snapshots = this.#makeSnapshots();
  }

  /** Begins to listen. */
  start(): void {
    const { network, process, id } = this.#parts;
    network.join(id, {
      process,
      incarnation: this.#incarnation,
      onMessage: (message, incarnation) => this.#input(() => this.#step(message, incarnation)),
    });
    this.#input(() => this.#raft.tick(this.#parts.clock.now()));
  }

  status(): NodeStatus {
    const { clock, clusterId } = this.#parts;
    const state = this.#failure === undefined ? "running" : "failed";
    return { ...this.#raft.status(clock.now()), clusterId, incarnation: this.#incarnation, state };
  }

  explain(): string {
    if (this.#failure !== undefined) return `${this.#parts.id} has stopped: ${this.#failure}`;
    return this.#raft.explain(this.#parts.clock.now());
  }

  propose(data: Uint8Array, end: (outcome: Outcome<Proposed<Result>>) => void): void {
    this.#input(() => this.#calls.propose(data, this.#afterTurn(end)));
  }

  query(query: Query, options: ReadOptions, end: (outcome: Outcome<Queried<Answer>>) => void): void {
    const { clock } = this.#parts;
    this.#input(() => this.#calls.query(query, options, this.#afterTurn(end), clock.now()));
  }

  transferLeadership(to: NodeId | undefined, onDone: () => void): void {
    this.#input(() => this.#calls.transfer(to, onDone));
  }

  changeMembership(
    changes: readonly MembershipChange[],
    { force, onDone }: { readonly force: boolean; readonly onDone: () => void },
  ): void {
    this.#input(() => this.#calls.change(changes, force, onDone));
  }

  /** Callers hear of what a turn has decided when the turn is over. */
  #afterTurn<T>(end: (outcome: T) => void): (outcome: T) => void {
    return (outcome) => void this.#parts.process.post(0, () => end(outcome));
  }

  // The loop: inputs are taken in at once, and a turn follows in which the core says what to do

  #input(deliver: () => void): void {
    this.#guard(this.#endTurn);
    this.#guard(deliver);
    if (this.#isTurnDue || this.#failure !== undefined) return;
    this.#isTurnDue = true;
    this.#parts.process.takeTurn(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isTurnDue = false;
    this.#guard(this.#turn);
  };

  readonly #turn = (): void => {
    // What was applied makes room for the next batch.
    for (let isBusy = true; isBusy; ) isBusy = this.#perform(this.#raft.ready());
    this.#arm();
  };

  /** What is done with the state that a turn has left, when everybody has seen it. */
  readonly #endTurn = (): void => this.#snapshots?.takeIfDue();

  #step(message: Message, incarnation: string): void {
    const result = this.#raft.step(message, this.#parts.clock.now(), incarnation);
    if (result.handled) return;
    // One of the two has lost what it promised: no server may go on from here.
    const { reason } = result;
    if (reason === "contradictsCommitted" || reason === "lostEntries") throw new Error(`${message.from}: ${reason}`);
  }

  /** Does what the core says. Returns whether entries were applied. */
  #perform(ready: Ready): boolean {
    const { compactTo, write, logReads, messages, committed } = ready;
    // The base of the log comes before what is written behind it.
    if (compactTo !== undefined) this.#submit({ kind: "compact", base: compactTo });
    if (write !== undefined) this.#submit({ kind: "write", write }, () => this.#raft.persisted(write.sequence));
    for (const { logReadId, firstIndex, lastIndex, maxBytes } of logReads) {
      const entries = this.#parts.disk.visible.slice(firstIndex, lastIndex, maxBytes);
      this.#parts.process.post(READ_MS, () => this.#input(() => this.#raft.logRead(logReadId, entries)));
    }
    for (const message of messages) this.#send(message);
    if (committed.length > 0) this.#apply(committed);
    this.#snapshots?.perform(ready);
    this.#calls.onReady(ready);
    return committed.length > 0;
  }

  #apply(entries: readonly Entry[]): void {
    const commands = entries.filter(({ kind }) => kind === "command");
    const results = commands.length === 0 ? [] : this.#parts.stateMachine.apply(commands);
    let position = 0;
    for (const entry of entries) {
      this.#applied = entry;
      this.#calls.applied(entry, entry.kind === "command" ? results[position++] : undefined);
    }
    this.#raft.applied(this.#applied.index);
  }

  #send(message: Message): void {
    const { process, network, witness, id, clusterId } = this.#parts;
    if (message.to === id || !process.mayAct()) return;
    witness.sent(message);
    network.send({ message, incarnation: this.#incarnation, clusterId });
  }

  /** Hands an operation to the disk; `onDone` is an input that comes when it is durable. */
  #submit(operation: DiskOperation, onDone: () => void = () => undefined): void {
    const { process, disk } = this.#parts;
    if (!process.mayAct()) return;
    // It has failed while this process was paused and could not be told.
    if (disk.failure !== undefined) throw disk.failure;
    this.#witness(operation);
    disk.submit(operation, (delayMs, failure) =>
      process.post(delayMs, () => {
        if (failure === undefined) this.#input(onDone);
        else this.#fail(failure.message);
      }),
    );
  }

  #witness(operation: DiskOperation): void {
    const { witness, disk } = this.#parts;
    if (operation.kind === "write") {
      const misfit = disk.visible.misfitOf(operation.write);
      if (misfit !== undefined) throw new Error(`the write does not fit the log: ${misfit}`);
      witness.written(operation.write);
    } else if (operation.kind === "compact") witness.compacted(operation.base);
    else if (operation.kind === "snapshot") witness.snapshotTaken(operation.snapshot);
  }

  #makeSnapshots(): CoreSnapshots | undefined {
    const { id, disk, snapshots: settings, clock, stateMachine, maxMessageBytes } = this.#parts;
    if (settings === undefined) return undefined;
    return new CoreSnapshots({
      id,
      raft: this.#raft,
      disk,
      settings,
      pieceBytes: Math.max(maxMessageBytes - PIECE_OVERHEAD_BYTES, Math.floor(maxMessageBytes / 2)),
      now: () => clock.now(),
      send: (message) => this.#send(message),
      store: (snapshot, onStored) => this.#submit({ kind: "snapshot", snapshot }, onStored),
      applied: () => this.#applied,
      capture: () => stateMachine.snapshot(),
      restore: ({ stored, content }) => {
        stateMachine.restore(content);
        this.#applied = stored;
      },
    });
  }

  // Time and the end

  get #deadlineMs(): number {
    return Math.min(this.#raft.nextDeadline(), this.#snapshots?.nextDeadline() ?? Number.POSITIVE_INFINITY);
  }

  #arm(): void {
    const dueMs = this.#deadlineMs;
    // A timer that fires early costs little; moving it at every turn would cost more.
    if (this.#timerDueMs <= dueMs) return;
    this.#cancelTimer?.();
    this.#timerDueMs = dueMs;
    const { clock, process } = this.#parts;
    // What has waited out a pause of this process comes first: messages are heard before the clock is.
    this.#cancelTimer = clock.schedule(dueMs, () => process.post(HEARING_MS, this.#onTimer));
  }

  readonly #onTimer = (): void => {
    const now = this.#parts.clock.now();
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    this.#cancelTimer = undefined;
    if (now < this.#deadlineMs) this.#arm();
    else this.#input(() => this.#tick(now));
  };

  #tick(now: number): void {
    this.#raft.tick(now);
    this.#snapshots?.tick(now);
  }

  #guard(work: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      work();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Fail-stop: nothing is sent, acknowledged or answered any more. */
  #fail(message: string): void {
    const { network, process, id } = this.#parts;
    this.#failure = message;
    this.#cancelTimer?.();
    network.leave(id, process);
  }
}

function restoredState({ disk, founders }: Pick<ProgramParts<never, unknown, unknown>, "disk" | "founders">) {
  const { stored } = disk.durable.snapshot ?? {};
  const { hardState, log, configurations } = disk.visible.load();
  return {
    hardState,
    log,
    configuration: stored?.configuration ?? founders,
    configurations,
    applied: stored?.index ?? 0,
  } satisfies RestoredState;
}

type CoreSettings = Pick<
  ProgramParts<never, unknown, unknown>,
  "id" | "founders" | "random" | "raft" | "maxMessageBytes"
>;

function raftOptions({ id, founders, random, raft, maxMessageBytes }: CoreSettings, incarnation: string): RaftOptions {
  const room = maxMessageBytes - ENTRIES_OVERHEAD_BYTES;
  const { leaseReads: lease, ...tuning } = raft;
  return {
    id,
    incarnation,
    configuration: founders,
    random,
    timing: pick(tuning, ["electionTimeoutMs", "heartbeatMs", "diskStallMs"]),
    protection: pick(tuning, ["preVote", "leaderLease", "checkQuorum"]),
    reads: { ...pick(tuning, ["maxClockDrift"]), ...(lease !== undefined && { lease }) },
    membership: pick(tuning, ["readmission"]),
    limits: { maxCommandBytes: room, maxAppendBytes: room },
  };
}

/** Those of the values that are there. */
function pick<T extends object, K extends keyof T>(values: T, names: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const name of names) if (name in values) picked[name] = values[name];
  return picked;
}
