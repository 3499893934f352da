// Looks at every state of a cluster that is reachable within a scope: any server may act, and any message that was ever sent
// may arrive, again and again, in any order. Breadth first, so that what is found is told as shortly as possible.

import type { Message } from "../../src/index.ts";
import { textOf } from "./copying.ts";
import { checkLaws, type View, viewOf } from "./laws.ts";
import type { Scope } from "./scope.ts";
import { type Effects, ServerSides } from "./server-sides.ts";
import { MessageNumbers } from "./server-states.ts";
import { StateTable } from "./state-table.ts";

/** What a search came to. */
export type Findings = {
  /** States of the cluster. */
  readonly states: number;
  /** States of single servers, of which they are made. */
  readonly serverStates: number;
  /** Different looks of the cluster, as far as the laws are concerned. */
  readonly looks: number;
  /** The law that is broken and how one gets there; undefined if none is. */
  readonly violation: { readonly law: string; readonly story: readonly string[] } | undefined;
};

/** A state of the cluster: the numbers of the sides of n1, n2 and n3. */
type Sides = [number, number, number];

/** Searches the whole scope, or until a law is broken. */
export function search(scope: Scope, maxStates = Number.POSITIVE_INFINITY): Findings {
  return new Search(scope).run(maxStates);
}

class Search {
  readonly #messages = new MessageNumbers();
  readonly #servers: readonly [ServerSides, ServerSides, ServerSides];
  readonly #scope: Scope;
  readonly #states = new StateTable();
  /** By server and state: the number of its view. Different states often look the same. */
  readonly #viewOfState: readonly [number[], number[], number[]] = [[], [], []];
  readonly #viewNumbers = new Map<string, number>();
  readonly #views: View[] = [];
  /** Triples of views that keep the laws. */
  readonly #checked = new StateTable();

