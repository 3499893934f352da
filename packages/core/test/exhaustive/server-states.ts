// All states that one server can reach, each with a number, and what every input makes of them. A server is a function of
// its inputs, so each pair of state and input is computed once, however many states of the cluster contain it.

import type { Configuration, Entry, LogWrite, Message, Raft } from "../../src/index.ts";
import { bytes, restoredFrom } from "../support/lone-server.ts";
import { copyOf, textOf } from "./copying.ts";
import type { Scope } from "./scope.ts";

/** What a server does of its own accord, or what happens to it. Messages are the other kind of input. */
export type Action =
  | "times out"
  | "completes a write"
  | "crashes"
  | "proposes"
  | "changes the membership"
  | "heartbeats";

/** A server that asks for so many turns after one input never stops. */
const MAX_ROUNDS = 20;

/** All that a server may do of a kind is done, or it can never do it again. */
const ALL = Number.POSITIVE_INFINITY;

type Disk = { term: number; votedFor: string | undefined; entries: Entry[] };

/** One state of one server with its disk and its past, as far as the laws need it. */
export type ServerState = {
  raft: Raft;
  now: number;
  readonly disk: Disk;
  readonly pendingWrites: LogWrite[];
  readonly spent: { timeouts: number; crashes: number; commands: number; changes: number; heartbeats: number };
  /** Everything that this server has ever applied, also before a crash: its clients may know of it. */
  promised: Entry[];
  /** The latest term in which it applied something. */
  promisedInTerm: number;
  readonly ledTerms: number[];
  /** All configurations by which it has ever decided, also those that a crash took out of its log. */
  readonly usedConfigurations: Configuration[];
};

/** Where an input leads: the number of the next state, and the numbers of the messages that were sent. */
export type Transition = { readonly state: number; readonly sent: readonly number[] };

/** The states of the server with one id. */
export class ServerStates {
  readonly id: string;
  readonly states: ServerState[] = [];
  readonly #scope: Scope;
  readonly #messages: MessageNumbers;
  readonly #numbers = new Map<string, number>();
  readonly #transitions: Map<number | Action, Transition>[] = [];
  readonly #actions: (readonly Action[])[] = [];

  constructor(id: string, scope: Scope, messages: MessageNumbers) {
    this.id = id;
    this.#scope = scope;
    this.#messages = messages;
  }

