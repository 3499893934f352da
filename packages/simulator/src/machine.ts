// One node of the cluster: a disk that stays, and one process after the other that runs a program on it.

import type { Configuration, NodeId, StateMachine } from "@quorate/contracts";
import type { NodeStatus, RaftTuning } from "@quorate/node";
import type { Rollout } from "./builds/rollout.ts";
import type { ObservedNode } from "./checkers/checker.ts";
import type { Inspector } from "./checkers/inspector.ts";
import type { Action } from "./faults/action.ts";
import type { Program, StartProgram, Witness } from "./levels/program.ts";
import type { SnapshotSettings } from "./options.ts";
import { ProcessClock } from "./ports/clock.ts";
import type { Disk } from "./ports/disk.ts";
import type { LogImage } from "./ports/log-image.ts";
import type { Network } from "./ports/network.ts";
import { Process } from "./ports/process.ts";
import type { Reached } from "./reached.ts";
import type { SeededRandom } from "./world/random.ts";
import { WatchedStateMachine } from "./watched-state-machine.ts";
import type { World } from "./world/world.ts";

/** What all machines of a cluster share. */
export type Site<Query, Answer, Result> = {
  readonly world: World;
  readonly network: Network;
  /** Undefined until all machines are there. */
  readonly inspector: () => Inspector;
  readonly reached: Reached;
  /** What a process runs. */
  readonly startProgram: StartProgram;
  /** Who formed the cluster. */
  readonly founders: Configuration;
  readonly raft: RaftTuning;
  readonly snapshots: SnapshotSettings | undefined;
  readonly maxMessageBytes: number;
  readonly stateMachine: () => StateMachine<Query, Answer, Result>;
  /** What each node runs. */
  readonly rollout: Rollout;
  /** Largest factor between a clock and true time, minus 1. */
  clockDrift: number;
  /** Longest time before a loop takes its next turn, in ms. */
  slowLoopMs: number;
  /** Whoever is elected next dies after so many effects. */
  ambushEffects: number | undefined;
};

/** What an operator does to a running node. */
export type Operation = Extract<Action, { readonly fault: "transfer" | "membership" }>;

const CLUSTER_ID = "simulated";

/** One node. */
export class Machine<Query, Answer, Result> implements ObservedNode {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly #site: Site<Query, Answer, Result>;
  readonly #random: SeededRandom;
  boots = 0;
  /** When its disk was last replaced by an empty one. */
  wipedMs: number = Number.NEGATIVE_INFINITY;
  status: NodeStatus | undefined;
  #process: Process | undefined;
  #clock: ProcessClock | undefined;
  #program: Program<Query, Answer, Result> | undefined;
  #stateMachine: WatchedStateMachine<Query, Answer, Result> | undefined;
  #configurationBefore: Configuration | undefined;
  #startFailed = false;
  #isRetired = false;
  #isMisnamed = false;

  constructor(options: {
    readonly id: NodeId;
    readonly disk: Disk;
    readonly site: Site<Query, Answer, Result>;
    readonly random: SeededRandom;
  }) {
    this.id = options.id;
    this.disk = options.disk;
    this.#site = options.site;
    this.#random = options.random;
  }

  get log(): LogImage {
    return this.disk.visible;
  }

  get durable(): LogImage {
    return this.disk.durable;
  }

  get stores(): readonly LogImage[] {
    return this.disk.stores;
  }

  /** The running process; undefined between a crash and a restart. */
  get process(): Process | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  /** What runs there; undefined while it starts and when it is down. */
  get program(): Program<Query, Answer, Result> | undefined {
    return this.process === undefined ? undefined : this.#program;
  }

  /** The state in bytes, as the user's state machine writes it. */
  get state(): Uint8Array | undefined {
    return this.#stateMachine?.state();
  }

  get configuration(): Configuration {
    return this.disk.visible.configuration?.configuration ?? this.#site.founders;
  }

  get configurationBefore(): Configuration {
    return this.#configurationBefore ?? this.configuration;
  }

  get incarnation(): string | undefined {
    return this.disk.visible.identity?.incarnation;
  }

  /** It has been taken away, or cannot come back as it is: its disk is damaged. */
  get isLost(): boolean {
    return this.#isRetired || this.disk.isRotten;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  get isLeader(): boolean {
    return this.isUp && this.status?.role === "leader" && this.status.state === "running";
  }

