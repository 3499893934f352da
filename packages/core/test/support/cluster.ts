// A few cores, a network and disks in virtual time, in one process. Small on purpose: it exists to tell stories about
// the core, with the laws that span servers checked after every event.

import {
  type ChangeRequest,
  type Entry,
  type Message,
  Raft,
  type RaftEvent,
  type RaftOptions,
  type RaftStatus,
} from "../../src/index.ts";
import { bytes, restoredFrom, text } from "./lone-server.ts";
import { Oracle } from "./oracle.ts";
import { seededRandom } from "./random.ts";

export type ClusterOptions = {
  readonly size: number;
  /** Default s1, s2, … */
  readonly names?: readonly string[];
  readonly seed?: number;
  readonly timing?: RaftOptions["timing"];
  readonly protection?: RaftOptions["protection"];
  readonly limits?: RaftOptions["limits"];
  readonly reads?: RaftOptions["reads"];
  readonly membership?: RaftOptions["membership"];
  /** Servers know their stores apart: each gets an incarnation, and another one when it is wiped. */
  readonly stores?: boolean;
  /** Milliseconds that a message travels. Default 1. */
  readonly delayMs?: number;
};

type Disk = { term: number; votedFor: string | undefined; entries: Entry[] };

type Machine = {
  readonly id: string;
  /** Counts the stores that the server has had. */
  readonly store: number;
  readonly disk: Disk;
  raft: Raft;
  isUp: boolean;
  applied: Entry[];
  readonly confirmedReads: { readonly readId: number; readonly index: number }[];
  readonly rejectedReads: number[];
  readonly events: RaftEvent[];
};

type Travelling = {
  readonly message: Message;
  readonly incarnation: string | undefined;
  readonly arrivesAt: number;
};

