// Five servers in a network that repeats every message up to three times and mixes them in a window of twenty, with slow
// disks, crashes and snapshots. One seed decides all of it; then the faults end, and everything must come together.

import { encodeConfiguration, type Message, type Entry, Raft } from "../../src/index.ts";
import { ChaosDisk, type Snapshot } from "./chaos-disk.ts";
import { bytes, text } from "./lone-server.ts";
import { Oracle } from "./oracle.ts";
import { seededRandom } from "./random.ts";

const WINDOW = 20;
const MAX_COPIES = 3;

type Machine = {
  readonly id: string;
  readonly disk: ChaosDisk;
  raft: Raft;
  applied: Entry[];
  isUp: boolean;
};

/** What a run has seen. */
export type SoupReport = { readonly delivered: number; readonly committed: number; readonly terms: number };

/** One cluster with one seed. */
export class Soup {
  readonly #random: () => number;
  readonly #machines: readonly Machine[];
  readonly #oracle = new Oracle();
  readonly #snapshots = new Map<string, Snapshot>();
  #soup: Message[] = [];
  #now = 0;
  #delivered = 0;
  #proposed = 0;
  #lastCommitted = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#machines = ["n1", "n2", "n3", "n4", "n5"].map((id) => {
      const disk = new ChaosDisk();
      return { id, disk, raft: this.#boot(id, disk), applied: [], isUp: true };
    });
  }

  /** That many steps of a millisecond with faults, then as many as it takes without; throws if a law is broken. */
  run(steps: number): SoupReport {
    for (let step = 0; step < steps; step++) this.#step(true);
    for (const machine of this.#machines) if (!machine.isUp) this.#restart(machine);
    const last = `last ${this.#proposed}`;
    const hasServed = () => this.#machines.every(({ applied }) => applied.some((entry) => text(entry) === last));
    for (let step = 0; step < 5_000 && !hasServed(); step++) {
      if (step % 100 === 0) this.#leader()?.raft.propose(bytes(last));
      this.#step(false);
    }
    if (!hasServed()) throw new Error(`no convergence: ${this.#machines.map(({ raft }) => raft.explain()).join("\n")}`);
    for (let step = 0; step < 500; step++) this.#step(false);
    this.#scan();
    const { term } = this.#leader()?.raft.status() ?? { term: 0 };
    return { delivered: this.#delivered, committed: this.#lastCommitted, terms: term };
  }

  /** When all is quiet, every disk holds everything that was committed. */
  #scan(): void {
    const index = this.#lastCommitted;
    const missing = this.#machines.filter(({ disk }) => !disk.holds(index, this.#termOf(index)));
    if (missing.length > 0)
      throw new Error(`entry ${index} is not on the disk of ${missing.map(({ id }) => id).join()}`);
  }

  #step(isFaulty: boolean): void {
    this.#now += 1;
    if (isFaulty) this.#misfortune();
    do this.#deliverOne();
    while (this.#soup.length > (isFaulty ? WINDOW : 0));
    for (const machine of this.#machines) {
      if (!machine.isUp) continue;
      for (const sequence of machine.disk.complete(this.#now)) machine.raft.persisted(sequence);
      if (this.#now >= machine.raft.nextDeadline()) machine.raft.tick(this.#now);
      this.#perform(machine, isFaulty);
    }
  }

  /** Any message of the window. */
  #deliverOne(): void {
    const place = Math.floor(this.#random() * Math.min(WINDOW, this.#soup.length));
    const [message] = this.#soup.splice(place, 1);
    const machine = this.#machines.find(({ id }) => id === message?.to);
    if (message === undefined || machine?.isUp !== true) return;
    this.#delivered += 1;
    machine.raft.step(message, this.#now);
    this.#perform(machine, this.#soup.length > 0);
  }

  #perform(machine: Machine, isFaulty: boolean): void {
    const { raft, disk } = machine;
    const ready = raft.ready();
    const doneAt = this.#now + Math.floor(this.#random() * 4);
    if (ready.compactTo !== undefined) disk.compact(ready.compactTo, doneAt);
    if (ready.write !== undefined) disk.write(ready.write, doneAt);
    for (const message of ready.messages) this.#send(message, isFaulty);
    for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
      const { base, entries } = disk.view();
      raft.logRead(logReadId, firstIndex <= base ? [] : entries.slice(firstIndex - base - 1, lastIndex - base));
    }
    this.#apply(machine, ready.committed);
    for (const { lastIncludedIndex, lastIncludedTerm } of ready.snapshotChunks) {
      this.#install(machine, this.#snapshots.get(`${lastIncludedIndex}:${lastIncludedTerm}`));
    }
    for (const to of ready.snapshotNeeded) this.#sendSnapshot(machine, to);
    this.#oracle.look(machine.id, raft.status(), machine.applied, disk.view());
  }

  #apply(machine: Machine, committed: readonly Entry[]): void {
    const last = committed.at(-1);
    if (last === undefined) return;
    machine.applied.push(...committed);
    machine.raft.applied(last.index);
    if (last.index <= this.#lastCommitted) return;
    this.#lastCommitted = last.index;
    const holders = this.#machines.filter(({ disk }) => disk.holds(last.index, last.term));
    if (holders.length < 3) throw new Error(`entry ${last.index} was applied, but is on ${holders.length} disks of 5`);
  }

  #send(message: Message, isFaulty: boolean): void {
    const copies = isFaulty ? 1 + Math.floor(this.#random() * MAX_COPIES) : 1;
    for (let copy = 0; copy < copies; copy++) this.#soup.push(message);
  }

  #misfortune(): void {
    const machine = this.#machines[Math.floor(this.#random() * this.#machines.length)];
    if (machine === undefined) return;
    if (this.#chance(0.0005) && machine.isUp) this.#crash(machine);
    else if (this.#chance(0.02) && !machine.isUp) this.#restart(machine);
    if (this.#chance(0.002)) this.#takeSnapshot(machine);
    if (!this.#chance(0.05)) return;
    this.#proposed += 1;
    this.#leader()?.raft.propose(bytes(`${this.#proposed}`));
  }

  #crash(machine: Machine): void {
    machine.isUp = false;
    machine.disk.crash(this.#random());
  }

  #restart(machine: Machine): void {
    machine.raft = this.#boot(machine.id, machine.disk);
    machine.applied = [...(machine.disk.snapshot?.applied ?? [])];
    machine.isUp = true;
  }

  #takeSnapshot({ raft, disk, applied, isUp }: Machine): void {
    const last = applied.at(-1);
    if (!isUp || last === undefined || last.index <= (disk.snapshot?.position.index ?? 0)) return;
    const position = { index: last.index, term: last.term, configuration: raft.configurationAt(last.index) };
    disk.snapshot = { position, applied: [...applied] };
    this.#snapshots.set(`${last.index}:${last.term}`, disk.snapshot);
    raft.compact(last.index - 5);
  }

  #sendSnapshot({ id, raft, disk }: Machine, to: string): void {
    if (disk.snapshot === undefined) return;
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = disk.snapshot.position;
    const content = { sizeBytes: 0, checksum: 0, offsetBytes: 0, data: new Uint8Array(0) };
    const place = { lastIncludedIndex, lastIncludedTerm, configuration: encodeConfiguration(configuration) };
    this.#send({ type: "snapshotRequest", from: id, to, term: raft.status().term, ...place, ...content }, true);
  }

  #install(machine: Machine, snapshot: Snapshot | undefined): void {
    if (snapshot === undefined || !machine.raft.snapshotInstalled(snapshot.position)) return;
    machine.disk.snapshot = snapshot;
    machine.applied = [...snapshot.applied];
  }

  #boot(id: string, disk: ChaosDisk): Raft {
    const configuration = { voters: ["n1", "n2", "n3", "n4", "n5"], learners: [] };
    const limits = { maxAppendBytes: 300, maxInflightMessages: 4, maxCachedBytes: 500, maxApplyBytes: 300 };
    const raft = new Raft({ id, configuration, random: this.#random, checkInvariants: true, limits }, disk.restore());
    raft.tick(this.#now);
    return raft;
  }

  #leader(): Machine | undefined {
    const leading = this.#machines.filter(({ raft, isUp }) => isUp && raft.isLeader);
    return leading.toSorted((a, b) => b.raft.status().term - a.raft.status().term)[0];
  }

  #termOf(index: number): number {
    const holder = this.#machines.find(({ applied }) => applied[index - 1] !== undefined);
    return holder?.applied[index - 1]?.term ?? 0;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }
}
