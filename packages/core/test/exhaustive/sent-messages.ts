// Sets of messages, each with a number. A message that was sent once may arrive at any later time, any number of times, or
// never: the network is nothing but the set of everything that was ever sent.

import type { Message } from "../../src/index.ts";
import type { MessageNumbers } from "./server-states.ts";

/** Messages to one receiver; equal lists are one and the same, so that what a receiver makes of one is computed once. */
export type Mail = { readonly messages: readonly number[] };

type SentSet = {
  readonly all: ReadonlySet<number>;
  /** By the id of the receiver. */
  readonly to: ReadonlyMap<string, Mail>;
};

const noMail: Mail = { messages: [] };

/** The sets that one server can have sent. */
export class SentMessages {
  readonly #messages: MessageNumbers;
  readonly #sets: SentSet[] = [{ all: new Set(), to: new Map() }];
  readonly #numbers = new Map<string, number>([["", 0]]);
  readonly #mails = new Map<string, Mail>();
  readonly #sums = new Map<string, number>();

  constructor(messages: MessageNumbers) {
    this.#messages = messages;
  }

  /** What of this set is for one receiver. */
  to(set: number, receiver: string): Mail {
    return this.#sets[set]?.to.get(receiver) ?? noMail;
  }

  /** Everything in this set. */
  all(set: number): ReadonlySet<number> {
    return this.#sets[set]?.all ?? new Set();
  }

  /** The set with these messages in it too. */
  with(set: number, messages: readonly number[]): number {
    if (messages.length === 0) return set;
    const key = `${set}:${messages.join()}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const sum = this.#numberOf([...new Set([...this.all(set), ...messages])].toSorted((a, b) => a - b));
    this.#sums.set(key, sum);
    return sum;
  }

  #numberOf(all: readonly number[]): number {
    const key = all.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#oneVotePerTerm(all);
    const byReceiver = Map.groupBy(all, (number) => this.#messages.message(number).to);
    const to = new Map([...byReceiver].map(([receiver, messages]) => [receiver, this.#mailOf(messages)]));
    const number = this.#sets.push({ all: new Set(all), to }) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #mailOf(messages: readonly number[]): Mail {
    const key = messages.join();
    const mail = this.#mails.get(key) ?? { messages };
    this.#mails.set(key, mail);
    return mail;
  }

  /** A server gives at most one vote per term, whatever happened to it in between. Thesis 3.4. */
  #oneVotePerTerm(all: readonly number[]): void {
    const candidates = new Map<number, string>();
    for (const { term, to } of all.map((number) => this.#messages.message(number)).filter(isVote)) {
      const other = candidates.get(term) ?? to;
      if (other !== to) throw new Error(`One vote per term: votes for ${other} and ${to} in term ${term}`);
      candidates.set(term, to);
    }
  }
}

function isVote(message: Message): boolean {
  return message.type === "voteResponse" && message.granted;
}
