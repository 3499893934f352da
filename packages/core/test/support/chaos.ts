// Cores under everything that Raft must survive: messages lost, repeated, late and out of order, slow disks that lose what
// was not yet written, crashes, partitions, lost disks. One seed decides all of it. When the faults stop, the cluster must
// converge.

import {
  type Configuration,
  type ConfirmedRead,
  encodeConfiguration,
  type Entry,
  type MembershipChange,
  type Message,
  Raft,
  type SnapshotRequest,
} from "../../src/index.ts";
import { ChaosDisk, type Snapshot } from "./chaos-disk.ts";
import { bytes, text } from "./lone-server.ts";
import { Oracle } from "./oracle.ts";
import { seededRandom } from "./random.ts";

type Machine = {
  readonly id: string;
  raft: Raft;
  disk: ChaosDisk;
  /** Counts the disks that the server has had. */
  store: number;
  /** What was committed for certain when a read began; its answer must not be older. */
  reads: Map<number, number>;
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
  /** Snapshots that replaced a part of somebody's log. */
  readonly installed: number;
  /** Servers that lost their disk. */
  readonly wiped: number;
  /** Reads that were confirmed at servers that did not lead. */
  readonly forwarded: number;
};

/** Servers that run without belonging to the cluster until a change adds them. */
const SPARE_SERVERS = 2;

/** One cluster with one seed. */
export class Chaos {
  readonly #random: () => number;
  readonly #machines: Machine[];
  readonly #oracle = new Oracle();
  readonly #protection: { preVote: boolean; leaderLease: boolean; checkQuorum: boolean };
  #travelling: { readonly message: Message; readonly incarnation: string | undefined; readonly arrivesAt: number }[] =
    [];
  #cut = new Set<string>();
  #now = 0;
  #proposed = 0;
  #crashes = 0;
  #truncations = 0;
  #configurations = 0;
  #joint = 0;
  #installed = 0;
  #wiped = 0;
  #lastWipeAt = Number.NEGATIVE_INFINITY;
  #forwarded = 0;
  #lastCommitted = 0;
  /** All snapshots ever taken, by the entry they end with. */
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #founders: readonly string[];
  /** Without them a server that lost its disk must not come back, so none does. */
  readonly #hasStores: boolean;
  readonly #terms = new Set<number>();

