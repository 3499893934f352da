// Cores under everything that Raft must survive: messages lost, repeated, late and out of order, slow disks that lose what
// was not yet written, crashes, partitions. One seed decides all of it. When the faults stop, the cluster must converge.

import { type Entry, type MembershipChange, type Message, Raft, type Ready } from "../../src/index.ts";
import { bytes, restoredFrom, text } from "./lone-server.ts";
import { Oracle } from "./oracle.ts";
import { seededRandom } from "./random.ts";

type Write = NonNullable<Ready["write"]>;

type Machine = {
  readonly id: string;
  raft: Raft;
  disk: { term: number; votedFor: string | undefined; entries: Entry[] };
  /** Handed to the disk, not durable: lost in a crash. */
  writes: { readonly write: Write; readonly doneAt: number }[];
  applied: Entry[];
  isUp: boolean;
  wakesAt: number;
};

/** What a run has seen; a run in which little happened proves little. */
export type ChaosReport = {
  readonly committed: number;
  readonly leaders: number;
  readonly crashes: number;
  readonly truncations: number;
  /** Configurations that came into use on some server. */
  readonly configurations: number;
  /** Joint ones among them. */
  readonly joint: number;
};

/** Servers that run without belonging to the cluster until a change adds them. */
const SPARE_SERVERS = 2;

/** One cluster with one seed. */
export class Chaos {
  readonly #random: () => number;
  readonly #machines: Machine[];
  readonly #oracle = new Oracle();
  readonly #protection: { preVote: boolean; leaderLease: boolean; checkQuorum: boolean };
  #travelling: { readonly message: Message; readonly arrivesAt: number }[] = [];
  #cut = new Set<string>();
  #now = 0;
  #proposed = 0;
  #crashes = 0;
  #truncations = 0;
  #configurations = 0;
  #joint = 0;
  readonly #founders: readonly string[];
  readonly #terms = new Set<number>();

