// One run: builds the world, lets it go wrong for a while, heals it, and demands that the cluster serves everybody again and
// that all replicas are equal.

import { snapshotBytes, type StateMachine } from "@quorate/contracts";
import { membersOf, speaksFor } from "./checkers/configurations.ts";
import type { Build } from "./builds/build.ts";
import { Rollout } from "./builds/rollout.ts";
import { Inspector, type Violation } from "./checkers/inspector.ts";
import { SimulationFailure } from "./failure.ts";
import { type FaultKind, noFaults } from "./faults/fault-options.ts";
import { Nemesis } from "./faults/nemesis.ts";
import { startCore } from "./levels/core-program.ts";
import { startNode } from "./levels/node-program.ts";
import type { StartProgram } from "./levels/program.ts";
import { Machine, type Site } from "./machine.ts";
import type { Level, Settings } from "./options.ts";
import { Disk } from "./ports/disk.ts";
import { Network } from "./ports/network.ts";
import { Reached } from "./reached.ts";
import type { SimulationResult } from "./result.ts";
import { type SimulationStep, watch } from "./step.ts";
import { HistoryRecorder } from "./workload/history.ts";
import { Client, type Office } from "./workload/client.ts";
import type { Workload } from "./workload/operation.ts";
import type { SeededRandom } from "./world/random.ts";
import { World } from "./world/world.ts";

/** How often the end of the recovery is looked for, in ms. */
const LOOK_MS = 20;

const programs: Readonly<Record<Level, StartProgram>> = { node: startNode, core: startCore };

/** A cluster with its clients and its misfortune. */
export class Run<Query, Answer, Result> {
  readonly #settings: Settings;
  readonly #world = new World();
  readonly #reached = new Reached();
  readonly #counts: Record<FaultKind, number> = { ...noFaults };
  readonly #site: Site<Query, Answer, Result>;
  readonly #machines: readonly Machine<Query, Answer, Result>[];
  readonly #inspector: Inspector;
  readonly #nemesis: Nemesis;
  readonly #office: Office<Query, Answer, Result>;
  readonly #clients: readonly Client<Query, Answer, Result>[];