/** A cluster in virtual time. */
export class Cluster {
  readonly ids: readonly string[];
  now = 0;
  readonly #options: ClusterOptions;
  readonly #machines: Map<string, Machine>;
  readonly #random: () => number;
  readonly #cutLinks = new Set<string>();
  readonly #oracle = new Oracle();
  #travelling: Travelling[] = [];
  #isLost: (message: Message) => boolean = () => false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
    this.ids = options.names ?? Array.from({ length: options.size }, (_, position) => `s${position + 1}`);
    this.#machines = new Map(this.ids.map((id) => [id, this.#newMachine(id, emptyDisk(), 1)]));
  }

  // Looking

  status(id: string): RaftStatus {
    return this.#machine(id).raft.status();
  }

  raft(id: string): Raft {
    return this.#machine(id).raft;
  }

  events(id: string): readonly RaftEvent[] {
    return this.#machine(id).events;
  }

  /** Running servers that believe they lead. */
  leaders(): readonly string[] {
    return this.#up().filter((id) => this.status(id).role === "leader");
  }

  /** The leader of the latest term, if one is running. */
  leader(): string | undefined {
    return this.leaders().toSorted((a, b) => this.status(b).term - this.status(a).term)[0];
  }

  /** The commands that a server has applied, in order. */
  applied(id: string): readonly string[] {
    return this.#machine(id)
      .applied.filter((entry) => entry.kind === "command")
      .map(text);
  }

  /** The commands of a server's stored log, in order. */
  stored(id: string): readonly string[] {
    return this.#machine(id)
      .disk.entries.filter((entry) => entry.kind === "command")
      .map(text);
  }

  confirmedReads(id: string): readonly { readonly readId: number; readonly index: number }[] {
    return this.#machine(id).confirmedReads;
  }

  rejectedReads(id: string): readonly number[] {
    return this.#machine(id).rejectedReads;
  }

  // Acting

  /** Proposes at a server and returns whether and where it was accepted. */
  propose(id: string, command: string): ReturnType<Raft["propose"]> {
    const result = this.#machine(id).raft.propose(bytes(command));
    this.#settle(id);
    return result;
  }

  readIndex(id: string, options?: Parameters<Raft["readIndex"]>[0]): ReturnType<Raft["readIndex"]> {
    const result = this.#machine(id).raft.readIndex(options);
    this.#settle(id);
    return result;
  }

  proposeConfiguration(id: string, request: ChangeRequest): ReturnType<Raft["proposeConfiguration"]> {
    const result = this.#machine(id).raft.proposeConfiguration(request);
    this.#settle(id);
    return result;
  }

  transferLeadership(id: string, to?: string): ReturnType<Raft["transferLeadership"]> {
    const result = this.#machine(id).raft.transferLeadership(to);
    this.#settle(id);
    return result;
  }

  campaign(id: string): void {
    this.#machine(id).raft.campaign();
    this.#settle(id);
  }

  /** Cuts both directions between two servers. */
  cut(a: string, b: string): void {
    this.#cutLinks.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  /** Cuts one direction. */
  cutOneWay(from: string, to: string): void {
    this.#cutLinks.add(`${from}>${to}`);
  }

  isolate(id: string): void {
    for (const other of this.ids) if (other !== id) this.cut(id, other);
  }

  heal(): void {
    this.#cutLinks.clear();
  }

  /** Loses these messages from now on, on every link. */
  loseMessages(isLost: (message: Message) => boolean): void {
    this.#isLost = isLost;
  }

  /** Loses everything that is not on disk, and all messages to the server. */
  crash(id: string): void {
    this.#machine(id).isUp = false;
    this.#travelling = this.#travelling.filter(({ message }) => message.to !== id);
  }

  /** Starts again from disk with an empty state machine. */
  restart(id: string): void {
    const { disk, store: number } = this.#machine(id);
    this.#machines.set(id, this.#newMachine(id, disk, number));
  }

  /** Starts again without anything: the disk is gone, and the store that the server makes is a new one. */
  wipe(id: string): void {
    this.crash(id);
    this.#machines.set(id, this.#newMachine(id, emptyDisk(), this.#machine(id).store + 1));
  }

  /** Lets time pass. */
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) this.#millisecond();
  }

  /** Lets time pass until the condition holds; fails after `limitMs`. */
  runUntil(condition: () => boolean, limitMs = 10_000, what: string = condition.toString()): void {
    for (const end = this.now + limitMs; this.now < end; ) {
      if (condition()) return;
      this.#millisecond();
    }
    if (!condition()) throw new Error(`not within ${limitMs} ms: ${what}\n${this.describe()}`);
  }

  /** Runs until somebody leads and has committed an entry of its term; returns its id. */
  elect(): string {
    let leader: string | undefined;
    const isReady = () => {
      leader = this.leader();
      return leader !== undefined && this.status(leader).commitIndex === this.status(leader).lastIndex;
    };
    this.runUntil(isReady, 10_000, "a leader that has committed an entry of its term");
    return leader ?? "";
  }

  /** Makes one particular server the leader of a later term. */
  electThis(id: string): void {
    for (let attempt = 0; attempt < 20 && this.leader() !== id; attempt++) {
      // Others must stop hearing the old leader before they vote for somebody else.
      const old = this.leader();
      if (old !== undefined && old !== id) this.isolate(old);
      this.runUntil(() => this.#up().every((server) => server === old || this.#heardNobody(server)), 1_000);
      this.heal();
      this.campaign(id);
      this.run(20);
    }
    this.runUntil(() => this.leader() === id && this.status(id).commitIndex === this.status(id).lastIndex);
  }

  describe(): string {
    return this.ids
      .map((id) => {
        const { role, term, commitIndex, lastIndex } = this.status(id);
        const up = this.#machine(id).isUp ? role : "down";
        return `${id} ${up} term ${term} commit ${commitIndex} last ${lastIndex} [${this.stored(id).join(" ")}]`;
      })
      .join("\n");
  }

  // The machinery

  #heardNobody(id: string): boolean {
    const { leaderHeardMsAgo, role } = this.status(id);
    return role !== "leader" && (leaderHeardMsAgo === undefined || leaderHeardMsAgo > 150);
  }

  #millisecond(): void {
    this.now += 1;
    const due = this.#travelling.filter(({ arrivesAt }) => arrivesAt <= this.now);
    this.#travelling = this.#travelling.filter(({ arrivesAt }) => arrivesAt > this.now);
    for (const travelling of due) this.#deliver(travelling);
    for (const id of this.#up()) {
      if (this.now >= this.raft(id).nextDeadline()) this.raft(id).tick(this.now);
      this.#settle(id);
    }
  }

  #deliver({ message, incarnation }: Travelling): void {
    if (this.#cutLinks.has(`${message.from}>${message.to}`) || this.#isLost(message)) return;
    const machine = this.#machines.get(message.to);
    if (machine === undefined || !machine.isUp) return;
    machine.raft.step(message, this.now, incarnation);
    this.#settle(message.to);
  }

  /** Does what a core asks for, with a disk that is instantly durable. */
  #settle(id: string): void {
    const machine = this.#machine(id);
    for (let isBusy = true; isBusy; ) {
      const ready = machine.raft.ready();
      for (const message of ready.messages) {
        const incarnation = this.#incarnation(id, machine.store);
        this.#travelling.push({ message, incarnation, arrivesAt: this.now + (this.#options.delayMs ?? 1) });
      }
      for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
        machine.raft.logRead(logReadId, machine.disk.entries.slice(firstIndex - 1, lastIndex));
      }
      if (ready.write !== undefined) {
        store(machine.disk, ready.write);
        machine.raft.persisted(ready.write.sequence);
      }
      machine.applied.push(...ready.committed);
      const last = ready.committed.at(-1);
      if (last !== undefined) machine.raft.applied(last.index);
      machine.confirmedReads.push(...ready.confirmedReads);
      machine.rejectedReads.push(...ready.rejectedReads.map(({ readId }) => readId));
      machine.events.push(...ready.events);
      isBusy = ready.write !== undefined || ready.committed.length > 0 || ready.logReads.length > 0;
    }
    this.#oracle.look(id, machine.raft.status(), machine.applied, { base: 0, entries: machine.disk.entries });
  }

  #incarnation(id: string, number: number): string | undefined {
    return this.#options.stores === true ? `${id}, store ${number}` : undefined;
  }

  #newMachine(id: string, disk: Disk, number: number): Machine {
    const { timing, protection, limits, reads, membership } = this.#options;
    const incarnation = this.#incarnation(id, number);
    const raft = new Raft(
      {
        id,
        configuration: { voters: this.ids, learners: [] },
        random: this.#random,
        checkInvariants: true,
        ...(timing && { timing }),
        ...(protection && { protection }),
        ...(limits && { limits }),
        ...(reads && { reads }),
        ...(membership && { membership }),
        ...(incarnation !== undefined && { incarnation }),
      },
      restoredFrom(disk.entries, disk.term, disk.votedFor),
    );
    raft.tick(this.now);
    return {
      id,
      store: number,
      disk,
      raft,
      isUp: true,
      applied: [],
      confirmedReads: [],
      rejectedReads: [],
      events: [],
    };
  }

  #up(): readonly string[] {
    return this.ids.filter((id) => this.#machine(id).isUp);
  }

  #machine(id: string): Machine {
    const machine = this.#machines.get(id);
    if (machine === undefined) throw new Error(`no server ${id}`);
    return machine;
  }
}

function emptyDisk(): Disk {
  return { term: 0, votedFor: undefined, entries: [] };
}

function store(disk: Disk, write: NonNullable<ReturnType<Raft["ready"]>["write"]>): void {
  if (write.truncateFrom !== undefined) disk.entries.splice(write.truncateFrom - 1);
  disk.entries.push(...write.entries);
  if (write.hardState === undefined) return;
  disk.term = write.hardState.term;
  disk.votedFor = write.hardState.votedFor;
}
