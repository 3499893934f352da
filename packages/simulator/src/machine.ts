// One node of the cluster: a disk that stays, and one process after the other that runs a real RaftNode on it.

import type { CommittedCommand, Message, NodeId, StateMachine } from "@quorate/contracts";
import { type NodeStatus, RaftNode, type RaftTuning } from "@quorate/node";
import type { ObservedNode } from "./checkers/checker.ts";
import type { Inspector } from "./checkers/inspector.ts";
import { ProcessClock } from "./ports/clock.ts";
import type { Disk } from "./ports/disk.ts";
import type { LogImage } from "./ports/log-image.ts";
import { type Network, SimulatedTransport } from "./ports/network.ts";
import { Process } from "./ports/process.ts";
import { SimulatedStorage } from "./ports/storage.ts";
import type { Reached } from "./reached.ts";
import type { SeededRandom } from "./world/random.ts";
import type { World } from "./world/world.ts";

/** What all machines of a cluster share. */
export type Site<Query, Answer, Result> = {
  readonly world: World;
  readonly network: Network;
  /** Undefined until all machines are there. */
  readonly inspector: () => Inspector;
  readonly reached: Reached;
  readonly voters: readonly NodeId[];
  readonly raft: RaftTuning;
  readonly maxMessageBytes: number;
  readonly stateMachine: () => StateMachine<Query, Answer, Result>;
  /** Largest factor between a clock and true time, minus 1. */
  clockDrift: number;
  /** Longest time before a loop takes its next turn, in ms. */
  slowLoopMs: number;
  /** Whoever is elected next dies soon after. */
  isAmbushSet: boolean;
};

/** The shortest time in which an event loop comes round. */
const TURN_MS = 0.05;

/** One node. */
export class Machine<Query, Answer, Result> implements ObservedNode {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly #site: Site<Query, Answer, Result>;
  readonly #random: SeededRandom;
  boots = 0;
  status: NodeStatus | undefined;
  #process: Process | undefined;
  #clock: ProcessClock | undefined;
  #node: RaftNode<Query, Answer, Result> | undefined;
  #stateMachine: StateMachine<Query, Answer, Result> | undefined;
  #startFailed = false;

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

  /** The running process; undefined between a crash and a restart. */
  get process(): Process | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  /** The running node; undefined while it starts and when it is down. */
  get node(): RaftNode<Query, Answer, Result> | undefined {
    return this.process === undefined ? undefined : this.#node;
  }

  get stateMachine(): StateMachine<Query, Answer, Result> | undefined {
    return this.#stateMachine;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  get isLeader(): boolean {
    return this.isUp && this.status?.role === "leader" && this.status.state === "running";
  }

  /** The node has stopped by itself, or never came up. */
  get hasStopped(): boolean {
    return this.isUp && (this.#startFailed || this.disk.failure !== undefined || this.status?.state === "failed");
  }

  /** Starts a process on whatever the disk has kept. */
  start(): void {
    const { world, network, maxMessageBytes } = this.#site;
    this.boots += 1;
    this.status = undefined;
    this.#node = undefined;
    this.#startFailed = false;
    const process = new Process({
      world,
      afterTurn: () => this.#afterTurn(process),
      turnDelayMs: () => TURN_MS + (this.#site.slowLoopMs > 0 ? this.#random.between(0, this.#site.slowLoopMs) : 0),
    });
    this.#process = process;
    this.#clock = new ProcessClock({
      world,
      process,
      originMs: this.#random.integer(1_000_000),
      rate: this.#drawRate(),
    });
    const storage = new SimulatedStorage({
      world,
      process,
      disk: this.disk,
      onWrite: (write) => {
        if (write.truncateFrom !== undefined && write.truncateFrom <= this.log.lastIndex)
          this.#site.reached.counters.logsRepaired += 1;
        this.#site.inspector().written(this, write);
      },
    });
    const transport = new SimulatedTransport({
      nodeId: this.id,
      network,
      process,
      maxMessageBytes,
      onSend: (message: Message) => this.#site.inspector().sent(this, message),
    });
    world.trace.note(world.nowMs, "start", this.id, this.boots);
    this.#site.inspector().started(this);
    this.#startNode(process, { storage, transport, clock: this.#clock });
  }

