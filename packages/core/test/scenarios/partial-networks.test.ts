// Every network of three servers in which links may fail in either direction, and every one of five in which they fail in both:
// wherever somebody can talk to a majority, somebody comes to lead, stays, and commits; elsewhere nobody does.
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";

/** Short, so that ten of the longest timeouts pass soon. */
const timing = { electionTimeoutMs: [30, 60], heartbeatMs: 10 } as const;
const TEN_TIMEOUTS_MS = 600;

type Link = readonly [from: string, to: string];

/** Every choice of the given links. */
function subsetsOf(links: readonly Link[]): readonly (readonly Link[])[] {
  return Array.from({ length: 2 ** links.length }, (_, choice) => links.filter((_link, bit) => choice & (1 << bit)));
}

function bothWays(links: readonly Link[]): readonly Link[] {
  return links.flatMap(([a, b]): Link[] => [
    [a, b],
    [b, a],
  ]);
}

/** The servers that a majority hears, and that hear it. */
function centres(ids: readonly string[], cut: readonly Link[]): readonly string[] {
  const isCut = (from: string, to: string): boolean => cut.some((link) => link[0] === from && link[1] === to);
  return ids.filter((id) => ids.filter((other) => !isCut(id, other) && !isCut(other, id)).length * 2 > ids.length);
}

/** What is wrong with a cluster in which these links are cut while all logs are equal; undefined if nothing. */
function complaintAbout(ids: readonly string[], cut: readonly Link[], protection = {}): string | undefined {
  const cluster = new Cluster({ size: ids.length, timing, protection });
  cluster.electThis("s1");
  cluster.run(50);
  for (const [from, to] of cut) cluster.cutOneWay(from, to);
  cluster.run(TEN_TIMEOUTS_MS);
  const leader = cluster.leader();
  if (centres(ids, cut).length === 0) return leader && `${leader} leads without a majority`;
  if (leader === undefined) return "nobody leads";
  const { term } = cluster.status(leader);
  cluster.run(TEN_TIMEOUTS_MS);
  if (cluster.leader() !== leader || cluster.status(leader).term !== term) return `${leader} does not stay`;
  cluster.propose(leader, "x");
  cluster.run(50);
  return cluster.applied(leader).includes("x") ? undefined : `${leader} commits nothing`;
}

function complaintsAbout(
  ids: readonly string[],
  networks: readonly (readonly Link[])[],
  protection?: { readonly checkQuorum: boolean },
): readonly string[] {
  return networks.flatMap((cut) => {
    const complaint = complaintAbout(ids, cut, protection);
    return complaint === undefined ? [] : [`${cut.map((link) => link.join(">")).join(" ")}: ${complaint}`];
  });
}

describe("partial networks", () => {
  const three = ["s1", "s2", "s3"];
  const networksOfThree = subsetsOf(
    bothWays([
      ["s1", "s2"],
      ["s1", "s3"],
      ["s2", "s3"],
    ]),
  );

  test("every failure of directed links between three servers", () => {
    expect(complaintsAbout(three, networksOfThree)).toEqual([]);
  });

  test("without CheckQuorum, leaders that nobody hears, or that hear nobody, stay", () => {
    const complaints = complaintsAbout(three, networksOfThree, { checkQuorum: false });
    expect(complaints.length).toBeGreaterThan(10);
  });

  test("every failure of links between five servers", () => {
    const ids = ["s1", "s2", "s3", "s4", "s5"];
    const pairs = ids.flatMap((a) => ids.filter((b) => a < b).map((b): Link => [a, b]));
    expect(complaintsAbout(ids, subsetsOf(pairs).map(bothWays))).toEqual([]);
  }, 60_000);

  test("two servers at the edge, each of which reaches only one of the middle, do not disturb the leader", () => {
    // Howard and Abraham, Raft does not guarantee liveness in the face of network faults: 1, 2 and 3 are connected, 4 only
    // to 2, and 5 only to 3, which leads.
    const cluster = new Cluster({ size: 5 });
    cluster.electThis("s3");
    const { term } = cluster.status("s3");
    for (const other of ["s1", "s3", "s5"]) cluster.cut("s4", other);
    for (const other of ["s1", "s2"]) cluster.cut("s5", other);
    cluster.run(10_000);
    expect(cluster.status("s3")).toMatchObject({ role: "leader", term });
  });

  test("without PreVote and leader lease, the same two never let a leader stay", () => {
    const cluster = new Cluster({ size: 5, protection: { preVote: false, leaderLease: false } });
    cluster.electThis("s3");
    const { term } = cluster.status("s3");
    for (const other of ["s1", "s3", "s5"]) cluster.cut("s4", other);
    for (const other of ["s1", "s2"]) cluster.cut("s5", other);
    cluster.run(10_000);
    expect(cluster.status("s3").term).toBeGreaterThan(term + 5);
  });
});