  constructor(seed: number, size: number) {
    this.#random = seededRandom(seed);
    this.#hasStores = this.#chance(0.7);
    this.#protection = { preVote: this.#chance(0.7), leaderLease: this.#chance(0.7), checkQuorum: true };
    const ids = Array.from({ length: size + SPARE_SERVERS }, (_, position) => `n${position + 1}`);
    this.#founders = ids.slice(0, size);
    this.#machines = ids.map((id) => {
      const disk = new ChaosDisk();
      const raft = this.#boot(id, disk, 1);
      return { id, disk, raft, store: 1, reads: new Map(), applied: [], isUp: true, wakesAt: 0 };
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
      installed: this.#installed,
      wiped: this.#wiped,
      forwarded: this.#forwarded,
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
    for (const { message, incarnation } of due) this.#deliver(message, incarnation);
    for (const machine of this.#machines) {
      if (!machine.isUp) continue;
      this.#completeWrites(machine);
      if (this.#now >= machine.raft.nextDeadline()) machine.raft.tick(this.#now);
      if (isFaulty && this.#chance(0.05)) {
        this.#proposed += 1;
        machine.raft.propose(bytes(`command ${this.#proposed}`));
      }
      if (isFaulty && this.#chance(0.02)) this.#read(machine);
      this.#perform(machine, isFaulty);
    }
  }

  #read({ raft, reads }: Machine): void {
    const read = raft.readIndex({ forward: true });
    if (read.accepted) reads.set(read.readId, this.#lastCommitted);
  }

  #confirm({ id, raft, reads }: Machine, { readId, index }: ConfirmedRead): void {
    const floor = reads.get(readId) ?? 0;
    if (index < floor) throw new Error(`${id} may read at ${index}, but ${floor} was committed before the read began`);
    if (!raft.isLeader) this.#forwarded += 1;
  }

  #misfortune(): void {
    const machine = this.#machines[Math.floor(this.#random() * this.#machines.length)];
    if (machine === undefined) return;
    if (this.#chance(0.002)) this.#crash(machine);
    if (!machine.isUp && this.#chance(0.02)) this.#restart(machine);
    if (this.#chance(0.002)) this.#wipe(machine);
    if (this.#chance(0.003)) this.#cutSomething();
    if (this.#chance(0.004)) this.#cut.clear();
    if (this.#chance(0.002)) this.#leader()?.raft.transferLeadership();
    if (this.#chance(0.02)) this.#changeMembership();
    if (this.#chance(0.01)) this.#takeSnapshot(machine);
  }

  /**
   * The disk is lost, if everybody whose configuration counts on it can do without: the others know what it knew. A learner
   * may be promoted at any moment, so it is not spared lightly either.
   */
  #wipe(machine: Machine): void {
    const isNeeded = this.#configurationsInUse().some(
      (configuration) =>
        [...votersOf(configuration), ...configuration.learners].includes(machine.id) &&
        (configuration.outgoing !== undefined || configuration.voters.length < 3 || !this.#isWhole(configuration)),
    );
    if (!this.#hasStores || isNeeded) return;
    this.#crash(machine);
    machine.disk = new ChaosDisk();
    machine.store += 1;
    this.#wiped += 1;
    this.#lastWipeAt = this.#now;
    this.#restart(machine);
  }

  #configurationsInUse(): readonly Configuration[] {
    return this.#machines.flatMap(({ raft }) => raft.configurationsInUse);
  }

  /** True if every voter still has the store that counts for it. */
  #isWhole(configuration: Configuration): boolean {
    const storeOf = new Map(this.#machines.map(({ id, store }) => [id, incarnationOf(id, store)]));
    return votersOf(configuration).every((id) => storeOf.get(id) === incarnationIn(configuration, id));
  }

  /** The log forgets most of what the snapshot contains; a short tail stays for peers that lag a little. */
  #takeSnapshot({ raft, disk, applied, isUp }: Machine): void {
    const last = applied.at(-1);
    if (!isUp || last === undefined || last.index <= (disk.snapshot?.position.index ?? 0)) return;
    const position = { index: last.index, term: last.term, configuration: raft.configurationAt(last.index) };
    disk.snapshot = { position, applied: [...applied] };
    this.#snapshots.set(`${last.index}:${last.term}`, disk.snapshot);
    raft.compact(last.index - Math.floor(this.#random() * 5));
  }

  /** Peers that wait for a snapshot get the latest one, again and again, until they have it. */
  #sendSnapshots({ id, raft, disk, store }: Machine, isFaulty: boolean): void {
    const { term, peers } = raft.status();
    if (disk.snapshot === undefined) return;
    const { position } = disk.snapshot;
    for (const { id: to, mode } of peers) {
      if (mode !== "snapshot" || !this.#chance(0.1)) continue;
      const { index: lastIncludedIndex, term: lastIncludedTerm } = position;
      const configuration = encodeConfiguration(position.configuration);
      const content = { sizeBytes: 0, checksum: 0, offsetBytes: 0, data: new Uint8Array(0) };
      const place = { lastIncludedIndex, lastIncludedTerm, configuration };
      const message = { type: "snapshotRequest", from: id, to, term, ...place, ...content } as const;
      this.#send({ message, incarnation: incarnationOf(id, store) }, isFaulty);
    }
  }

  #install(machine: Machine, { lastIncludedIndex, lastIncludedTerm }: SnapshotRequest): void {
    const snapshot = this.#snapshots.get(`${lastIncludedIndex}:${lastIncludedTerm}`);
    if (snapshot === undefined || !machine.raft.snapshotInstalled(snapshot.position)) return;
    machine.disk.snapshot = snapshot;
    machine.applied = [...snapshot.applied];
    this.#installed += 1;
  }

  /** One to three changes as one step; those that do not fit are refused by the core. */
  #changeMembership(): void {
    const changes = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => this.#someChange());
    // For a moment after a loss, a leader takes the server for alive that will never come back as what it was; and late
    // messages speak for it. Whoever makes a change then may well lose the cluster.
    if (this.#now < this.#lastWipeAt + 2_000) return;
    const force =
      this.#chance(0.5) && this.#configurationsInUse().every((each) => !this.#hasStores || this.#isWhole(each));
    this.#leader()?.raft.proposeConfiguration({ changes, force });
  }

  #someChange(): MembershipChange {
    const types = ["addLearner", "promote", "promote", "demote", "remove", "prioritize"] as const;
    const type = types[Math.floor(this.#random() * types.length)] ?? "promote";
    const id = this.#machines[Math.floor(this.#random() * this.#machines.length)]?.id ?? "";
    if (type === "prioritize") return { type, id, priority: Math.floor(this.#random() * 3) };
    return type === "addLearner" ? { type, id, promotes: this.#chance(0.5) } : { type, id };
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

  #deliver(message: Message, incarnation: string | undefined): void {
    const machine = this.#machines.find(({ id }) => id === message.to);
    if (machine === undefined || !machine.isUp || this.#cut.has(`${message.from}>${message.to}`)) return;
    machine.raft.step(message, this.#now, incarnation);
  }

  #perform(machine: Machine, isFaulty: boolean): void {
    const ready = machine.raft.ready();
    const doneAt = this.#now + Math.floor(this.#random() * (this.#chance(0.02) ? 200 : 5));
    if (ready.compactTo !== undefined) machine.disk.compact(ready.compactTo, doneAt);
    if (ready.write !== undefined) machine.disk.write(ready.write, doneAt);
    const incarnation = this.#hasStores ? incarnationOf(machine.id, machine.store) : undefined;
    for (const message of ready.messages) this.#send({ message, incarnation }, isFaulty);
    for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
      const { base, entries } = machine.disk.view();
      const wanted = firstIndex <= base ? [] : entries.slice(firstIndex - base - 1, lastIndex - base);
      machine.raft.logRead(logReadId, wanted);
    }
    machine.applied.push(...ready.committed);
    const last = ready.committed.at(-1);
    if (last !== undefined) machine.raft.applied(last.index);
    this.#lastCommitted = Math.max(this.#lastCommitted, last?.index ?? 0);
    for (const read of ready.confirmedReads) this.#confirm(machine, read);
    for (const chunk of ready.snapshotChunks) this.#install(machine, chunk);
    this.#sendSnapshots(machine, isFaulty);
    this.#truncations += ready.events.filter(({ type }) => type === "entriesTruncated").length;
    const changes = ready.events.filter((event) => event.type === "configurationChanged");
    this.#configurations += changes.length;
    this.#joint += changes.filter(({ configuration }) => configuration.outgoing !== undefined).length;
    const status = machine.raft.status();
    if (status.role === "leader") this.#terms.add(status.term);
    this.#oracle.look(machine.id, status, machine.applied, machine.disk.view());
  }

  #send(sent: { readonly message: Message; readonly incarnation: string | undefined }, isFaulty: boolean): void {
    if (isFaulty && this.#chance(0.05)) return;
    const copies = isFaulty && this.#chance(0.05) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = isFaulty && this.#chance(0.01) ? 1_500 : 8;
      this.#travelling.push({ ...sent, arrivesAt: this.#now + 1 + Math.floor(this.#random() * late) });
    }
  }

  #completeWrites(machine: Machine): void {
    const done = machine.disk.complete(this.#now);
    // Completions may be reported in another order than they happened.
    if (this.#chance(0.3)) done.reverse();
    for (const sequence of done) machine.raft.persisted(sequence);
  }

  #crash(machine: Machine): void {
    if (!machine.isUp) return;
    this.#crashes += 1;
    machine.isUp = false;
    // Any number of the writes under way may have reached the disk, in order.
    machine.disk.crash(this.#random());
  }

  #restart(machine: Machine): void {
    machine.raft = this.#boot(machine.id, machine.disk, machine.store);
    machine.reads = new Map();
    machine.applied = [...(machine.disk.snapshot?.applied ?? [])];
    machine.isUp = true;
  }

  #boot(id: string, disk: ChaosDisk, store: number): Raft {
    const raft = new Raft(
      {
        id,
        ...(this.#hasStores && { incarnation: incarnationOf(id, store) }),
        configuration: { voters: this.#founders, learners: [] },
        random: this.#random,
        checkInvariants: true,
        protection: this.#protection,
        // Small, so that windows fill up and old entries are read back from the disk.
        limits: { maxAppendBytes: 300, maxInflightMessages: 4, maxCachedBytes: 500, maxApplyBytes: 300 },
      },
      disk.restore(),
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

function votersOf({ voters, outgoing = [] }: Configuration): readonly string[] {
  return [...voters, ...outgoing];
}

function incarnationIn({ records = [] }: Configuration, id: string): string | undefined {
  return records.find((record) => record.id === id)?.incarnation;
}

function incarnationOf(id: string, store: number): string {
  return `${id}, store ${store}`;
}