  /** The process dies at once, and the disk keeps what it keeps. */
  crash(): void {
    if (this.isLeader) this.#site.reached.counters.leaderCrashes += 1;
    this.#process?.kill();
    this.#bury();
  }

  /** The process dies in its next turn, after a few more effects. */
  crashMidTurn(): void {
    this.process?.dieAfter(this.#random.integer(6));
  }

  /** The next leader, whoever it is, dies in one of its first turns. */
  ambushNextLeader(): void {
    this.#site.isAmbushSet = true;
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
    this.process?.dieAfter(undefined);
    this.process?.resume();
    if (this.hasStopped) this.crash();
    if (!this.isUp) this.start();
  }

  #startNode(
    process: Process,
    ports: { storage: SimulatedStorage; transport: SimulatedTransport; clock: ProcessClock },
  ): void {
    const { voters, raft, stateMachine } = this.#site;
    const machine = stateMachine();
    this.#stateMachine = machine;
    RaftNode.start<Query, Answer, Result>({
      clusterId: "simulated",
      nodeId: this.id,
      configuration: { voters, learners: [] },
      ...ports,
      stateMachine: this.#watched(machine, process),
      random: this.#random.next,
      raft,
    }).then(
      (node) => this.#onStarted(process, node),
      (error: unknown) => {
        if (this.#process !== process || !process.isAlive) return;
        this.#startFailed = true;
        if (this.disk.failure === undefined)
          this.#report("unexpected stop", `${this.id} did not start: ${String(error)}`);
      },
    );
  }

  #onStarted(process: Process, node: RaftNode<Query, Answer, Result>): void {
    if (this.#process === process) this.#node = node;
  }

  /** The user's state machine, with somebody watching what it is told. */
  #watched(machine: StateMachine<Query, Answer, Result>, process: Process): StateMachine<Query, Answer, Result> {
    return {
      apply: (batch: readonly CommittedCommand[]) => {
        const results = machine.apply(batch);
        if (!process.isAlive) return results;
        for (const [position, command] of batch.entries()) {
          this.#site.inspector().applied(this, command, results[position]);
        }
        return results;
      },
      query: (query) => machine.query(query),
      snapshot: () => machine.snapshot(),
      restore: (snapshot) => machine.restore(snapshot),
    };
  }

  #afterTurn(process: Process): void {
    if (this.#process !== process) return;
    if (!process.isAlive) {
      if (this.status?.role === "leader") this.#site.reached.counters.leaderCrashes += 1;
      this.#bury();
      return;
    }
    const status = this.#node?.currentStatus();
    if (status === undefined) return;
    this.#site.reached.look(this, status);
    this.#site.inspector().turned(this, status);
    if (this.#site.isAmbushSet && status.role === "leader" && this.status?.role !== "leader") {
      this.#site.isAmbushSet = false;
      process.dieAfter(this.#random.integer(12));
    }
    this.status = status;
    if (status.state === "failed" && this.disk.failure === undefined) {
      this.#report("unexpected stop", this.#node?.explain() ?? this.id);
    }
  }

  #bury(): void {
    const { world, network } = this.#site;
    if (this.#process !== undefined) network.leave(this.id, this.#process);
    this.disk.crash();
    this.#site.reached.ended(this.id);
    world.trace.note(world.nowMs, "crash", this.id, this.boots);
    this.#process = undefined;
    this.#node = undefined;
  }

  #drawRate(): number {
    const factor = 1 + this.#random.between(0, this.#site.clockDrift);
    return this.#random.chance(0.5) ? factor : 1 / factor;
  }

  #report(property: string, message: string): void {
    this.#site.inspector().report(property, message);
  }
}
