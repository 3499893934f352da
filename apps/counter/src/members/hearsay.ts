// Finding out who belongs to the cluster when the log is not up to date: a node that was away is called by members that it
// does not know, and one that was removed is turned away by those that it knows. Both ask around, over HTTP. Thesis 4.1.

import type { Clock } from "@quorate/contracts";
import type { MemberAddress } from "./address.ts";

/** What somebody said about the members. */
export type Rumour = {
  /** Who said so. */
  readonly from: string;
  /** Where their configuration stands in the log. */
  readonly index: number;
  readonly committed: boolean;
  readonly members: ReadonlyMap<string, MemberAddress>;
};

/** What asking around needs. */
export type HearsayParts = {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Whom to ask, by node id. */
  readonly addresses: () => ReadonlyMap<string, MemberAddress>;
  /** Where the newest configuration of the own log stands. */
  readonly ownIndex: () => number;
  /** The newest that was heard, if it is newer than the own log. False if it settles nothing: then it is asked again. */
  readonly onNews: (rumour: Rumour) => boolean;
};

const firstPauseMs = 500;
const maxPauseMs = 30_000;
const answerWithinMs = 1000;
/** Asked in one round. */
const maxAsked = 16;
/** Rounds without news before it gives up, until something calls for it again. */
const maxRounds = 12;
const maxMembers = 256;

/** Asks the known members for the newest list, in rounds with growing pauses, one round at a time. */
export class Hearsay {
  readonly #parts: HearsayParts;
  readonly #closing = new AbortController();
  #roundsLeft = 0;
  #pauseMs = firstPauseMs;
  #asking = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: HearsayParts) {
    this.#parts = parts;
  }

  /** Somebody may not be known, here or there: find out more. While it asks already, nothing changes. */
  ask(): void {
    if (this.#closing.signal.aborted || this.#roundsLeft > 0) return;
    this.#roundsLeft = maxRounds;
    this.#pauseMs = firstPauseMs;
    this.#nextRound(0);
  }

  /** Ends everything. Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#roundsLeft = 0;
    this.#cancelTimer?.();
  }

  #nextRound(afterMs: number): void {
    const { clock } = this.#parts;
    this.#cancelTimer = clock.schedule(clock.now() + afterMs, () => void this.#round());
  }

  async #round(): Promise<void> {
    if (this.#asking || this.#closing.signal.aborted) return;
    this.#asking = true;
    const newest = await this.#newest();
    this.#asking = false;
    if (this.#closing.signal.aborted) return;
    this.#roundsLeft -= 1;
    const isNews = newest !== undefined && newest.index > this.#parts.ownIndex();
    if (isNews && this.#parts.onNews(newest)) this.#roundsLeft = 0;
    if (this.#roundsLeft === 0) return;
    this.#nextRound(this.#pauseMs);
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs * 2);
  }

  async #newest(): Promise<Rumour | undefined> {
    const { addresses, nodeId } = this.#parts;
    const others = [...addresses()].filter(([id]) => id !== nodeId).slice(0, maxAsked);
    const rumours = await Promise.all(others.map(([, { http }]) => this.#askAt(http)));
    return rumours.filter((rumour) => rumour !== undefined).toSorted((a, b) => b.index - a.index)[0];
  }

  async #askAt(http: string): Promise<Rumour | undefined> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const { clock, fetch, clusterId } = this.#parts;
    const cancelTimer = clock.schedule(clock.now() + answerWithinMs, abort);
    this.#closing.signal.addEventListener("abort", abort, { once: true });
    try {
      const url = `${http}/v1/cluster/members?consistency=stale`;
      const response = await fetch(url, { signal: controller.signal, redirect: "error" });
      return rumourIn(await response.json(), { from: http, clusterId });
    } catch {
      // Who does not answer, or not sensibly, has nothing to say.
      return undefined;
    } finally {
      cancelTimer();
      this.#closing.signal.removeEventListener("abort", abort);
    }
  }
}

function rumourIn(body: unknown, { from, clusterId }: { from: string; clusterId: string }): Rumour | undefined {
  if (typeof body !== "object" || body === null || !("cluster" in body) || body.cluster !== clusterId) return undefined;
  if (!("configurationIndex" in body) || !("members" in body)) return undefined;
  const { configurationIndex: index, members } = body;
  if (!Number.isSafeInteger(index) || typeof index !== "number" || !Array.isArray(members)) return undefined;
  if (members.length > maxMembers) return undefined;
  const committed = "committed" in body && body.committed === true;
  return { from, index, committed, members: new Map(members.flatMap((member) => memberIn(member))) };
}

function memberIn(value: unknown): readonly (readonly [string, MemberAddress])[] {
  if (typeof value !== "object" || value === null || !("id" in value) || !("http" in value)) return [];
  const { id, http } = value;
  if (typeof id !== "string" || typeof http !== "string") return [];
  const peer = "peer" in value && typeof value.peer === "string" ? { peer: value.peer } : {};
  return [[id, { ...peer, http }]];
}
