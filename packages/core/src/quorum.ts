// The arithmetic of majorities. Recomputed from scratch each time: it is cheap, and an incremental version has been
// wrong elsewhere in ways that commit what a majority does not have.

import type { Configuration, NodeId } from "./types.ts";

/** How many of `voters` are a majority. Any two majorities share a server. Thesis 3.2. */
export function majorityOf(voters: readonly NodeId[]): number {
  return Math.floor(voters.length / 2) + 1;
}

/** The largest value that a majority has reached; in a joint configuration, both majorities. Thesis 4.3. */
export function reachedByMajority({ voters, outgoing }: Configuration, valueOf: (voter: NodeId) => number): number {
  const reached = reachedBy(voters, valueOf);
  return outgoing === undefined ? reached : Math.min(reached, reachedBy(outgoing, valueOf));
}

/** The largest value that a majority has reached. Values are indexes, rounds and times: never below 0. */
function reachedBy(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  // In ascending order, one put in its place after the other: there are few, and this is asked at every turn.
  const values: number[] = [];
  for (const voter of voters) {
    const value = valueOf(voter);
    let place = values.length;
    for (; place > 0 && (values[place - 1] ?? 0) > value; place--) values[place] = values[place - 1] ?? 0;
    values[place] = value;
  }
  return values[voters.length - majorityOf(voters)] ?? 0;
}

/** How a vote stands. `lost` means that a majority can no longer be reached. */
export type Tally = "won" | "open" | "lost";

/** Counts the votes of the voters, in a joint configuration of both sides; votes of anybody else do not count. Thesis 3.4, 4.3. */
export function tally({ voters, outgoing }: Configuration, votes: ReadonlyMap<NodeId, boolean>): Tally {
  const verdict = tallyOf(voters, votes);
  if (outgoing === undefined || verdict === "lost") return verdict;
  const other = tallyOf(outgoing, votes);
  return other === "won" ? verdict : other;
}

/** Counts as if all voters were needed: to form a cluster. */
export function tallyOfAll({ voters }: Configuration, votes: ReadonlyMap<NodeId, boolean>): Tally {
  if (voters.some((voter) => votes.get(voter) === false)) return "lost";
  return voters.every((voter) => votes.get(voter) === true) ? "won" : "open";
}

function tallyOf(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): Tally {
  const needed = majorityOf(voters);
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  if (granted >= needed) return "won";
  return voters.length - refused >= needed ? "open" : "lost";
}