  constructor(options: {
    readonly settings: Settings;
    readonly random: SeededRandom;
    readonly stateMachine: () => StateMachine<Query, Answer, Result>;
    readonly workload: Workload<Query, Answer, Result>;
    readonly onStep?: ((step: SimulationStep) => void) | undefined;
    readonly builds: readonly Build[];
  }) {
    const { settings, random } = options;
    const world = this.#world;
    this.#settings = settings;
    const network = this.#makeNetwork(random.fork());
    const ids = Array.from({ length: settings.nodes + settings.spares }, (_, position) => `n${position + 1}`);
    const founders = { voters: ids.slice(0, settings.nodes), learners: [] };
    this.#site = {
      world,
      network,
      inspector: () => this.#inspector,
      reached: this.#reached,
      startProgram: programs[settings.level],
      founders,
      raft: settings.raft,
      snapshots: settings.snapshots === false ? undefined : settings.snapshots,
      maxMessageBytes: settings.maxMessageBytes,
      stateMachine: options.stateMachine,
      rollout: new Rollout(options.builds, this.#reached.counters),
      clockDrift: settings.faults.clockDrift,
      slowLoopMs: settings.faults.slowLoop,
      ambushEffects: undefined,
    };
    this.#machines = ids.map((id) => {
      const disk = this.#makeDisk(random.fork());
      return new Machine({ id, disk, site: this.#site, random: random.fork() });
    });
    this.#inspector = new Inspector({
      nodes: this.#machines,
      founders,
      nowMs: () => world.nowMs,
      onViolation: () => world.stop(),
    });
    this.#nemesis = new Nemesis({
      world,
      network,
      random: random.fork(),
      machines: this.#machines,
      counts: this.#counts,
      reached: this.#reached,
      rollout: this.#site.rollout,
    });
    this.#office = {
      world,
      inspector: this.#inspector,
      reached: this.#reached,
      machines: this.#machines,
      workload: options.workload,
      thinkMs: settings.thinkMs,
      hasLeases: settings.raft.leaseReads === true,
      history: new HistoryRecorder(),
      counts: { invoked: 0, ok: 0, failed: 0, unknown: 0 },
      processes: 0,
      knownIndex: 0,
      isClosing: false,
      latestSuccessBegunMs: -1,
    };
    this.#clients = Array.from({ length: settings.clients }, () => new Client(this.#office, random.fork()));
    if (options.onStep !== undefined) watch({ world, machines: this.#machines, onStep: options.onStep });
  }

  /** Runs to the end. Throws a {@link SimulationFailure} if a property does not hold. */
  async execute(): Promise<SimulationResult> {
    const { durationMs, faults, script } = this.#settings;
    for (const machine of this.#machines) machine.start();
    for (const client of this.#clients) client.think();
    this.#nemesis.start(faults, script);
    await this.#pass(durationMs);
    this.#noteCounts();
    this.#heal();
    const recoveryMs = await this.#recover();
    this.#compareReplicas();
    this.#failOnViolation();
    return this.#result(recoveryMs);
  }

  #heal(): void {
    this.#site.clockDrift = 0;
    this.#site.slowLoopMs = 0;
    this.#site.ambushEffects = undefined;
    this.#nemesis.heal();
    this.#retireOutsiders();
    this.#world.trace.note(this.#world.nowMs, "heal", "all");
  }

  /** Bounded liveness: everybody is served again, then everybody has applied the same. Returns how long the service took. */
  async #recover(): Promise<number> {
    const healedMs = this.#world.nowMs;
    const isServing = (): boolean =>
      this.#clients.length === 0
        ? this.#leader() !== undefined
        : this.#office.latestSuccessBegunMs >= healedMs && this.#leader() !== undefined;
    await this.#until(isServing, "nobody was served");
    const recoveryMs = this.#world.nowMs - healedMs;
    this.#office.isClosing = true;
    await this.#until(() => this.#isConverged(), "the replicas did not become equal");
    return recoveryMs;
  }

  #isConverged(): boolean {
    const leader = this.#leader()?.status;
    if (leader === undefined || leader.commitIndex !== leader.lastIndex) return false;
    if (this.#clients.some((client) => !client.isIdle)) return false;
    return this.#members().every(
      ({ id, incarnation, status }) =>
        status?.lastApplied === leader.lastIndex &&
        status.lastIndex === leader.lastIndex &&
        // A member with a new disk has to be taken back.
        speaksFor(leader.configuration, id, incarnation),
    );
  }

  /** Whoever belongs to the cluster by the leader's configuration and is not lost. */
  #members(): readonly Machine<Query, Answer, Result>[] {
    const leader = this.#leader();
    const members = membersOf(leader?.configuration ?? this.#site.founders);
    return this.#machines.filter(({ id, isLost }) => members.has(id) && !isLost);
  }

  /**
   * A server that was taken out, and does not know it, may campaign for ever. Where neither protection is on against that, its
   * operator has to stop it (thesis 4.2.3); where one is, it must do no harm.
   */
  #retireOutsiders(): void {
    const { preVote = true, leaderLease = true } = this.#settings.raft;
    if (preVote || leaderLease) return;
    const inUse = this.#machines.flatMap(({ isLost, configuration }) => (isLost ? [] : [configuration]));
    const leading = this.#leader();
    const { configurationIndex = 0, commitIndex = -1 } = leading?.status ?? {};
    // Until a change is committed, those whom it takes out are needed, the leader itself perhaps.
    const isSettled = leading !== undefined && configurationIndex <= commitIndex;
    const configurations = isSettled ? [leading.configuration] : inUse;
    for (const machine of this.#machines) {
      const isMember = configurations.some((configuration) => membersOf(configuration).has(machine.id));
      if (!isMember && !machine.isLost) machine.retire();
    }
  }

  async #until(condition: () => boolean, complaint: string): Promise<void> {
    const { recoveryMs } = this.#settings;
    for (const end = this.#world.nowMs + recoveryMs; this.#world.nowMs < end; ) {
      if (condition()) return;
      await this.#pass(LOOK_MS);
      for (const machine of this.#machines) machine.inspect();
      this.#retireOutsiders();
    }
    if (!condition()) this.#inspector.report("liveness", `${complaint} within ${recoveryMs} ms after the last fault`);
    this.#failOnViolation();
  }

  #compareReplicas(): void {
    const [first, ...others] = this.#members().map(({ id, state }) => ({ id, bytes: state }));
    for (const { id, bytes } of others) {
      if (first?.bytes === undefined || bytes === undefined || areEqual(first.bytes, bytes)) continue;
      this.#inspector.report("equal replicas", `${first.id} and ${id} applied the same log and have different states`);
    }
    if (first?.bytes === undefined) return;
    const restored = this.#site.stateMachine();
    restored.restore(first.bytes);
    if (areEqual(first.bytes, snapshotBytes(restored.snapshot()))) return;
    this.#inspector.report("snapshots", "a state machine restored from a snapshot has another snapshot");
  }

  #leader(): Machine<Query, Answer, Result> | undefined {
    return this.#machines.find(({ isLeader }) => isLeader);
  }

  async #pass(ms: number): Promise<void> {
    await this.#world.run(this.#world.nowMs + ms);
    this.#failOnViolation();
  }

  #failOnViolation(): void {
    const { violation } = this.#inspector;
    if (violation !== undefined) throw this.#failure(violation);
  }

  #failure(violation: Violation): SimulationFailure {
    return new SimulationFailure({
      violation,
      atMs: this.#world.nowMs,
      settings: this.#settings,
      script: this.#nemesis.script,
      builds: this.#site.rollout.names,
      trace: this.#world.trace.describeLatest(),
      history: this.#office.history.events,
      nodes: this.#machines.map((machine) => machine.explain()),
    });
  }

  #makeNetwork(random: SeededRandom): Network {
    const { loss, duplicate, replay, delay } = this.#settings.faults;
    const [, maxTimeoutMs] = this.#settings.raft.electionTimeoutMs ?? [150, 300];
    const behaviour = {
      loss,
      duplicate,
      replay,
      delay,
      maxDelayMs: 10 * maxTimeoutMs,
      usualDelayMs: [0.2, 3] as const,
    };
    return new Network({ world: this.#world, random, behaviour });
  }

  #makeDisk(random: SeededRandom): Disk {
    const { slowFlush, lateReport } = this.#settings.faults;
    const behaviour = { slowFlush, lateReport, flushMs: [0.3, 3] as const, slowFlushMs: 400 };
    return new Disk({ world: this.#world, random, behaviour });
  }

  /** The faults of single messages, flushes, turns and clocks are counted by those who inject them. */
  #noteCounts(): void {
    const { counters, chunks } = this.#site.network;
    const { loss, duplicate, replay, delay, reorder, clogged, ofLostStore } = counters;
    Object.assign(this.#counts, { loss, duplicate, replay, delay });
    const arrivals = { reorderedMessages: reorder, cloggedMessages: clogged, lostStoreMessages: ofLostStore };
    Object.assign(this.#reached.counters, arrivals, chunks.counters);
    for (const { disk, boots } of this.#machines) {
      this.#counts.slowFlush += disk.counters.slowFlush;
      this.#counts.lateReport += disk.counters.lateReport;
      this.#reached.counters.lostWrites += disk.counters.lostWrites;
      this.#reached.counters.tornWrites += disk.counters.tornWrites;
      if (this.#settings.faults.clockDrift > 0) this.#counts.clockDrift += boots;
      if (this.#settings.faults.slowLoop > 0) this.#counts.slowLoop += 1;
    }
  }

  #result(recoveryMs: number): SimulationResult {
    this.#reached.finish();
    return {
      seed: this.#settings.seed,
      settings: this.#settings,
      simulatedMs: this.#world.nowMs,
      recoveryMs,
      events: this.#world.events,
      traceHash: this.#world.trace.hash(),
      committed: this.#inspector.lastCommitted,
      operations: { ...this.#office.counts },
      faults: this.#counts,
      reached: this.#reached.counters,
      script: this.#nemesis.script,
      history: this.#office.history.events,
    };
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, position) => byte === b[position]);
}
