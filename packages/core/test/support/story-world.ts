// A few servers with disks and a network that does only what a story tells it: nothing arrives, and no time passes, unless
// it is said. Everything that happens is written to a trace.

import {
  type Entry,
  encodeConfiguration,
  type LogWrite,
  type Message,
  Raft,
  type RaftOptions,
} from "../../src/index.ts";
import { restoredFrom } from "./lone-server.ts";
import { Oracle } from "./oracle.ts";
import { sayEntry, sayEvent, sayMessage } from "./story-words.ts";

type Server = {
  readonly id: string;
  raft: Raft;
  isUp: boolean;
  disk: { term: number; votedFor: string | undefined; entries: Entry[] };
  isStalled: boolean;
  pendingWrites: LogWrite[];
  applied: Entry[];
  /** The latest snapshot: it replaces everything up to its position. */
  snapshot: { readonly position: Parameters<Raft["snapshotInstalled"]>[0]; readonly applied: Entry[] } | undefined;
};

/** Each server waits another time, so that they do not time out together: 150 ms and 30 more for each. */
const PATIENCE = 0.2;

/** The servers of one story. */
export class StoryWorld {
  readonly trace: string[] = [];
  now = 0;
  inFlight: Message[] = [];
  readonly #servers = new Map<string, Server>();
  readonly #cut = new Set<string>();
  readonly #oracle = new Oracle();
  readonly #options: Partial<RaftOptions>;

  constructor(voters: readonly string[], learners: readonly string[], options: Partial<RaftOptions>) {
    this.#options = { ...options, configuration: { voters, learners } };
    for (const id of [...voters, ...learners]) this.addServer(id);
  }

  addServer(id: string): void {
    const disk = { term: 0, votedFor: undefined, entries: [] };
    const rest = { isUp: true, isStalled: false, pendingWrites: [], applied: [], snapshot: undefined };
    const server: Server = { id, disk, raft: this.#boot(id, disk), ...rest };
    this.#servers.set(id, server);
    server.raft.ready();
  }

  get ids(): readonly string[] {
    return [...this.#servers.keys()];
  }

  server(id: string): Server {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Error(`there is no server ${id}; there are ${this.ids.join(", ")}`);
    return server;
  }

  /** Gives a server an input, tells what it answers, and does what it then asks for. */
  act<T>(id: string, input: (raft: Raft) => T, tell: (result: T) => void = () => undefined): void {
    tell(input(this.server(id).raft));
    this.settle(id);
  }

  /** What is under way arrives, in the order in which it was sent; `isMeant` chooses. Returns how many arrived. */
  deliver(isMeant: (message: Message) => boolean): number {
    const due = this.inFlight.filter(isMeant);
    this.inFlight = this.inFlight.filter((message) => !isMeant(message));
    for (const message of due) this.#arrive(message);
    return due.length;
  }

  /** One message arrives; the others on that way go on travelling. */
  deliverOne(message: Message | undefined): void {
    if (message === undefined) throw new Error("no such message is under way");
    this.inFlight = this.inFlight.filter((other) => other !== message);
    this.#arrive(message);
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Time passes in steps of a millisecond; whoever waits for a moment is told when it comes. */
  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 1;
      for (const id of this.ids) {
        const { raft, isUp } = this.server(id);
        if (isUp && this.now >= raft.nextDeadline()) this.act(id, () => raft.tick(this.now));
      }
    }
  }

  crash(id: string): void {
    const server = this.server(id);
    server.isUp = false;
    server.pendingWrites = [];
    this.inFlight = this.inFlight.filter(({ to }) => to !== id);
  }

  restart(id: string): void {
    const server = this.server(id);
    server.isUp = true;
    server.applied = [...(server.snapshot?.applied ?? [])];
    server.raft = this.#boot(id, server.disk, server.snapshot);
    this.settle(id);
  }

  completeWrites(id: string): void {
    const server = this.server(id);
    for (const write of server.pendingWrites.splice(0)) {
      store(server, write);
      server.raft.persisted(write.sequence);
    }
    this.settle(id);
  }

  takeSnapshot(id: string): number {
    const { raft, applied } = this.server(id);
    const last = applied.at(-1);
    if (last === undefined) throw new Error(`${id} has applied nothing that a snapshot could contain`);
    const position = { index: last.index, term: last.term, configuration: raft.configurationAt(last.index) };
    this.server(id).snapshot = { position, applied: [...applied] };
    this.act(id, () => raft.compact(last.index));
    return last.index;
  }

  sendSnapshot(from: string, to: string): void {
    const { raft, snapshot } = this.server(from);
    if (snapshot === undefined) throw new Error(`${from} has no snapshot`);
    const { index: lastIncludedIndex, term: lastIncludedTerm, configuration } = snapshot.position;
    const content = { sizeBytes: 0, checksum: 0, offsetBytes: 0, data: new Uint8Array(0) };
    const place = { lastIncludedIndex, lastIncludedTerm, configuration: encodeConfiguration(configuration) };
    this.inFlight.push({ type: "snapshotRequest", from, to, term: raft.status().term, ...place, ...content });
  }

  tell(id: string, what: string): void {
    this.trace.push(`  ${id} ${what}`);
  }

  #arrive(message: Message): void {
    const { from, to } = message;
    const isLost = this.#cut.has(`${from}>${to}`) || this.#servers.get(to)?.isUp !== true;
    this.trace.push(`${from} -> ${to}: ${sayMessage(message)}${isLost ? " (lost)" : ""}`);
    if (!isLost) this.act(to, (raft) => raft.step(message, this.now));
  }

