// Who watches what, and when to look again. A change only marks what is watched; the value is read when it is sent, so a
// client that is slow, or a value that changes fast, costs one event and no buffer.

import { type Clock, QuorateError } from "@quorate/contracts";
import type { WireAnswer } from "../wire/answers.ts";
import { busy, type ClusterFacts, failureOf, refusalOf } from "./failures.ts";
import type { ServedApplication, ServedNode } from "./served.ts";

/** Someone who watches. */
export type Watcher = {
  /** An event, or the error that ends the watch. */
  onAnswer(answer: WireAnswer): void;
  /** False while there is no room for more; `Watch.resume` is called when there is again. */
  isReady(): boolean;
};

/** One watch under way. */
export type Watch = {
  resume(): void;
  end(): void;
};

/** What is watched, in the application's terms. */
export type Watchable<Query, Answer> = Pick<
  ServedApplication<Query, Answer, unknown>,
  "event" | "watchKey" | "changes"
>;

/** The part of a node that is watched. */
export type WatchedNode<Query, Answer> = Pick<ServedNode<Query, Answer, unknown>, "query" | "currentStatus">;

/** Bounds of watching. */
export type WatchLimits = {
  /** Watches of all connections. Default 10 000. */
  readonly maxWatches: number;
  /** A node that may have missed commits for longer than this ends its watches, in ms. Default 5000. */
  readonly maxAgeMs: number;
};

/** The default bounds. */
export const defaultWatchLimits: WatchLimits = { maxWatches: 10_000, maxAgeMs: 5000 };

const ageCheckMs = 1000;

type State<Query> = {
  readonly query: Query;
  readonly key: string;
  readonly watcher: Watcher;
  minIndex: number;
  isChanged: boolean;
  isReading: boolean;
  isOver: boolean;
};

/** All watches of one node over one wire. */
export class Watches<Query, Answer> {
  readonly #node: WatchedNode<Query, Answer>;
  readonly #application: Watchable<Query, Answer>;
  readonly #facts: ClusterFacts;
  readonly #clock: Clock;
  readonly #limits: WatchLimits;
  readonly #byKey = new Map<string, Set<State<Query>>>();
  readonly #changed = new Set<State<Query>>();
  #endChanges: (() => void) | undefined;
  #count = 0;
  #isScheduled = false;
  #cancelAgeCheck: (() => void) | undefined;

  constructor(parts: {
    readonly node: WatchedNode<Query, Answer>;
    readonly application: Watchable<Query, Answer>;
    readonly facts: ClusterFacts;
    readonly clock: Clock;
    readonly limits?: WatchLimits;
  }) {
    this.#node = parts.node;
    this.#application = parts.application;
    this.#facts = parts.facts;
    this.#clock = parts.clock;
    this.#limits = parts.limits ?? defaultWatchLimits;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Sends the current value as of `minIndex` or later, then one after each change; some may be skipped, the latest never. */
  begin(query: Query, minIndex: number, watcher: Watcher): Watch | undefined {
    if (this.#count >= this.#limits.maxWatches) {
      watcher.onAnswer(busy(`${this.#count} watches are under way already.`));
      return undefined;
    }
    const key = this.#application.watchKey(query);
    const state = { query, key, watcher, minIndex, isChanged: true, isReading: false, isOver: false };
    const sameKey = this.#byKey.get(key);
    if (sameKey === undefined) this.#byKey.set(key, new Set([state]));
    else sameKey.add(state);
    this.#count += 1;
    // Where nobody watches, changes cost nothing.
    this.#endChanges ??= this.#application.changes((changed) => this.#onChange(changed));
    this.#scheduleAgeCheck();
    this.#look(state);
    return { resume: () => this.#look(state), end: () => this.#end(state) };
  }

  /** Ends everything: whoever watches is told to go to another node. */
  close(): void {
    this.#cancelAgeCheck?.();
    for (const state of this.#all()) this.#fail(state, failureOf(closing(this.#facts.nodeId), this.#facts));
  }

  #onChange(key: string | undefined): void {
    const affected = key === undefined ? this.#all() : (this.#byKey.get(key) ?? []);
    for (const state of affected) {
      state.isChanged = true;
      this.#changed.add(state);
    }
    if (this.#changed.size > 0) this.#scheduleLook();
  }

  /** Commands are applied in batches: one look after each batch, not after each command. */
  #scheduleLook(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.defer(() => {
      this.#isScheduled = false;
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const state of changed) this.#look(state);
    });
  }

  #look(state: State<Query>): void {
    if (!state.isChanged || state.isReading || state.isOver || !state.watcher.isReady()) return;
    state.isChanged = false;
    state.isReading = true;
    this.#node.query(state.query, { consistency: "stale", minIndex: state.minIndex }).then(
      ({ answer, index }) => this.#seen(state, index, answer),
      (error: unknown) => this.#fail(state, failureOf(error, this.#facts)),
    );
  }

  #seen(state: State<Query>, index: number, answer: Answer): void {
    state.isReading = false;
    if (state.isOver) return;
    state.minIndex = index;
    this.#send(state, index, answer);
    this.#look(state);
  }

  #send(state: State<Query>, index: number, answer: Answer): void {
    try {
      state.watcher.onAnswer({ type: "event", index, bytes: this.#application.event(answer) });
    } catch (error) {
      this.#fail(state, refusalOf(error, this.#facts));
    }
  }

  #fail(state: State<Query>, answer: WireAnswer): void {
    if (state.isOver) return;
    this.#end(state);
    state.watcher.onAnswer(answer);
  }

  #end(state: State<Query>): void {
    if (state.isOver) return;
    state.isOver = true;
    this.#count -= 1;
    if (this.#count === 0) {
      this.#endChanges?.();
      this.#endChanges = undefined;
    }
    this.#changed.delete(state);
    const sameKey = this.#byKey.get(state.key);
    sameKey?.delete(state);
    if (sameKey?.size === 0) this.#byKey.delete(state.key);
  }

  /** A node that is cut off from the leader would show its clients an old value for ever. */
  #scheduleAgeCheck(): void {
    if (this.#cancelAgeCheck !== undefined) return;
    this.#cancelAgeCheck = this.#clock.schedule(this.#clock.now() + ageCheckMs, () => {
      this.#cancelAgeCheck = undefined;
      const ageMs = this.#node.currentStatus().stateAgeMs ?? Number.POSITIVE_INFINITY;
      if (ageMs > this.#limits.maxAgeMs) {
        for (const state of this.#all()) this.#fail(state, failureOf(tooOld(this.#facts.nodeId, ageMs), this.#facts));
      }
      if (this.#count > 0) this.#scheduleAgeCheck();
    });
  }

  #all(): readonly State<Query>[] {
    return [...this.#byKey.values()].flatMap((states) => [...states]);
  }
}

function tooOld(nodeId: string, ageMs: number): QuorateError {
  const age = Number.isFinite(ageMs) ? `for ${Math.round(ageMs)} ms` : "since it was started";
  return new QuorateError({
    code: "QUORATE_STALE_TOO_OLD",
    message: `${nodeId} has not heard of a leader ${age}.`,
    hint: "Watch at another node.",
    retryable: true,
  });
}

function closing(nodeId: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: `${nodeId} is shutting down.`,
    hint: "Watch at another node.",
    retryable: true,
  });
}
