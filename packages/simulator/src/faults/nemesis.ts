// Injects the faults of nodes, links and disks at random moments, and takes them all back at the end. The faults of single
// messages, flushes and turns are settings of the ports.

import type { Machine } from "../machine.ts";
import type { Link, Network } from "../ports/network.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { FaultKind, FaultOptions } from "./fault-options.ts";
import { alone, bridge, oneWay, pair, split } from "./partitions.ts";

type AnyMachine = Pick<
  Machine<never, unknown, unknown>,
  | "id"
  | "disk"
  | "isUp"
  | "isLeader"
  | "hasStopped"
  | "start"
  | "crash"
  | "crashMidTurn"
  | "ambushNextLeader"
  | "pause"
  | "heal"
  | "process"
> & { readonly node: { transferLeadership(to?: string): Promise<unknown> } | undefined };

/** The faults that come as events. */
type EventKind = Exclude<
  FaultKind,
  "loss" | "duplicate" | "replay" | "delay" | "clockDrift" | "slowLoop" | "slowFlush" | "lateReport"
>;

const MINUTE_MS = 60_000;

/** Brings misfortune. */
export class Nemesis {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #network: Network;
  readonly #machines: readonly AnyMachine[];
  readonly #ids: readonly string[];
  readonly #counts: Record<FaultKind, number>;
  readonly #reached: { failStops: number; transfers: number };
  #isOver = false;

  constructor(options: {
    readonly world: World;
    readonly random: SeededRandom;
    readonly network: Network;
    readonly machines: readonly AnyMachine[];
    readonly counts: Record<FaultKind, number>;
    readonly reached: { failStops: number; transfers: number };
  }) {
    this.#world = options.world;
    this.#random = options.random;
    this.#network = options.network;
    this.#machines = options.machines;
    this.#ids = options.machines.map(({ id }) => id);
    this.#counts = options.counts;
    this.#reached = options.reached;
  }

  /** Begins to inject faults. */
  start(faults: FaultOptions): void {
    for (const [kind, inject] of Object.entries(this.#injections) as [EventKind, () => boolean][]) {
      if (faults[kind] > 0) this.#repeat(kind, MINUTE_MS / faults[kind], inject);
    }
    this.#supervise();
  }

  /** Takes everything back: from now on nothing goes wrong. */
  heal(): void {
    this.#isOver = true;
    this.#network.heal();
    for (const machine of this.#machines) machine.heal();
  }

  #repeat(kind: EventKind, everyMs: number, inject: () => boolean): void {
    this.#world.after(everyMs * this.#random.between(0.1, 1.9), () => {
      if (this.#isOver) return;
      if (inject()) {
        this.#counts[kind] += 1;
        this.#world.trace.note(this.#world.nowMs, "fault", kind, this.#counts[kind]);
      }
      this.#repeat(kind, everyMs, inject);
    });
  }

  /** A node that has stopped, or died in a turn, comes back after a while, as under a process supervisor. */
  #supervise(): void {
    this.#world.after(this.#random.between(200, 800), () => {
      if (this.#isOver) return;
      for (const machine of this.#machines) {
        if (machine.hasStopped) {
          this.#reached.failStops += 1;
          machine.crash();
        }
        if (!machine.isUp && this.#random.chance(0.5)) machine.start();
      }
      this.#supervise();
    });
  }

  /** Each returns whether there was something to do harm to. */
  readonly #injections: Readonly<Record<EventKind, () => boolean>> = {
    partition: () => this.#cutForAWhile(split(this.#ids, this.#random)),
    isolate: () => this.#cutForAWhile(alone(this.#ids, this.#victim().id)),
    oneWay: () => this.#cutForAWhile(oneWay(this.#ids, this.#random, this.#victim().id)),
    bridge: () => this.#cutForAWhile(bridge(this.#ids, this.#random)),
    flap: () => {
      const links = pair(this.#ids, this.#random);
      this.#flap(links, 2 * this.#random.integer(10) + 4);
      return links.length > 0;
    },
    crash: () => this.#onRunning((machine) => this.#crash(machine)),
    crashMidTurn: () =>
      this.#onRunning((machine) => {
        if (this.#random.chance(0.5)) machine.crashMidTurn();
        else machine.ambushNextLeader();
      }),
    crashAll: () => {
      for (const machine of this.#machines) if (machine.isUp) this.#crash(machine);
      return true;
    },
    pause: () => this.#onRunning((machine) => machine.pause(this.#random.heavyTail(600, 5_000))),
    transfer: () => this.#transfer(),
    diskStall: () => this.#onRunning(({ disk }) => disk.stall(this.#random.between(50, 5_000))),
    diskError: () => this.#onRunning(({ disk }) => disk.failNextFlush("error")),
    diskFull: () => this.#onRunning(({ disk }) => disk.failNextFlush("full")),
  };

  #crash(machine: AnyMachine): void {
    machine.crash();
    this.#world.after(this.#random.heavyTail(200, 4_000), () => {
      if (!this.#isOver && !machine.isUp) machine.start();
    });
  }

  #transfer(): boolean {
    const leader = this.#machines.find(({ isLeader }) => isLeader);
    const node = leader?.node;
    if (node === undefined || leader?.process?.isPaused === true) return false;
    const to = this.#random.chance(0.5) ? this.#random.pick(this.#ids) : undefined;
    node.transferLeadership(to).then(
      () => (this.#reached.transfers += 1),
      () => undefined,
    );
    this.#world.promisesSettled();
    return true;
  }

  #cutForAWhile(links: readonly Link[]): boolean {
    if (links.length === 0) return false;
    this.#network.cut(links);
    this.#world.after(this.#random.heavyTail(600, 8_000), () => {
      if (!this.#isOver) this.#network.restore(links);
    });
    return true;
  }

  /** `times` is even at first, so that the last change restores. */
  #flap(links: readonly Link[], times: number): void {
    if (this.#isOver || times === 0) return;
    if (times % 2 === 0) this.#network.cut(links);
    else this.#network.restore(links);
    this.#world.after(this.#random.between(80, 300), () => this.#flap(links, times - 1));
  }

  /** Leaders are the more interesting victims. */
  #victim(): AnyMachine {
    const leaders = this.#machines.filter(({ isLeader }) => isLeader);
    return leaders.length > 0 && this.#random.chance(0.5)
      ? this.#random.pick(leaders)
      : this.#random.pick(this.#machines);
  }

  #onRunning(harm: (machine: AnyMachine) => void): boolean {
    const victim = this.#victim();
    if (!victim.isUp) return false;
    harm(victim);
    return true;
  }
}
