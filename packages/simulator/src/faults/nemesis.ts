// Injects the faults of nodes, links and disks: at random moments, or as a script says. Takes them all back at the end. The
// faults of single messages, flushes and turns are settings of the ports.

import type { NodeId } from "@quorate/contracts";
import type { Rollout } from "../builds/rollout.ts";
import type { Machine } from "../machine.ts";
import type { Network } from "../ports/network.ts";
import type { Reached } from "../reached.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { type Action, diskFailureOf, type LinkName, type TimedAction } from "./action.ts";
import { ActionDraw, type EventFault } from "./action-draw.ts";
import type { FaultKind, FaultOptions } from "./fault-options.ts";
import { Budget } from "./budget.ts";

/** A machine, whatever runs on it. */
export type AnyMachine = Pick<
  Machine<never, unknown, unknown>,
  | "id"
  | "disk"
  | "isUp"
  | "isLeader"
  | "isLost"
  | "durable"
  | "wipedMs"
  | "wipe"
  | "hasStopped"
  | "inspect"
  | "status"
  | "configuration"
  | "start"
  | "crash"
  | "crashMidTurn"
  | "ambushNextLeader"
  | "pause"
  | "heal"
  | "process"
  | "operate"
  | "failNextApply"
>;

const MINUTE_MS = 60_000;

/** Brings misfortune. */
export class Nemesis {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #supervisor: SeededRandom;
  readonly #network: Network;
  readonly #machines: readonly AnyMachine[];
  readonly #counts: Record<FaultKind, number>;
  readonly #reached: Reached;
  readonly #rollout: Rollout;
  readonly #draw: ActionDraw;
  readonly #script: TimedAction[] = [];
  #isOver = false;

