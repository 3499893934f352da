// The arithmetic of majorities. Recomputed from scratch each time: it is cheap, and an incremental version has been
// wrong elsewhere in ways that commit what a majority does not have.

import type { NodeId } from "./types.ts";

/** How many of `voters` are a majority. Any two majorities share a server. Thesis 3.2. */
export function majorityOf(voters: readonly NodeId[]): number {
  return Math.floor(voters.length / 2) + 1;
}

/** The largest value that a majority of `voters` has reached. */
export function reachedByMajority(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  const descending = voters.map(valueOf).toSorted((a, b) => b - a);
  const reached = descending[majorityOf(voters) - 1];
  return reached ?? 0;
}

/** How a vote stands. `lost` means that a majority can no longer be reached. */
export type Tally = "won" | "open" | "lost";

/** Counts the votes of `voters`; votes of anybody else do not count. Thesis 3.4. */
export function tally(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): Tally {
  const needed = majorityOf(voters);
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  if (granted >= needed) return "won";
  return voters.length - refused >= needed ? "open" : "lost";
}
