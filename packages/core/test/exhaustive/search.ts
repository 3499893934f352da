// Looks at every state of a cluster that is reachable within a scope: any server may act, and any message that was ever sent
// may arrive, again and again, in any order. Breadth first, so that what is found is told as shortly as possible.

import type { Message } from "../../src/index.ts";
import { checkLaws, type View, viewOf } from "./laws.ts";
import type { Scope } from "./scope.ts";
import { SentMessages } from "./sent-messages.ts";
import { StateTable } from "./state-table.ts";
import { type Action, MessageNumbers, ServerStates } from "./server-states.ts";
import { textOf } from "./copying.ts";

/** What a search came to. */
export type Findings = {
  /** States of the cluster. */
  readonly states: number;
  /** States of single servers, of which they are made. */
  readonly serverStates: number;
  /** The law that is broken and how one gets there; undefined if none is. */
  readonly violation: { readonly law: string; readonly story: readonly string[] } | undefined;
};

/** A server's state together with all it has said. */
type Side = { readonly state: number; readonly sent: number };

/** Numbers of three sides, packed into one number. */
type Packed = number;
/** So that three of them fit into the 51 bits that a number holds exactly. */
const LIMIT = 2 ** 17;

/** Searches the whole scope, or until a law is broken. */
export function search(scope: Scope, maxStates = Number.POSITIVE_INFINITY): Findings {
  return new Search(scope).run(maxStates);
}

