// What each node was during the last minute: leader, candidate, follower, or away, and in which term.

import type { LaneChange, NodeState, Sections } from "./protocol.ts";

/** How far the lanes reach back, in ms. */
export const laneWindowMs = 60_000;
/** Changes that are kept of a node: more than anybody can tell apart. */
const keptChanges = 200;

/** Remembers what nodes were. */
export class LaneHistory {
  readonly #changes = new Map<string, readonly LaneChange[]>();

  /** Notes what the nodes are at a moment, and forgets what is too long ago. */
  note(nodes: readonly NodeState[], atMs: number): void {
    for (const node of nodes) {
      const before = this.#changes.get(node.id) ?? [];
      const last = before.at(-1);
      const kind = kindOf(node);
      // Who is away keeps its place in the term that it was last seen in.
      const term = node.status?.term ?? last?.term ?? 0;
      const isNew = last === undefined || last.kind !== kind || last.term !== term;
      const changes = isNew ? [...before, { atMs: Math.round(atMs), kind, term }] : before;
      // The change that was in force at the beginning of the window is still seen.
      const first = changes.findLastIndex((change) => change.atMs <= atMs - laneWindowMs);
      this.#changes.set(node.id, changes.slice(Math.max(0, first)).slice(-keptChanges));
    }
  }

  get lanes(): Sections["lanes"] {
    return [...this.#changes].map(([id, changes]) => ({ id, changes }));
  }
}

function kindOf({ condition, status }: NodeState): LaneChange["kind"] {
  if (status === undefined || condition === "paused" || condition === "down") return "away";
  if (status.role === "leader") return "leads";
  return status.role === "follower" ? "follows" : "campaigns";
}