  /** The state in which the search begins. */
  start(): number {
    const { terms = [], term = 0, votedFor } = this.#scope.servers[this.id] ?? {};
    const entries = terms.map((of, position) => commandAt(position + 1, of, "old"));
    const disk = { term, votedFor, entries };
    const spent = { timeouts: 0, crashes: 0, commands: 0, changes: 0, heartbeats: 0 };
    const [now, promisedInTerm] = [0, 0];
    const raft = this.#boot(disk, now);
    return this.#numberOf({
      raft,
      now,
      disk,
      pendingWrites: [],
      spent,
      promised: [],
      promisedInTerm,
      ledTerms: [],
      usedConfigurations: [],
    });
  }

  /** What may happen to a server in this state besides messages. */
  actions(state: number): readonly Action[] {
    return this.#actions[state] ?? [];
  }

  /** What an input makes of a state; the input is an action or the number of a message. */
  after(state: number, input: number | Action): Transition {
    const known = this.#transitions[state]?.get(input);
    if (known !== undefined) return known;
    const original = this.states[state];
    if (original === undefined) throw new Error(`no state ${state}`);
    const next = copyOf(original);
    if (typeof input === "number") next.raft.step(this.#messages.message(input), next.now);
    else this.#act(next, input);
    const messages = this.#settle(next).filter((message) => this.#scope.isLost?.(message) !== true);
    const sent = messages.map((message) => this.#messages.numberOf(message));
    const transition = { state: this.#numberOf(next), sent };
    this.#transitions[state]?.set(input, transition);
    return transition;
  }

  /** The state without waiting messages that have been sent before: sending them again adds nothing to what may arrive. */
  withoutRepetition(number: number, sent: ReadonlySet<number>): number {
    const state = this.states[number];
    const isNew = ({ message }: Held) => !sent.has(this.#messages.numberOf(message));
    if (state === undefined || this.#scope.isLiteral === true || heldBy(state.raft).every(isNew)) return number;
    const next = copyOf(state);
    keepHeld(next.raft, isNew);
    return this.#numberOf(next);
  }

  #act(state: ServerState, action: Action): void {
    const { raft, spent, disk } = state;
    switch (action) {
      case "times out":
        spent.timeouts += 1;
        state.now = raft.nextDeadline();
        return raft.tick(state.now);
      case "heartbeats":
        spent.heartbeats += 1;
        state.now = raft.nextDeadline();
        return raft.tick(state.now);
      case "completes a write":
        return completeWrite(state);
      case "crashes":
        spent.crashes += 1;
        state.pendingWrites.length = 0;
        state.raft = this.#boot(disk, state.now);
        return;
      case "proposes":
        spent.commands += 1;
        return void raft.propose(bytes(`${this.id}${spent.commands}`));
      case "changes the membership":
        spent.changes += 1;
        raft.proposeConfiguration({ changes: this.#scope.change ?? [], force: true });
    }
  }

  /** Does what the core asks for until it asks for nothing more; only a slow disk takes its time. */
  #settle(state: ServerState): readonly Message[] {
    const sent: Message[] = [];
    for (let isBusy = true, rounds = 0; isBusy; rounds++) {
      if (rounds > MAX_ROUNDS) throw new Error(`Work comes to an end: ${this.id} asks for more and more`);
      const { write, messages, committed, logReads } = state.raft.ready();
      sent.push(...messages);
      if (write !== undefined) state.pendingWrites.push(write);
      while (state.pendingWrites.length > this.#writesUnderWay(state)) completeWrite(state);
      for (const { logReadId, firstIndex } of logReads) {
        state.raft.logRead(logReadId, logOf(state).slice(firstIndex - 1, firstIndex));
      }
      for (const entry of committed) promise(state, entry);
      const last = committed.at(-1);
      if (last !== undefined) state.raft.applied(last.index);
      isBusy = committed.length + logReads.length > 0 || write !== undefined;
    }
    const { role, term, configuration } = state.raft.status();
    const isNew = state.usedConfigurations.every((used) => textOf(used) !== textOf(configuration));
    if (isNew) state.usedConfigurations.push(configuration);
    if (role === "leader" && !state.ledTerms.includes(term)) state.ledTerms.push(term);
    return sent;
  }

  /** Drops what makes no difference any more, so that states which behave the same are the same. */
  #forget({ raft, spent }: ServerState): void {
    const { maxTerm, timeouts, isLost } = this.#scope;
    keepHeld(raft, ({ message }) => isLost?.(message) !== true);
    const { role, term } = raft.status();
    const mayLead = role !== "follower" || (term < maxTerm && spent.timeouts < this.#allowed(timeouts));
    if (!mayLead) Object.assign(spent, { timeouts: ALL, commands: ALL, changes: ALL, heartbeats: ALL });
  }

  #possibleActions({ raft, pendingWrites, spent }: ServerState): readonly Action[] {
    const { role, term, lastIndex } = raft.status();
    const { timeouts, maxTerm, maxIndex, commands = 0, change, heartbeats = 0 } = this.#scope;
    const possible: readonly [Action, boolean][] = [
      ["times out", role !== "leader" && term < maxTerm && spent.timeouts < this.#allowed(timeouts)],
      ["completes a write", pendingWrites.length > 0],
      ["crashes", this.#mayCrash(spent)],
      ["proposes", role === "leader" && spent.commands < commands && lastIndex < maxIndex],
      ["changes the membership", role === "leader" && change !== undefined && spent.changes === 0],
      ["heartbeats", role === "leader" && spent.heartbeats < heartbeats],
    ];
    return possible.filter(([, isPossible]) => isPossible).map(([action]) => action);
  }

  /**
   * Writes that the disk may owe; before it takes one more, the oldest is done. Slow is only a disk that can still lose
   * something: to the others, all that a slow disk does is to delay messages, and those can be late anyway.
   */
  #writesUnderWay({ spent }: ServerState): number {
    return this.#mayCrash(spent) ? (this.#scope.maxWritesUnderWay ?? Number.POSITIVE_INFINITY) : 0;
  }

  #mayCrash({ crashes }: ServerState["spent"]): boolean {
    return this.#scope.crashes === this.id && crashes === 0;
  }

  #allowed(ids: readonly string[]): number {
    return ids.filter((id) => id === this.id).length;
  }

  #boot(disk: Disk, now: number): Raft {
    const { core, configuration, protection } = this.#scope;
    const raft = new core.Raft(
      {
        id: this.id,
        configuration,
        random: () => 0.5,
        checkInvariants: true,
        protection,
        // Every entry travels alone, so that each can be late or lost by itself.
        limits: { maxAppendBytes: 1 },
      },
      restoredFrom(disk.entries, disk.term, disk.votedFor),
    );
    raft.tick(now);
    raft.ready();
    return raft;
  }

  #numberOf(state: ServerState): number {
    if (this.#scope.isLiteral !== true) this.#forget(state);
    const text = textOf(state, durableSequence(state.raft));
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.states.push(state) - 1;
    this.#numbers.set(text, number);
    this.#transitions.push(new Map());
    this.#actions.push(this.#possibleActions(state));
    return number;
  }
}

/** Numbers for messages; equal messages have the same. */
export class MessageNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #messages: Message[] = [];

  numberOf(message: Message): number {
    const text = textOf(message);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#messages.push(message) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  message(number: number): Message {
    const message = this.#messages[number];
    if (message === undefined) throw new Error(`no message ${number}`);
    return message;
  }
}

function commandAt(index: number, term: number, command: string): Entry {
  return { index, term, kind: "command", data: bytes(command) };
}

/** The log as the server sees it: what is on disk with what is on its way there. */
export function logOf({ disk, pendingWrites }: ServerState): readonly Entry[] {
  return pendingWrites.reduce<readonly Entry[]>(
    (log, { truncateFrom, entries }) => [...log.slice(0, (truncateFrom ?? log.length + 1) - 1), ...entries],
    disk.entries,
  );
}

function completeWrite({ raft, disk, pendingWrites }: ServerState): void {
  const write = pendingWrites.shift();
  if (write === undefined) return;
  if (write.truncateFrom !== undefined) disk.entries.splice(write.truncateFrom - 1);
  disk.entries.push(...write.entries);
  if (write.hardState !== undefined) Object.assign(disk, write.hardState);
  raft.persisted(write.sequence);
}

/** After a restart entries are applied again; they must be the same ones. */
function promise(state: ServerState, entry: Entry): void {
  const known = state.promised[entry.index - 1];
  if (known !== undefined && textOf(known) !== textOf(entry)) {
    throw new Error(`State Machine Safety: entry ${entry.index} was applied as another one before`);
  }
  state.promised[entry.index - 1] = entry;
  state.promisedInTerm = Math.max(state.promisedInTerm, state.raft.status().term);
}

type Held = { readonly message: Message };

/** The messages that wait for the disk. */
function heldBy(raft: Raft): Held[] {
  const { hidden_server: server } = raft as unknown as {
    readonly hidden_server?: { readonly durability?: { readonly hidden_held?: Held[] } };
  };
  return server?.durability?.hidden_held ?? [];
}

function keepHeld(raft: Raft, isKept: (held: Held) => boolean): void {
  const held = heldBy(raft);
  held.splice(0, held.length, ...held.filter(isKept));
}

function durableSequence(raft: Raft): number {
  // Only an opened core shows its fields; without them, states are told apart that need not be.
  const { hidden_server: server } = raft as unknown as {
    readonly hidden_server?: { readonly durability?: { readonly hidden_durableSequence?: number } };
  };
  return server?.durability?.hidden_durableSequence ?? 0;
}
