// Who belongs to the cluster, and which groups decide, computed apart from the core: what a checker believes of a quorum
// must not come from the code that it checks. Thesis chapter 4.

import type { Configuration, Entry, NodeId } from "@quorate/contracts";

const decoded = new WeakMap<Uint8Array, Configuration>();

/** The configuration in an entry of that kind. */
export function configurationOf({ data }: Pick<Entry, "data">): Configuration {
  const known = decoded.get(data);
  if (known !== undefined) return known;
  // Written by the core as JSON in ASCII.
  const configuration = JSON.parse(new TextDecoder().decode(data)) as Configuration;
  decoded.set(data, configuration);
  return configuration;
}

/** Everybody who receives the log. */
export function membersOf({ voters, learners, outgoing = [] }: Configuration): ReadonlySet<NodeId> {
  return new Set([...voters, ...learners, ...outgoing]);
}

/** Whether those who `agree` can decide: a majority of the voters and, while there are two groups, of both. Thesis 4.3. */
export function isQuorum({ voters, outgoing }: Configuration, agree: (voter: NodeId) => boolean): boolean {
  return isMajority(voters, agree) && (outgoing === undefined || isMajority(outgoing, agree));
}

function isMajority(voters: readonly NodeId[], agree: (voter: NodeId) => boolean): boolean {
  return voters.filter(agree).length * 2 > voters.length;
}

/** True if what the server says from this store counts. Who lost its disk has lost what it promised. */
export function speaksFor({ records = [] }: Configuration, id: NodeId, incarnation: string | undefined): boolean {
  const expected = records.find((record) => record.id === id)?.incarnation;
  return expected === undefined || expected === incarnation;
}

/** The voters under names by which they keep them only as long as they keep their stores. */
function withStores(configuration: Configuration, other: Configuration): Configuration {
  const storeIn = ({ records = [] }: Configuration, id: NodeId): string | undefined =>
    records.find((record) => record.id === id)?.incarnation;
  const named = (id: NodeId): NodeId => {
    const [own, theirs] = [storeIn(configuration, id), storeIn(other, id)];
    return own === undefined || theirs === undefined || own === theirs ? id : `${id} of ${own}`;
  };
  const { voters, learners, outgoing } = configuration;
  return { voters: voters.map(named), learners, ...(outgoing !== undefined && { outgoing: outgoing.map(named) }) };
}

/** Whether every group that can decide in one configuration shares a server with every one that can in the other. */
export function quorumsOverlap(before: Configuration, after: Configuration): boolean {
  const [a, b] = [withStores(before, after), withStores(after, before)];
  const voters = [...new Set([...a.voters, ...(a.outgoing ?? []), ...b.voters, ...(b.outgoing ?? [])])];
  // Try every way to split the voters in two: if both halves can decide, the halves do not meet.
  for (let split = 0; split < 2 ** voters.length; split++) {
    const isLeft = (voter: NodeId): boolean => Math.floor(split / 2 ** voters.indexOf(voter)) % 2 === 1;
    if (isQuorum(a, isLeft) && isQuorum(b, (voter) => !isLeft(voter))) return false;
  }
  return true;
}

/** Whether two configurations name the same servers in the same roles, with the same stores. */
export function isSameConfiguration(a: Configuration, b: Configuration): boolean {
  return describeConfiguration(a) === describeConfiguration(b) && describeStores(a) === describeStores(b);
}

function describeStores({ records = [] }: Configuration): string {
  return records
    .map(({ id, incarnation }) => `${id} ${incarnation ?? ""}`)
    .toSorted()
    .join();
}

/** In a few characters: `n1 n2 n3`, with `+ n4` for learners and `(leaving n1 n5)` for a joint one. */
export function describeConfiguration({ voters, learners, outgoing }: Configuration): string {
  const list = (ids: readonly NodeId[]): string => ids.toSorted().join(" ");
  const joint = outgoing === undefined ? "" : ` (leaving ${list(outgoing)})`;
  return `${list(voters)}${learners.length === 0 ? "" : ` + ${list(learners)}`}${joint}`;
}
