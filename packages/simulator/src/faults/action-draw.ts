// Lets chance decide what exactly a fault does, and to whom.

import type { NodeId } from "@quorate/contracts";
import type { Rollout } from "../builds/rollout.ts";
import type { SeededRandom } from "../world/random.ts";
import type { Action, CutFault, LinkName } from "./action.ts";
import type { Budget } from "./budget.ts";
import { drawChanges } from "./membership.ts";
import type { AnyMachine } from "./nemesis.ts";
import { alone, bridge, linksOf, oneWay, pair, split } from "./partitions.ts";

/** The faults that come as events. */
export type EventFault = Action["fault"];

/** Draws actions. */
export class ActionDraw {
  readonly #random: SeededRandom;
  readonly #machines: readonly AnyMachine[];
  readonly #ids: readonly NodeId[];
  readonly #budget: Budget;
  readonly #rollout: Rollout;

  constructor(options: {
    readonly random: SeededRandom;
    readonly machines: readonly AnyMachine[];
    readonly budget: Budget;
    readonly rollout: Rollout;
  }) {
    this.#random = options.random;
    this.#machines = options.machines;
    this.#ids = options.machines.map(({ id }) => id);
    this.#budget = options.budget;
    this.#rollout = options.rollout;
  }

  get kinds(): readonly EventFault[] {
    return Object.keys(this.#draws) as EventFault[];
  }

  /** One action of a kind; undefined if there is nothing to do harm to. */
  next(fault: EventFault): Action | undefined {
    return this.#draws[fault]();
  }

  readonly #draws: Readonly<Record<EventFault, () => Action | undefined>> = {
    partition: () => this.#cut("partition", split(this.#ids, this.#random)),
    isolate: () => this.#cut("isolate", alone(this.#ids, this.#victim().id)),
    oneWay: () => this.#cut("oneWay", oneWay(this.#ids, this.#random, this.#victim().id)),
    bridge: () => this.#cut("bridge", bridge(this.#ids, this.#random)),
    flap: () => {
      const links = pair(this.#ids, this.#random);
      const periodsMs = Array.from({ length: 2 * this.#random.integer(10) + 4 }, () => this.#random.between(80, 300));
      return links.length === 0 ? undefined : { fault: "flap", links, periodsMs };
    },
    slowLink: () => {
      const links = linksOf(this.#ids, this.#random, this.#victim().id);
      const messageMs = this.#random.heavyTail(30, 500);
      const forMs = this.#random.heavyTail(1_000, 8_000);
      return links.length === 0 ? undefined : { fault: "slowLink", links, messageMs, forMs };
    },
    crash: () => this.#onRunning(({ id }) => ({ fault: "crash", node: id, downMs: this.#downMs() })),
    crashMidTurn: () => {
      if (this.#random.chance(0.5)) {
        return this.#onRunning(({ id }) => ({ fault: "crashMidTurn", node: id, effects: this.#random.integer(6) }));
      }
      return { fault: "crashMidTurn", node: "next leader", effects: this.#random.integer(12) };
    },
    crashAll: () => ({ fault: "crashAll", downMs: this.#downMsOfAll() }),
    pause: () => this.#onRunning(({ id }) => ({ fault: "pause", node: id, forMs: this.#random.heavyTail(600, 5_000) })),
    transfer: () => {
      const leader = this.#leader();
      if (leader === undefined) return undefined;
      const to = this.#random.chance(0.5) ? this.#random.pick(this.#ids) : undefined;
      return { fault: "transfer", node: leader.id, ...(to !== undefined && { to }) };
    },
    membership: () => this.#membership(),
    wrongCluster: () => this.#onRunning(({ id }) => ({ fault: "wrongCluster", node: id })),
    diskStall: () =>
      this.#onRunning(({ id }) => ({ fault: "diskStall", node: id, forMs: this.#random.between(50, 5_000) })),
    diskError: () => this.#onRunning(({ id }) => ({ fault: "diskError", node: id })),
    diskFull: () => this.#onRunning(({ id }) => ({ fault: "diskFull", node: id })),
    wipe: () =>
      this.#onRunning(({ id }) =>
        this.#budget.affords(id) ? { fault: "wipe", node: id, downMs: this.#downMs() } : undefined,
      ),
    bitRot: () => this.#onRunning((machine) => this.#bitRot(machine)),
    misdirectedWrite: () => this.#onRunning((machine) => this.#misdirectedWrite(machine)),
    lostSnapshot: () =>
      this.#onRunning(({ id, disk }) => {
        const isNeeded = disk.durable.snapshot !== undefined && disk.durable.base.index > 0;
        return isNeeded && this.#budget.affords(id) ? { fault: "lostSnapshot", node: id } : undefined;
      }),
    applyError: () => this.#onRunning(({ id }) => ({ fault: "applyError", node: id })),
    upgrade: () =>
      this.#onRunning(({ id }) => {
        const build = this.#rollout.draw(id, this.#random);
        return build === undefined ? undefined : { fault: "upgrade", node: id, build, downMs: this.#downMs() };
      }),
  };

  #membership(): Action | undefined {
    const leader = this.#leader();
    const configuration = leader?.status?.configuration;
    if (leader === undefined || configuration === undefined) return undefined;
    const changes = drawChanges({
      configuration,
      ids: this.#ids,
      isIntact: (id) => this.#budget.isIntact(id, configuration),
      random: this.#random,
    });
    if (changes === undefined) return undefined;
    const force = this.#random.chance(0.5);
    const dies = this.#random.chance(0.25);
    const effects = this.#random.integer(16);
    const crashAll = { afterMs: this.#random.between(0, 10), downMs: this.#downMsOfAll() };
    const end = dies ? (this.#random.chance(0.2) ? { crashAll } : { effects }) : {};
    return { fault: "membership", node: leader.id, changes, force, ...end };
  }

  #bitRot(machine: AnyMachine): Action | undefined {
    const { base, lastIndex, snapshot } = machine.disk.durable;
    const inSnapshot = snapshot !== undefined && this.#random.chance(0.3);
    const index = base.index + 1 + this.#random.integer(Math.max(1, lastIndex - base.index));
    if (!this.#budget.affords(machine.id) || (!inSnapshot && lastIndex === base.index)) return undefined;
    return { fault: "bitRot", node: machine.id, ...(!inSnapshot && { index }) };
  }

  #misdirectedWrite(machine: AnyMachine): Action | undefined {
    const { base, lastIndex } = machine.disk.durable;
    const draw = (): number => base.index + 1 + this.#random.integer(lastIndex - base.index);
    const [index, over] = [draw(), draw()];
    if (!this.#budget.affords(machine.id) || lastIndex === base.index || index === over) return undefined;
    return { fault: "misdirectedWrite", node: machine.id, index, over };
  }

  #cut(fault: CutFault, links: readonly LinkName[]): Action | undefined {
    const forMs = this.#random.heavyTail(600, 8_000);
    return links.length === 0 ? undefined : { fault, links, forMs };
  }

  #downMs(): number {
    return this.#random.heavyTail(200, 4_000);
  }

  #downMsOfAll(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#machines.filter(({ isUp }) => isUp).map(({ id }) => [id, this.#downMs()]));
  }

  #leader(): AnyMachine | undefined {
    return this.#machines.find(({ isLeader, process }) => isLeader && process?.isPaused === false);
  }

  /** Leaders are the more interesting victims. */
  #victim(): AnyMachine {
    const leaders = this.#machines.filter(({ isLeader }) => isLeader);
    return leaders.length > 0 && this.#random.chance(0.5)
      ? this.#random.pick(leaders)
      : this.#random.pick(this.#machines);
  }

  #onRunning(draw: (machine: AnyMachine) => Action | undefined): Action | undefined {
    const victim = this.#victim();
    return victim.isUp ? draw(victim) : undefined;
  }
}