  constructor(options: {
    readonly world: World;
    readonly random: SeededRandom;
    readonly network: Network;
    readonly machines: readonly AnyMachine[];
    readonly counts: Record<FaultKind, number>;
    readonly reached: Reached;
    readonly rollout: Rollout;
  }) {
    this.#world = options.world;
    this.#random = options.random.fork();
    this.#supervisor = options.random.fork();
    this.#network = options.network;
    this.#machines = options.machines;
    this.#counts = options.counts;
    this.#reached = options.reached;
    this.#rollout = options.rollout;
    const budget = new Budget({ machines: options.machines, nowMs: () => options.world.nowMs });
    this.#draw = new ActionDraw({
      random: this.#random,
      machines: options.machines,
      budget,
      rollout: options.rollout,
    });
  }

  /** What has happened so far. */
  get script(): readonly TimedAction[] {
    return this.#script;
  }

  /** Begins to inject faults: those of a script, or what chance brings. */
  start(faults: FaultOptions, script: readonly TimedAction[] | undefined): void {
    if (script === undefined) {
      for (const fault of this.#draw.kinds) {
        if (faults[fault] > 0) this.#repeat(fault, MINUTE_MS / faults[fault]);
      }
    } else for (const action of script) this.#world.at(action.atMs, () => this.#inject(action));
    this.#supervise();
  }

  /** Takes everything back: from now on nothing goes wrong. */
  heal(): void {
    this.#isOver = true;
    this.#network.heal();
    for (const machine of this.#machines) {
      machine.inspect();
      machine.heal();
    }
  }

  #repeat(fault: EventFault, everyMs: number): void {
    this.#world.after(everyMs * this.#random.between(0.1, 1.9), () => {
      if (this.#isOver) return;
      const action = this.#draw.next(fault);
      if (action !== undefined) this.#inject(action);
      this.#repeat(fault, everyMs);
    });
  }

  #inject(action: Action): void {
    if (this.#isOver || !this.#perform(action)) return;
    const { fault } = action;
    this.#counts[fault] += 1;
    this.#script.push({ ...action, atMs: this.#world.nowMs });
    this.#world.trace.note(this.#world.nowMs, "fault", fault, this.#counts[fault], action);
  }

  /** A node that has stopped, or died in a turn, comes back after a while, as under a process supervisor. */
  #supervise(): void {
    this.#world.after(this.#supervisor.between(200, 800), () => {
      if (this.#isOver) return;
      for (const machine of this.#machines) {
        machine.inspect();
        if (machine.hasStopped) {
          this.#reached.counters.failStops += 1;
          machine.crash();
        }
        // An operator who sees a node refuse its disk gives it an empty one, after a while.
        if (machine.disk.isRotten && this.#supervisor.chance(0.2)) machine.wipe();
        if (!machine.isUp && !machine.isLost && this.#supervisor.chance(0.5)) machine.start();
      }
      this.#supervise();
    });
  }

  /** Returns whether there was something to do harm to. */
  #perform(action: Action): boolean {
    switch (action.fault) {
      case "partition":
      case "isolate":
      case "oneWay":
      case "bridge":
        return this.#cutForAWhile(action.links, action.forMs);
      case "flap":
        this.#flap(action.links, action.periodsMs);
        return true;
      case "slowLink":
        this.#network.slow(action.links, action.messageMs);
        this.#later(action.forMs, () => this.#network.slow(action.links, 0));
        return true;
      case "crashAll":
        this.#crashAll(action.downMs);
        return true;
      case "crashMidTurn":
        if (action.node !== "next leader") {
          return this.#onRunning(action.node, (machine) => machine.crashMidTurn(action.effects));
        }
        this.#machines[0]?.ambushNextLeader(action.effects);
        return true;
      case "upgrade":
        return this.#upgrade(action);
      default:
        return this.#onRunning(action.node, (machine) => this.#strike(machine, action));
    }
  }

  /** The faults that hit one running machine. */
  #strike(
    machine: AnyMachine,
    action: Exclude<Action, { fault: "crashMidTurn" | "crashAll" | "upgrade" } | { links: unknown }>,
  ): void {
    switch (action.fault) {
      case "crash":
        this.#crash(machine, action.downMs);
        return;
      case "pause":
        machine.pause(action.forMs);
        return;
      case "transfer":
      case "membership":
        machine.operate(action);
        if (action.fault === "membership") this.#crashAfterChange(action);
        return;
      case "diskStall":
        machine.disk.stall(action.forMs);
        return;
      case "diskError":
      case "diskFull":
        machine.disk.failNextFlush(diskFailureOf[action.fault]);
        return;
      case "applyError":
        machine.failNextApply();
        return;
      case "bitRot":
        this.#damage(machine, ({ disk }) =>
          action.index === undefined ? disk.decaySnapshot("damaged") : disk.decayEntries([action.index]),
        );
        return;
      case "misdirectedWrite":
        this.#damage(machine, ({ disk }) => disk.decayEntries([action.index, action.over]));
        return;
      case "lostSnapshot":
        this.#damage(machine, ({ disk }) => disk.decaySnapshot("missing"));
        return;
      case "wipe":
        machine.wipe();
        this.#later(action.downMs, () => {
          if (!machine.isUp && !machine.isLost) machine.start();
        });
        return;
      case "wrongCluster":
        machine.crash();
        machine.start(machine.disk.durable.identity === undefined ? {} : { clusterId: "another" });
    }
  }

  /** It is noticed at the next start, and again at every other one. */
  #damage(machine: AnyMachine, decay: (machine: AnyMachine) => boolean): void {
    if (!decay(machine)) return;
    machine.crash();
    machine.start();
  }

  #crashAfterChange({ crashAll }: Extract<Action, { fault: "membership" }>): void {
    if (crashAll !== undefined) this.#later(crashAll.afterMs, () => this.#crashAll(crashAll.downMs));
  }

  #crashAll(downMs: Readonly<Record<string, number>>): void {
    this.#reached.everybodyDies(this.#machines.map(({ status }) => status));
    for (const [node, forMs] of Object.entries(downMs)) {
      this.#onRunning(node, (machine) => this.#crash(machine, forMs));
    }
  }

  /** Does nothing in a run that has no such build. */
  #upgrade({ node, build, downMs }: Extract<Action, { fault: "upgrade" }>): boolean {
    const machine = this.#running(node);
    if (machine === undefined || !this.#rollout.assign(node, build)) return false;
    this.#crash(machine, downMs);
    return true;
  }

  #crash(machine: AnyMachine, downMs: number): void {
    machine.crash();
    this.#later(downMs, () => {
      if (!machine.isUp && !machine.isLost) machine.start();
    });
  }

  #cutForAWhile(links: readonly LinkName[], forMs: number): boolean {
    this.#network.cut(links);
    this.#later(forMs, () => this.#network.restore(links));
    return links.length > 0;
  }

  #flap(links: readonly LinkName[], [downMs, upMs, ...rest]: readonly number[]): void {
    if (downMs === undefined) return;
    this.#network.cut(links);
    this.#later(downMs, () => {
      this.#network.restore(links);
      this.#later(upMs ?? 0, () => this.#flap(links, rest));
    });
  }

  #later(delayMs: number, undo: () => void): void {
    this.#world.after(delayMs, () => {
      if (!this.#isOver) undo();
    });
  }

  #onRunning(id: NodeId, harm: (machine: AnyMachine) => void): boolean {
    const victim = this.#running(id);
    if (victim === undefined) return false;
    harm(victim);
    return true;
  }

  #running(id: NodeId): AnyMachine | undefined {
    return this.#machines.find((machine) => machine.id === id && machine.isUp);
  }
}
