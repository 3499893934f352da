// One server's part in a state of the cluster: the state it is in, together with everything it has ever said. Each such side
// has a number, and what every input makes of it is computed once.

import type { Scope } from "./scope.ts";
import { type Mail, SentMessages } from "./sent-messages.ts";
import { type Action, type MessageNumbers, type ServerState, ServerStates } from "./server-states.ts";

/** What can happen to a server: an action, or the number of a message that arrives. */
export type Input = number | Action;

/** What can come of the mail of one sender. */
export type Effects = {
  /** The side after all replies that change nothing else; undefined if there are none. */
  readonly replied: number | undefined;
  /** The sides after one message, without those in which nothing changes. */
  readonly next: readonly number[];
};

/** The sides of the server with one id. */
export class ServerSides {
  readonly id: string;
  readonly #scope: Scope;
  readonly #servers: ServerStates;
  readonly #sent: SentMessages;
  /** By side: the number of the server's state, and that of the set of what it has said. */
  readonly #stateOf: number[] = [];
  readonly #sentOf: number[] = [];
  readonly #numbers = new Map<string, number>();
  /** By side and input: the next side. */
  readonly #steps: Map<Input, number>[] = [];

  /** By side and mail. */
  readonly #effects: Map<Mail, Effects>[] = [];

  constructor(id: string, scope: Scope, messages: MessageNumbers) {
    this.id = id;
    this.#scope = scope;
    this.#servers = new ServerStates(id, scope, messages);
    this.#sent = new SentMessages(messages);
  }

  /** How many states of the server alone there are. */
  get stateCount(): number {
    return this.#servers.states.length;
  }

  /** The side in which the search begins. */
  start(): number {
    return this.#numberOf(this.#servers.start(), 0);
  }

  /** The number of the server's state. */
  stateNumber(side: number): number {
    return this.#stateOf[side] ?? 0;
  }

  state(number: number): ServerState {
    const state = this.#servers.states[number];
    if (state === undefined) throw new Error(`no state ${number} of ${this.id}`);
    return state;
  }

  /** What may happen besides messages. */
  actions(side: number): readonly Action[] {
    return this.#servers.actions(this.stateNumber(side));
  }

  /** The numbers of the messages that were sent to a server. */
  saidTo(side: number, receiver: string): Mail {
    return this.#sent.to(this.#sentOf[side] ?? 0, receiver);
  }

  /** The side after an input. */
  after(side: number, input: Input): number {
    const known = this.#steps[side]?.get(input);
    if (known !== undefined) return known;
    const transition = this.#servers.after(this.stateNumber(side), input);
    const sent = this.#sent.with(this.#sentOf[side] ?? 0, transition.sent);
    const next = this.#numberOf(this.#servers.withoutRepetition(transition.state, this.#sent.all(sent)), sent);
    this.#steps[side]?.set(input, next);
    return next;
  }

  /** What can come of one sender's mail. */
  effects(side: number, mail: Mail): Effects {
    const known = this.#effects[side]?.get(mail);
    if (known !== undefined) return known;
    const effects = this.#effectsOf(side, mail);
    this.#effects[side]?.set(mail, effects);
    return effects;
  }

  #effectsOf(side: number, { messages }: Mail): Effects {
    const isReply = (next: number) => this.stateNumber(next) === this.stateNumber(side);
    let replied = side;
    for (const message of messages) {
      const next = this.after(replied, message);
      if (isReply(next)) replied = next;
    }
    if (replied !== side && this.#scope.isLiteral !== true) return { replied, next: [] };
    const next = messages.map((message) => this.after(side, message)).filter((each) => each !== side);
    return { replied: undefined, next: [...new Set(next)] };
  }

  #numberOf(state: number, sent: number): number {
    const key = `${state}:${sent}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#stateOf.push(state) - 1;
    this.#sentOf.push(sent);
    this.#numbers.set(key, number);
    this.#steps.push(new Map());
    this.#effects.push(new Map());
    return number;
  }
}