  settle(id: string): void {
    const server = this.server(id);
    for (let isBusy = true; isBusy; ) {
      const ready = server.raft.ready();
      for (const event of ready.events) this.tell(id, sayEvent(event));
      this.inFlight.push(...ready.messages);
      for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
        server.raft.logRead(
          logReadId,
          server.disk.entries.filter(({ index }) => index >= firstIndex && index <= lastIndex),
        );
      }
      this.#write(server, ready.write);
      this.#apply(server, ready.committed);
      for (const { readId, index } of ready.confirmedReads) this.tell(id, `may answer read ${readId} as of ${index}`);
      for (const { readId, reason } of ready.rejectedReads) this.tell(id, `cannot answer read ${readId}: ${reason}`);
      for (const chunk of ready.snapshotChunks) this.#install(server, this.server(chunk.from).snapshot);
      isBusy =
        [ready.logReads, ready.committed, ready.snapshotChunks].some((work) => work.length > 0) ||
        (ready.write !== undefined && !server.isStalled);
    }
    const log = { base: server.raft.status().firstIndex - 1, entries: logOf(server) };
    this.#oracle.look(id, server.raft.status(), server.applied, log);
  }

  #write(server: Server, write: LogWrite | undefined): void {
    if (write === undefined) return;
    if (server.isStalled) {
      server.pendingWrites.push(write);
      return;
    }
    store(server, write);
    server.raft.persisted(write.sequence);
  }

  #apply(server: Server, entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    server.applied.push(...entries);
    this.tell(server.id, `applies ${entries.map(sayEntry).join(", ")}`);
    server.raft.applied(last.index);
  }

  #install(server: Server, snapshot: Server["snapshot"]): void {
    if (snapshot === undefined || !server.raft.snapshotInstalled(snapshot.position)) return;
    server.snapshot = snapshot;
    server.applied = [...snapshot.applied];
    const { index, term } = snapshot.position;
    const keepsTail = server.disk.entries.some((entry) => entry.index === index && entry.term === term);
    server.disk.entries = keepsTail ? server.disk.entries.filter((entry) => entry.index > index) : [];
  }

  #boot(id: string, disk: Server["disk"], snapshot?: Server["snapshot"]): Raft {
    const configuration = { voters: [id], learners: [] };
    const random = () => Math.min(0.99, (Number(id.slice(1)) - 1) * PATIENCE);
    const base = snapshot?.position ?? { index: 0, term: 0 };
    const kept = disk.entries.filter(({ index }) => index > base.index);
    const restored = restoredFrom(kept, disk.term, disk.votedFor);
    const raft = new Raft(
      { configuration, ...this.#options, id, random, checkInvariants: true },
      {
        ...restored,
        log: { ...restored.log, base: { index: base.index, term: base.term }, lastIndex: base.index + kept.length },
        ...(snapshot && { configuration: snapshot.position.configuration }),
        applied: base.index,
      },
    );
    raft.tick(this.now);
    return raft;
  }
}

/** The log of a server as it sees it: what is on disk with what is on its way there. */
function logOf({ disk, pendingWrites, raft }: Server): readonly Entry[] {
  const all = pendingWrites.reduce<readonly Entry[]>(afterWrite, disk.entries);
  return all.filter(({ index }) => index >= raft.status().firstIndex);
}

function afterWrite(entries: readonly Entry[], { truncateFrom, entries: added }: LogWrite): readonly Entry[] {
  return [...entries.filter(({ index }) => truncateFrom === undefined || index < truncateFrom), ...added];
}

function store(server: Server, write: LogWrite): void {
  server.disk.entries = [...afterWrite(server.disk.entries, write)];
  if (write.hardState !== undefined) Object.assign(server.disk, write.hardState);
}