  /** The node has stopped by itself, or never came up. */
  get hasStopped(): boolean {
    return this.isUp && (this.#startFailed || this.disk.failure !== undefined || this.#state === "failed");
  }

  get #state(): NodeStatus["state"] | undefined {
    return this.#program?.status().state;
  }

  /** A node may stop between two turns, unseen. Only a disk or a state machine that has failed is a good reason. */
  inspect(): void {
    const hasReason = this.disk.failure !== undefined || this.disk.isRotten || this.#stateMachine?.hasThrown === true;
    if (!this.isUp || this.#state !== "failed" || hasReason) return;
    this.#report("unexpected stop", this.explain());
  }

  /** The node in words. */
  explain(): string {
    return this.program?.explain() ?? `${this.id} is down.`;
  }

  /** Starts a process on whatever the disk has kept; under the name of another cluster, it has to refuse. */
  start({ clusterId = CLUSTER_ID }: { readonly clusterId?: string } = {}): void {
    const { world } = this.#site;
    // It may have died between two turns, unseen.
    if (this.#process !== undefined) this.#bury();
    this.boots += 1;
    this.#isMisnamed = clusterId !== CLUSTER_ID;
    this.status = undefined;
    this.#program = undefined;
    this.#startFailed = false;
    const process = new Process({
      world,
      afterTurn: () => this.#afterTurn(process),
      delayMs: () => (this.#site.slowLoopMs > 0 ? this.#random.between(0, this.#site.slowLoopMs) : 0),
    });
    const originMs = this.#random.integer(1_000_000);
    this.#process = process;
    this.#clock = new ProcessClock({ world, process, originMs, rate: this.#drawRate() });
    this.disk.open();
    world.trace.note(world.nowMs, "start", this.id, this.boots);
    this.#site.inspector().started(this);
    this.#configurationBefore = this.configuration;
    this.#startProgram(process, { clusterId, clock: this.#clock });
  }

  /** The process dies at once, and the disk keeps what it keeps. */
  crash(): void {
    if (this.isLeader) this.#site.reached.leaderDied(this.configuration);
    this.#process?.kill();
    this.#bury();
  }

  /** The process dies in its next turn, after a few more effects. */
  crashMidTurn(effects: number): void {
    this.process?.dieAfter(effects);
  }

  /** The next leader, whoever it is, dies in one of its first turns. */
  ambushNextLeader(effects: number): void {
    this.#site.ambushEffects = effects;
  }

  /** The state machine throws when it is next told to apply something. */
  failNextApply(): void {
    this.#stateMachine?.failNextApply();
  }

  /** An operator asks this node to hand over, or to change who belongs to the cluster. */
  operate(operation: Operation): void {
    const { program } = this;
    if (program === undefined || this.process?.isPaused === true) return;
    const { counters } = this.#site.reached;
    if (operation.fault === "transfer") {
      program.transferLeadership(operation.to, () => (counters.transfers += 1));
      return;
    }
    const { changes, force, effects } = operation;
    if (effects !== undefined) this.process?.dieAfter(effects);
    program.changeMembership(changes, { force, onDone: () => (counters.membershipChanges += 1) });
  }

  /** The process dies, and an empty disk takes the place of the old one. */
  wipe(): void {
    if (this.isUp) this.crash();
    this.disk.wipe();
    this.wipedMs = this.#site.world.nowMs;
    this.#site.inspector().wiped(this);
    this.#site.world.trace.note(this.#site.world.nowMs, "wipe", this.id);
  }

  /** Somebody takes the machine away. */
  retire(): void {
    this.#isRetired = true;
    if (this.isUp) this.crash();
  }

  pause(ms: number): void {
    const process = this.process;
    if (process === undefined || process.isPaused) return;
    if (this.isLeader) this.#site.reached.counters.leaderPauses += 1;
    process.pause();
    this.#site.world.after(ms, () => process.resume());
  }

  /** From now on nothing is wrong with this machine, and it runs. */
  heal(): void {
    this.disk.heal();
    this.#clock?.healRate();
    this.#stateMachine?.heal();
    this.process?.dieAfter(undefined);
    this.process?.resume();
    if (this.hasStopped || this.#isMisnamed) this.crash();
    if (this.disk.isRotten) this.wipe();
    if (!this.isUp && !this.isLost) this.start();
  }

  #startProgram(process: Process, { clusterId, clock }: { clusterId: string; clock: ProcessClock }): void {
    const { world, network, founders, raft, snapshots, maxMessageBytes, rollout, startProgram } = this.#site;
    const stateMachine = this.#watchedStateMachine(process);
    this.#stateMachine = stateMachine;
    startProgram<Query, Answer, Result>({
      id: this.id,
      clusterId,
      build: rollout.buildOf(this.id),
      founders,
      raft,
      snapshots,
      maxMessageBytes,
      world,
      network,
      process,
      clock,
      disk: this.disk,
      random: this.#random.next,
      stateMachine,
      witness: this.#witness(stateMachine),
      onStarted: (program) => this.#onStarted(process, program),
      onStartFailed: (failure) => {
        if (this.#process === process) this.#onStartFailed(failure);
      },
    });
  }

  #watchedStateMachine(process: Process): WatchedStateMachine<Query, Answer, Result> {
    const { stateMachine, inspector } = this.#site;
    return new WatchedStateMachine({
      machine: stateMachine(),
      ballastBytes: this.#site.snapshots?.ballastBytes ?? 0,
      isWatched: () => process.isAlive,
      onApply: (command, result) => inspector().applied(this, command, result),
      onRestore: (appliedIndex) => inspector().restored(this, appliedIndex),
      onThrow: () => (this.#site.reached.counters.applyFailures += 1),
    });
  }

  #witness(stateMachine: WatchedStateMachine<Query, Answer, Result>): Witness {
    const { inspector, reached } = this.#site;
    return {
      sent: (message) => {
        reached.sent(this.id, message);
        inspector().sent(this, message);
      },
      written: (write) => {
        reached.written(this, write);
        inspector().written(this, write);
      },
      compacted: (base) => {
        reached.compacted(this, base);
        inspector().compacted(this, base);
      },
      snapshotTaken: ({ stored, content }) => {
        reached.counters.snapshots += 1;
        inspector().snapshotTaken(this, { stored, ...stateMachine.unwrap(content) });
      },
    };
  }

  #onStarted(process: Process, program: Program<Query, Answer, Result>): void {
    if (this.#process !== process) return;
    this.#program = program;
    if (this.#isMisnamed) this.#report("identity", `${this.id} serves a cluster that it does not belong to`);
    if (this.disk.isRotten) this.#report("no damaged log", `${this.id} goes on from a disk that is damaged`);
  }

  #onStartFailed({ code, message }: { readonly code: string | undefined; readonly message: string }): void {
    this.#startFailed = true;
    const { counters } = this.#site.reached;
    if (this.disk.isRotten && (code === "QUORATE_LOG_CORRUPT" || code === "QUORATE_SNAPSHOT_CORRUPT")) {
      counters.damageRefused += 1;
    } else if (this.#isMisnamed && code === "QUORATE_CLUSTER_MISMATCH") counters.identityRefused += 1;
    else if (this.disk.failure === undefined) this.#report("unexpected stop", `${this.id} did not start: ${message}`);
  }

  #afterTurn(process: Process): void {
    if (this.#process !== process) return;
    if (!process.isAlive) {
      if (this.status?.role === "leader") this.#site.reached.leaderDied(this.configuration);
      this.#bury();
      return;
    }
    const status = this.#program?.status();
    if (status === undefined) return;
    this.#site.reached.look(this, status);
    this.#site.rollout.look(this, status);
    this.#site.inspector().turned(this, status);
    if (this.#site.ambushEffects !== undefined && status.role === "leader" && this.status?.role !== "leader") {
      process.dieAfter(this.#site.ambushEffects);
      this.#site.ambushEffects = undefined;
    }
    this.status = status;
    this.#configurationBefore = this.configuration;
    if (status.state === "failed") this.inspect();
  }

  #bury(): void {
    const { world, network } = this.#site;
    if (this.#process !== undefined) network.leave(this.id, this.#process);
    this.disk.crash();
    this.#site.reached.ended(this.id);
    world.trace.note(world.nowMs, "crash", this.id, this.boots);
    this.#process = undefined;
    this.#program = undefined;
  }

  #drawRate(): number {
    const factor = 1 + this.#random.between(0, this.#site.clockDrift);
    return this.#random.chance(0.5) ? factor : 1 / factor;
  }

  #report(property: string, message: string): void {
    this.#site.inspector().report(property, message);
  }
}