class Search {
  readonly #ids: readonly string[];
  readonly #messages = new MessageNumbers();
  readonly #servers: readonly ServerStates[];
  readonly #sent: readonly SentMessages[];
  readonly #sides: readonly Side[][];
  readonly #sideNumbers: readonly Map<number, number>[];
  /** By side and input: the next side. */
  readonly #steps: readonly Map<number | Action, number>[][];
  /** By state of a server: the number of its view. Different states often look the same. */
  readonly #viewOfState: readonly number[][];
  readonly #viewNumbers = new Map<string, number>();
  readonly #views: View[] = [];
  readonly #checked = new Set<number>();
  readonly #cameFrom = new StateTable();
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#ids = ["n1", "n2", "n3"];
    this.#servers = this.#ids.map((id) => new ServerStates(id, scope, this.#messages));
    this.#sent = this.#ids.map(() => new SentMessages(this.#messages));
    this.#sides = this.#ids.map(() => []);
    this.#sideNumbers = this.#ids.map(() => new Map());
    this.#steps = this.#ids.map(() => []);
    this.#viewOfState = this.#ids.map(() => []);
  }

  run(maxStates: number): Findings {
    let violation: Findings["violation"];
    const start = pack(this.#ids.map((_, who) => this.#sideNumber(who, { state: this.#server(who).start(), sent: 0 })));
    this.#cameFrom.add(start, start);
    let level = [start];
    while (level.length > 0 && violation === undefined && this.#cameFrom.size < maxStates) {
      const next: Packed[] = [];
      for (const from of level) {
        violation = this.#visit(from, next);
        if (violation !== undefined) break;
      }
      level = next;
    }
    const serverStates = this.#servers.reduce((sum, { states }) => sum + states.length, 0);
    return { states: this.#cameFrom.size, serverStates, violation };
  }

  /** Everything that can happen next. */
  #visit(from: Packed, next: Packed[]): Findings["violation"] {
    const sides = unpack(from);
    for (let who = 0; who < sides.length; who++) {
      for (const input of this.#inputs(who, sides)) {
        try {
          this.#follow(from, sides, who, input, next);
        } catch (error) {
          const law = error instanceof Error ? error.message : String(error);
          return { law, story: [...this.#story(from), this.#tell(who, input)] };
        }
      }
    }
    return undefined;
  }

  #follow(from: Packed, sides: readonly number[], who: number, input: number | Action, next: Packed[]): void {
    const side = this.#step(who, sides[who] ?? 0, input);
    if (side === sides[who]) return;
    const to = pack(sides.with(who, side));
    if (!this.#cameFrom.add(to, from)) return;
    this.#check(to);
    next.push(to);
  }

  /** What may happen to one server: its own actions, and every message that another one has sent to it. */
  #inputs(who: number, sides: readonly number[]): readonly (number | Action)[] {
    const id = this.#ids[who] ?? "";
    const inputs: (number | Action)[] = [...this.#server(who).actions(this.#side(who, sides[who]).state)];
    for (let sender = 0; sender < sides.length; sender++) {
      if (sender === who) continue;
      inputs.push(...(this.#sent[sender]?.to(this.#side(sender, sides[sender]).sent, id) ?? []));
    }
    return inputs;
  }

  #step(who: number, number: number, input: number | Action): number {
    const steps = this.#steps[who]?.[number];
    const known = steps?.get(input);
    if (known !== undefined) return known;
    const { state, sent } = this.#side(who, number);
    const transition = this.#server(who).after(state, input);
    const said = this.#sent[who]?.with(sent, transition.sent) ?? 0;
    const side = this.#sideNumber(who, { state: transition.state, sent: said });
    steps?.set(input, side);
    return side;
  }

  #check(state: Packed): void {
    const numbers = unpack(state).map((side, who) => this.#viewNumber(who, this.#side(who, side).state));
    const triple = pack(numbers);
    if (this.#checked.has(triple)) return;
    this.#checked.add(triple);
    checkLaws(numbers.flatMap((number) => this.#views[number] ?? []));
  }

  #viewNumber(who: number, state: number): number {
    const known = this.#viewOfState[who]?.[state];
    if (known !== undefined) return known;
    const server = this.#server(who).states[state];
    if (server === undefined) throw new Error(`no state ${state}`);
    const view = viewOf(this.#ids[who] ?? "", server, this.#scope.configuration);
    const text = JSON.stringify(view);
    const number = this.#viewNumbers.get(text) ?? this.#views.push(view) - 1;
    this.#viewNumbers.set(text, number);
    const views = this.#viewOfState[who];
    if (views !== undefined) views[state] = number;
    return number;
  }

  #story(to: Packed): readonly string[] {
    const story: string[] = [];
    for (let at = to; ; ) {
      const from = this.#cameFrom.get(at);
      if (from === undefined || from === at) return story.toReversed();
      story.push(this.#stepBetween(from, at));
      at = from;
    }
  }

  #stepBetween(from: Packed, to: Packed): string {
    const before = unpack(from);
    const after = unpack(to);
    const who = before.findIndex((side, server) => side !== after[server]);
    const input = this.#inputs(who, before).find((each) => this.#step(who, before[who] ?? 0, each) === after[who]);
    return this.#tell(who, input ?? "times out");
  }

  #tell(who: number, input: number | Action): string {
    return typeof input === "number" ? arrival(this.#messages.message(input)) : `${this.#ids[who]} ${input}`;
  }

  #server(who: number): ServerStates {
    const server = this.#servers[who];
    if (server === undefined) throw new Error(`no server ${who}`);
    return server;
  }

  #side(who: number, number: number | undefined): Side {
    const side = this.#sides[who]?.[number ?? -1];
    if (side === undefined) throw new Error(`no side ${number} of server ${who}`);
    return side;
  }

  #sideNumber(who: number, side: Side): number {
    const key = side.state * LIMIT + side.sent;
    const known = this.#sideNumbers[who]?.get(key);
    if (known !== undefined) return known;
    const number = (this.#sides[who]?.push(side) ?? 0) - 1;
    this.#sideNumbers[who]?.set(key, number);
    this.#steps[who]?.push(new Map());
    return number;
  }
}

function pack(numbers: readonly number[]): Packed {
  return numbers.reduce((packed, number) => {
    if (number >= LIMIT) throw new Error(`more than ${LIMIT} states of one server: the scope is too large`);
    return packed * LIMIT + number;
  }, 0);
}

function unpack(packed: Packed): readonly number[] {
  return [Math.floor(packed / LIMIT ** 2), Math.floor(packed / LIMIT) % LIMIT, packed % LIMIT];
}

function arrival({ type, from, to, ...rest }: Message): string {
  return `${to} gets ${type} of ${from} ${textOf(rest)}`;
}