  constructor(scope: Scope) {
    this.#scope = scope;
    const sidesOf = (id: string) => new ServerSides(id, scope, this.#messages);
    this.#servers = [sidesOf("n1"), sidesOf("n2"), sidesOf("n3")];
  }

  run(maxStates: number): Findings {
    const [n1, n2, n3] = this.#servers;
    this.#states.add(n1.start(), n2.start(), n3.start(), 0);
    let violation: Findings["violation"];
    // The table is the queue: what is found is added at its end.
    for (let place = 0; place < this.#states.size && violation === undefined; place++) {
      if (this.#states.size >= maxStates) break;
      violation = this.#visit(place);
    }
    const serverStates = this.#servers.reduce((sum, { stateCount }) => sum + stateCount, 0);
    return { states: this.#states.size, serverStates, looks: this.#checked.size, violation };
  }

  /** Everything that can happen next. */
  #visit(place: number): Findings["violation"] {
    const sides = this.#sidesAt(place);
    try {
      for (let who = 0; who < sides.length; who++) {
        for (const next of this.#nextSides(who, sides)) this.#reach(replaced(sides, who, next), place);
      }
    } catch (error) {
      const law = error instanceof Error ? error.message : String(error);
      return { law, story: [...this.#story(place), this.#fatalStep(sides)] };
    }
    return undefined;
  }

  /** Takes note of a state if it is new, and checks the laws there. */
  #reach(reached: Sides, before: number): void {
    const sides = this.#scope.isLiteral === true ? reached : this.#afterReplies(reached);
    if (this.#states.add(...sides, before)) this.#check(sides);
  }

  /**
   * A message that only makes a server reply, and changes nothing else, may as well arrive at once: whatever could happen
   * without the reply can happen with it, because messages need not arrive.
   */
  #afterReplies(sides: Sides): Sides {
    for (let who = 0; who < sides.length; who++) {
      for (let sender = 0; sender < sides.length; sender++) {
        if (sender === who) continue;
        const { replied } = this.#effects(who, sender, sides);
        if (replied !== undefined) return this.#afterReplies(replaced(sides, who, replied));
      }
    }
    return sides;
  }

  /** What one server may become by its own actions, and by every message that another one has sent to it. */
  #nextSides(who: number, sides: Sides): readonly number[] {
    const server = this.#server(who);
    const side = sides[who] ?? 0;
    const next = server.actions(side).map((action) => server.after(side, action));
    for (let sender = 0; sender < sides.length; sender++) {
      if (sender !== who) next.push(...this.#effects(who, sender, sides).next);
    }
    return next;
  }

  #effects(who: number, sender: number, sides: Sides): Effects {
    const server = this.#server(who);
    return server.effects(sides[who] ?? 0, this.#server(sender).saidTo(sides[sender] ?? 0, server.id));
  }

  #check(sides: Sides): void {
    const [a, b, c] = [this.#viewNumber(0, sides[0]), this.#viewNumber(1, sides[1]), this.#viewNumber(2, sides[2])];
    if (this.#checked.add(a, b, c, 0)) this.#checkViews([a, b, c]);
  }

  #checkViews(numbers: readonly number[]): void {
    checkLaws(numbers.flatMap((number) => this.#views[number] ?? []));
  }

  #viewNumber(who: number, side: number): number {
    const server = this.#server(who);
    const state = server.stateNumber(side);
    const known = this.#viewOfState[who]?.[state];
    if (known !== undefined) return known;
    const view = viewOf(server.id, server.state(state), this.#scope.configuration);
    const text = JSON.stringify(view);
    const number = this.#viewNumbers.get(text) ?? this.#views.push(view) - 1;
    this.#viewNumbers.set(text, number);
    const views = this.#viewOfState[who];
    if (views !== undefined) views[state] = number;
    return number;
  }

  #story(to: number): readonly string[] {
    const story: string[] = [];
    for (let place = to; place !== 0; place = this.#states.before(place)) {
      story.push(this.#stepBetween(this.#sidesAt(this.#states.before(place)), this.#sidesAt(place)));
    }
    return story.toReversed();
  }

  #stepBetween(before: Sides, after: Sides): string {
    for (const { step, reached } of this.#steps(before)) {
      if (reached().every((part, which) => part === after[which])) return step;
    }
    throw new Error("nothing leads from one state to the next");
  }

  /** The step from here that breaks a law. */
  #fatalStep(before: Sides): string {
    for (const { step, reached } of this.#steps(before)) {
      try {
        this.#checkViews(reached().map((side, who) => this.#viewNumber(who, side)));
      } catch {
        return step;
      }
    }
    return "messages are answered";
  }

  /** Every single thing that can happen in a state, told in words. */
  #steps(sides: Sides): readonly { readonly step: string; readonly reached: () => Sides }[] {
    return this.#servers.flatMap((server, who) => {
      const side = sides[who] ?? 0;
      const mails = this.#servers.map((sender, number) => sender.saidTo(sides[number] ?? 0, server.id).messages);
      return [...server.actions(side), ...mails.flat()].map((input) => ({
        step: typeof input === "number" ? arrival(this.#messages.message(input)) : `${server.id} ${input}`,
        reached: () => this.#afterReplies(replaced(sides, who, server.after(side, input))),
      }));
    });
  }

  #server(who: number): ServerSides {
    const server = this.#servers[who];
    if (server === undefined) throw new Error(`no server ${who}`);
    return server;
  }

  #sidesAt(place: number): Sides {
    return [this.#states.part(place, 0), this.#states.part(place, 1), this.#states.part(place, 2)];
  }
}

function replaced(sides: Sides, who: number, side: number): Sides {
  return [who === 0 ? side : sides[0], who === 1 ? side : sides[1], who === 2 ? side : sides[2]];
}

function arrival({ type, from, to, ...rest }: Message): string {
  return `${to} gets ${type} of ${from} ${textOf(rest)}`;
}
