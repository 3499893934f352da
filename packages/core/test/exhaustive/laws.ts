// The laws that span servers, for one state of a cluster. Thesis figure 3.2, and what the proofs rest on.

import { type Configuration, decodeConfiguration, type Entry } from "../../src/index.ts";
import { text } from "../support/lone-server.ts";
import { logOf, type ServerState } from "./server-states.ts";

/** What the laws need to know of a server. */
export type View = {
  readonly id: string;
  readonly term: number;
  readonly isLeader: boolean;
  readonly ledTerms: readonly number[];
  readonly commitIndex: number;
  /** One word for each entry, equal for equal entries. */
  readonly log: readonly string[];
  readonly disk: readonly string[];
  readonly promised: readonly string[];
  readonly promisedInTerm: number;
  readonly usedConfigurations: readonly Configuration[];
  /** The one by which it decides now. */
  readonly configuration: Configuration;
  /** The configurations of the log with their places, oldest first; the first one is the one the cluster began with. */
  readonly configurations: readonly { readonly index: number; readonly configuration: Configuration }[];
};

/** Looks at one server. */
export function viewOf(id: string, state: ServerState, founding: Configuration): View {
  const { raft, disk, promised, promisedInTerm, ledTerms, usedConfigurations } = state;
  const { term, role, commitIndex, configuration } = raft.status();
  const entries = logOf(state);
  const configurations = entries.flatMap((entry) => {
    const decoded = entry.kind === "configuration" ? decodeConfiguration(entry) : undefined;
    return decoded === undefined ? [] : [{ index: entry.index, configuration: decoded }];
  });
  return {
    id,
    term,
    isLeader: role === "leader",
    ledTerms,
    commitIndex,
    log: entries.map(wordFor),
    disk: disk.entries.map(wordFor),
    promised: promised.map(wordFor),
    promisedInTerm,
    usedConfigurations: [founding, ...usedConfigurations],
    configuration,
    configurations: [{ index: 0, configuration: founding }, ...configurations],
  };
}

/** Throws if a law is broken. */
export function checkLaws(views: readonly View[]): void {
  for (const view of views) {
    configurationInUse(view);
    configurationsOverlap(view);
  }
  for (const a of views) {
    committedIsDurable(a, views);
    for (const b of views) {
      if (a.id === b.id) continue;
      electionSafety(a, b);
      logMatching(a, b);
      stateMachineSafety(a, b);
      leaderCompleteness(a, b);
    }
  }
}

/** At most one leader can be elected in a given term. */
function electionSafety(a: View, b: View): void {
  const term = a.ledTerms.find((led) => b.ledTerms.includes(led));
  if (term !== undefined) throw new Error(`Election Safety: ${a.id} and ${b.id} both led term ${term}`);
}

/** Logs that have the same entry in one place are equal up to there. */
function logMatching(a: View, b: View): void {
  const last = a.log.findLastIndex((word, position) => word === b.log[position]);
  const differ = a.log.findIndex((word, position) => word !== b.log[position]);
  if (differ !== -1 && differ < last) throw new Error(`Log Matching: ${facts(a)} and ${facts(b)}`);
}

/** No two servers ever apply different entries at one index. */
function stateMachineSafety(a: View, b: View): void {
  const isSame = a.promised.every((word, position) => word === (b.promised[position] ?? word));
  if (!isSame)
    throw new Error(`State Machine Safety: ${a.id} applied ${a.promised.join()}, ${b.id} applied ${b.promised.join()}`);
}

/** What was committed, or applied, is in the log of every leader of that or a later term. */
function leaderCompleteness(a: View, leader: View): void {
  if (!leader.isLeader) return;
  const committed = leader.term >= a.term ? a.log.slice(0, a.commitIndex) : [];
  const promised = leader.term >= a.promisedInTerm ? a.promised : [];
  for (const words of [committed, promised]) {
    if (words.some((word, position) => leader.log[position] !== word)) {
      throw new Error(
        `Leader Completeness: ${facts(leader)} leads term ${leader.term} without ${words.join()} of ${a.id}`,
      );
    }
  }
}

/**
 * What is committed is on the disks of a majority of a configuration that somebody has used. The configuration itself may
 * be lost again: its majorities meet those of the one before, so no leader can miss the entry.
 */
function committedIsDurable(view: View, views: readonly View[]): void {
  const place = Math.max(view.commitIndex, view.promised.length) - 1;
  const word = view.commitIndex > view.promised.length ? view.log[place] : view.promised[place];
  if (word === undefined) return;
  const holders = views.filter(({ disk }) => disk[place] === word).map(({ id }) => id);
  const known = views.flatMap(({ usedConfigurations }) => usedConfigurations);
  if (known.some((configuration) => isMajority(holders, configuration))) return;
  throw new Error(
    `Committed is durable: entry ${word} at ${place + 1} of ${view.id} is on ${holders.join() || "no disk"}`,
  );
}

/** A server decides by the newest configuration in its log, committed or not. Thesis 4.1. */
function configurationInUse({ id, configuration, configurations }: View): void {
  const [used, newest] = [configuration, configurations.at(-1)?.configuration].map((each) => JSON.stringify(each));
  if (used !== newest)
    throw new Error(`Configuration in use: ${id} uses ${used}, but the newest in its log is ${newest}`);
}

/** Each configuration's majorities meet those of the one before, and a leader has at most one that is not committed. */
function configurationsOverlap({ id, isLeader, commitIndex, configurations }: View): void {
  for (const [position, { configuration }] of configurations.entries()) {
    const before = configurations[position - 1]?.configuration;
    if (before !== undefined && !doOverlap(before, configuration)) {
      throw new Error(`Configuration overlap: ${JSON.stringify(before)} and ${JSON.stringify(configuration)} at ${id}`);
    }
  }
  const open = configurations.filter(({ index }) => index > commitIndex);
  if (isLeader && open.length > 1) throw new Error(`One change at a time: ${JSON.stringify(open)} at leader ${id}`);
}

function doOverlap(a: Configuration, b: Configuration): boolean {
  const ids = [...new Set([...a.voters, ...(a.outgoing ?? []), ...b.voters, ...(b.outgoing ?? [])])];
  const sets = ids.reduce<readonly (readonly string[])[]>(
    (all, id) => [...all, ...all.map((set) => [...set, id])],
    [[]],
  );
  return sets.every(
    (set) =>
      !(
        isMajority(set, a) &&
        isMajority(
          ids.filter((id) => !set.includes(id)),
          b,
        )
      ),
  );
}

function isMajority(ids: readonly string[], { voters, outgoing = voters }: Configuration): boolean {
  return [voters, outgoing].every((side) => 2 * side.filter((id) => ids.includes(id)).length > side.length);
}

function wordFor(entry: Entry): string {
  return `${entry.term}${text(entry)}`;
}

function facts({ id, log }: View): string {
  return `${id} [${log.join(" ")}]`;
}