  constructor(seed: number, size: number) {
    this.#random = seededRandom(seed);
    this.#protection = { preVote: this.#chance(0.7), leaderLease: this.#chance(0.7), checkQuorum: true };
    const ids = Array.from({ length: size + SPARE_SERVERS }, (_, position) => `n${position + 1}`);
    this.#founders = ids.slice(0, size);
    this.#machines = ids.map((id) => {
      const disk = { term: 0, votedFor: undefined, entries: [] };
      return { id, disk, raft: this.#boot(id, disk), writes: [], applied: [], isUp: true, wakesAt: 0 };
    });
  }

  /** Faults for a while, then none; throws if a law is broken or the cluster does not become one again. */
  run(faultyMs: number): ChaosReport {
    for (const end = this.#now + faultyMs; this.#now < end; ) this.#millisecond(true);
    this.#cut.clear();
    for (const machine of this.#machines) if (!machine.isUp) this.#restart(machine);
    const target = `final ${this.#proposed}`;
    const hasConverged = () => this.#members().every(({ applied }) => applied.some((entry) => text(entry) === target));
    for (const end = this.#now + 5_000; this.#now < end && !hasConverged(); ) {
      if (this.#now % 100 === 0) this.#leader()?.raft.propose(bytes(target));
      this.#millisecond(false);
    }
    if (!hasConverged()) throw new Error(`no convergence:\n${this.#describe()}`);
    return {
      committed: this.#leader()?.applied.length ?? 0,
      leaders: this.#terms.size,
      crashes: this.#crashes,
      truncations: this.#truncations,
      configurations: this.#configurations,
      joint: this.#joint,
    };
  }

  /** The servers of the configuration that the latest leader uses; all of them if nobody leads. */
  #members(): readonly Machine[] {
    const configuration = this.#leader()?.raft.status().configuration;
    if (configuration === undefined) return this.#machines;
    const { voters, learners, outgoing = [] } = configuration;
    return this.#machines.filter(({ id }) => [...voters, ...learners, ...outgoing].includes(id));
  }

  #millisecond(isFaulty: boolean): void {
    this.#now += 1;
    if (isFaulty) this.#misfortune();
    const due = this.#travelling.filter(({ arrivesAt }) => arrivesAt <= this.#now);
    this.#travelling = this.#travelling.filter(({ arrivesAt }) => arrivesAt > this.#now);
    for (const { message } of due) this.#deliver(message);
    for (const machine of this.#machines) {
      if (!machine.isUp) continue;
      this.#completeWrites(machine);
      if (this.#now >= machine.raft.nextDeadline()) machine.raft.tick(this.#now);
      if (isFaulty && this.#chance(0.05)) {
        this.#proposed += 1;
        machine.raft.propose(bytes(`command ${this.#proposed}`));
      }
      this.#perform(machine, isFaulty);
    }
  }

  #misfortune(): void {
    const machine = this.#machines[Math.floor(this.#random() * this.#machines.length)];
    if (machine === undefined) return;
    if (this.#chance(0.002)) this.#crash(machine);
    if (!machine.isUp && this.#chance(0.02)) this.#restart(machine);
    if (this.#chance(0.003)) this.#cutSomething();
    if (this.#chance(0.004)) this.#cut.clear();
    if (this.#chance(0.002)) this.#leader()?.raft.transferLeadership();
    if (this.#chance(0.02)) this.#changeMembership();
  }

  /** One to three changes as one step; those that do not fit are refused by the core. */
  #changeMembership(): void {
    const changes = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => this.#someChange());
    this.#leader()?.raft.proposeConfiguration({ changes, force: this.#chance(0.5) });
  }

  #someChange(): MembershipChange {
    const types = ["addLearner", "promote", "promote", "demote", "remove"] as const;
    const type = types[Math.floor(this.#random() * types.length)] ?? "promote";
    return { type, id: this.#machines[Math.floor(this.#random() * this.#machines.length)]?.id ?? "" };
  }

  #cutSomething(): void {
    const isOneWay = this.#chance(0.3);
    for (const { id: from } of this.#machines) {
      for (const { id: to } of this.#machines) {
        if (!this.#chance(0.4)) continue;
        this.#cut.add(`${from}>${to}`);
        if (!isOneWay) this.#cut.add(`${to}>${from}`);
      }
    }
  }

  #deliver(message: Message): void {
    const machine = this.#machines.find(({ id }) => id === message.to);
    if (machine === undefined || !machine.isUp || this.#cut.has(`${message.from}>${message.to}`)) return;
    machine.raft.step(message, this.#now);
  }

  #perform(machine: Machine, isFaulty: boolean): void {
    const ready = machine.raft.ready();
    if (ready.write !== undefined) {
      const slow = this.#chance(0.02) ? 200 : 5;
      // The disk keeps the order of writes, so none is durable before the one ahead of it.
      const earliest = machine.writes.at(-1)?.doneAt ?? 0;
      const doneAt = Math.max(earliest, this.#now + Math.floor(this.#random() * slow));
      machine.writes.push({ write: ready.write, doneAt });
    }
    for (const message of ready.messages) this.#send(message, isFaulty);
    for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
      machine.raft.logRead(logReadId, logOf(machine).slice(firstIndex - 1, lastIndex));
    }
    machine.applied.push(...ready.committed);
    const last = ready.committed.at(-1);
    if (last !== undefined) machine.raft.applied(last.index);
    this.#truncations += ready.events.filter(({ type }) => type === "entriesTruncated").length;
    const changes = ready.events.filter((event) => event.type === "configurationChanged");
    this.#configurations += changes.length;
    this.#joint += changes.filter(({ configuration }) => configuration.outgoing !== undefined).length;
    const status = machine.raft.status();
    if (status.role === "leader") this.#terms.add(status.term);
    this.#oracle.look(machine.id, status, machine.applied, logOf(machine));
  }

  #send(message: Message, isFaulty: boolean): void {
    if (isFaulty && this.#chance(0.05)) return;
    const copies = isFaulty && this.#chance(0.05) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = isFaulty && this.#chance(0.01) ? 1_500 : 8;
      this.#travelling.push({ message, arrivesAt: this.#now + 1 + Math.floor(this.#random() * late) });
    }
  }

  #completeWrites(machine: Machine): void {
    const done = machine.writes.filter(({ doneAt }) => doneAt <= this.#now);
    machine.writes = machine.writes.filter(({ doneAt }) => doneAt > this.#now);
    for (const { write } of done) store(machine, write);
    // Completions may be reported in another order than they happened.
    if (this.#chance(0.3)) done.reverse();
    for (const { write } of done) machine.raft.persisted(write.sequence);
  }

  #crash(machine: Machine): void {
    if (!machine.isUp) return;
    this.#crashes += 1;
    machine.isUp = false;
    // Any number of the writes under way may have reached the disk, in order.
    const survivors = Math.floor(this.#random() * (machine.writes.length + 1));
    for (const { write } of machine.writes.slice(0, survivors)) store(machine, write);
    machine.writes = [];
  }

  #restart(machine: Machine): void {
    machine.raft = this.#boot(machine.id, machine.disk);
    machine.applied = [];
    machine.isUp = true;
  }

  #boot(id: string, disk: Machine["disk"]): Raft {
    const raft = new Raft(
      {
        id,
        configuration: { voters: this.#founders, learners: [] },
        random: this.#random,
        checkInvariants: true,
        protection: this.#protection,
        // Small, so that windows fill up and old entries are read back from the disk.
        limits: { maxAppendBytes: 300, maxInflightMessages: 4, maxCachedBytes: 500, maxApplyBytes: 300 },
      },
      restoredFrom(disk.entries, disk.term, disk.votedFor),
    );
    raft.tick(this.#now);
    return raft;
  }

  #leader(): Machine | undefined {
    const leading = this.#machines.filter(({ raft }) => raft.status().role === "leader");
    return leading.toSorted((a, b) => b.raft.status().term - a.raft.status().term)[0];
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #describe(): string {
    return this.#machines.map(({ raft }) => `${raft.explain()} ${JSON.stringify(raft.status())}`).join("\n");
  }
}

/** The log as the storage shows it: with writes that are still under way. */
function logOf(machine: Machine): readonly Entry[] {
  const view = { disk: { ...machine.disk, entries: [...machine.disk.entries] } };
  for (const { write } of machine.writes) store(view, write);
  return view.disk.entries;
}

function store({ disk }: Pick<Machine, "disk">, write: Write): void {
  if (write.truncateFrom !== undefined) disk.entries.splice(write.truncateFrom - 1);
  disk.entries.push(...write.entries);
  if (write.hardState === undefined) return;
  disk.term = write.hardState.term;
  disk.votedFor = write.hardState.votedFor;
}
