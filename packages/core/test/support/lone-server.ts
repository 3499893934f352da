// One core without a cluster: the test plays all the others, and the disk.

import {
  type Entry,
  type Message,
  Raft,
  type RaftOptions,
  type Ready,
  type RestoredState,
  type TermRun,
} from "../../src/index.ts";

/** Encodes a readable command. */
export function bytes(command: string): Uint8Array {
  return new TextEncoder().encode(command);
}

/** Decodes a readable command. */
export function text(entry: Entry): string {
  return entry.kind === "empty" ? "·" : new TextDecoder().decode(entry.data);
}

/** A log from the terms of its entries: `logOf(1, 1, 2)` has three entries. Each entry's command names its place. */
export function logOf(...terms: readonly number[]): readonly Entry[] {
  return terms.map((term, position) => entryOf(position + 1, term));
}

/** An entry whose command is its own place, for example "2:1", unless `command` is given. */
export function entryOf(index: number, term: number, command = `${index}:${term}`): Entry {
  return { index, term, kind: "command", data: bytes(command) };
}

/** What a server finds on its disk: these entries, this term and vote. */
export function restoredFrom(entries: readonly Entry[], term: number, votedFor?: string): RestoredState {
  const log = { base: { index: 0, term: 0 }, lastIndex: entries.length, termRuns: termRunsOf(entries) };
  const configurations = entries.filter(({ kind }) => kind === "configuration");
  return { hardState: { term, votedFor }, log, configurations, applied: 0 };
}

/** Where the terms begin in consecutive entries. */
export function termRunsOf(entries: readonly Entry[]): readonly TermRun[] {
  return entries
    .filter((entry, position) => entry.term !== entries[position - 1]?.term)
    .map((entry) => ({ firstIndex: entry.index, term: entry.term }));
}

type LoneOptions = Partial<RaftOptions> & {
  readonly members?: readonly string[];
  readonly log?: readonly Entry[];
  readonly term?: number;
  readonly votedFor?: string;
};

/** A core named n1 (unless told otherwise) with a disk that completes writes when the test says so. */
export class LoneServer {
  readonly raft: Raft;
  readonly id: string;
  readonly disk: Entry[];
  readonly applied: Entry[] = [];
  now = 0;
  /** Writes that were handed out and not completed. */
  readonly pendingWrites: NonNullable<Ready["write"]>[] = [];

  constructor({ members = ["n1", "n2", "n3"], log = [], term = 0, votedFor, ...options }: LoneOptions = {}) {
    this.id = options.id ?? "n1";
    this.disk = [...log];
    this.raft = new Raft(
      {
        id: this.id,
        configuration: { voters: members, learners: [] },
        random: () => 0.5,
        checkInvariants: true,
        ...options,
      },
      restoredFrom(log, term, votedFor),
    );
    this.raft.tick(0);
  }

  /** Takes what the core wants done; writes wait for {@link completeWrites}, log reads are served at once. */
  ready(): Ready {
    const ready = this.raft.ready();
    if (ready.write !== undefined) this.pendingWrites.push(ready.write);
    for (const { logReadId, firstIndex, lastIndex } of ready.logReads) {
      this.raft.logRead(logReadId, this.disk.slice(firstIndex - 1, lastIndex));
    }
    for (const entry of ready.committed) {
      this.applied.push(entry);
      this.raft.applied(entry.index);
    }
    return ready;
  }

  /** Completes all writes, oldest first, and returns the messages that were waiting for them. */
  completeWrites(): readonly Message[] {
    for (const write of this.pendingWrites.splice(0)) {
      if (write.truncateFrom !== undefined) this.disk.splice(write.truncateFrom - 1);
      this.disk.push(...write.entries);
      this.raft.persisted(write.sequence);
    }
    return this.ready().messages;
  }

  /** Everything the core says now, with an instant disk. */
  messages(): readonly Message[] {
    const messages: Message[] = [];
    for (let isBusy = true; isBusy; ) {
      const { logReads, messages: said } = this.ready();
      messages.push(...said);
      isBusy = logReads.length > 0 || this.pendingWrites.length > 0;
      if (this.pendingWrites.length > 0) messages.push(...this.completeWrites());
    }
    return messages;
  }

  /** Delivers a message to the core and returns what it answers, with an instant disk. */
  tell(message: DistributiveOmit<Message, "to">, incarnation?: string): readonly Message[] {
    this.raft.step({ ...message, to: this.id }, this.now, incarnation);
    return this.messages();
  }

  /** Lets time pass in steps of a millisecond and returns everything that was said. */
  wait(ms: number): readonly Message[] {
    const said: Message[] = [];
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 1;
      if (this.now >= this.raft.nextDeadline()) this.raft.tick(this.now);
      said.push(...this.messages());
    }
    return said;
  }

  /** Makes it the leader of the next term with the votes of everybody, cast from `stores` if they have names. */
  elect(stores: ReadonlyMap<string, string> = new Map()): void {
    this.wait(this.raft.nextDeadline() - this.now);
    const { configuration } = this.raft.status();
    const others = configuration.voters.filter((voter) => voter !== this.id);
    for (const from of others) {
      const { term } = this.raft.status();
      this.tell({ type: "preVoteResponse", from, term, campaignTerm: term + 1, granted: true }, stores.get(from));
    }
    for (const from of others) {
      this.tell({ type: "voteResponse", from, term: this.raft.status().term, granted: true }, stores.get(from));
    }
  }
}

/** Makes a bare core the leader at `now`, with the votes of everybody and an instant disk. */
export function electByHand(raft: Raft, now: number): void {
  const { id, term, configuration } = raft.status();
  const others = configuration.voters.filter((voter) => voter !== id);
  const persist = () => {
    const { write } = raft.ready();
    if (write !== undefined) raft.persisted(write.sequence);
  };
  raft.tick(now);
  for (const from of others) {
    raft.step({ type: "preVoteResponse", from, to: id, term, campaignTerm: term + 1, granted: true }, now);
  }
  persist();
  for (const from of others) raft.step({ type: "voteResponse", from, to: id, term: term + 1, granted: true }, now);
  persist();
}

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never;
