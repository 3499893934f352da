// S28 to S30: networks that are cut in awkward places, and the protections against them in every combination.
import { describe, expect, test } from "vitest";
import { Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";

describe("S28 three nodes, leader s1, and only the link s1-s2 is cut", () => {
  const cutOneLink = (leaderLease: boolean) => {
    const cluster = new Cluster({ size: 3, protection: { leaderLease, preVote: false } });
    cluster.electThis("s1");
    cluster.run(100);
    const { term } = cluster.status("s1");
    cluster.cut("s1", "s2");
    return { cluster, term };
  };

  test("S28 lease off: a healthy leader is thrown out, again and again", () => {
    const { cluster, term } = cutOneLink(false);
    cluster.run(5_000);
    expect(cluster.status("s3").term).toBeGreaterThan(term + 1);
    const depositions = ["s1", "s2"].flatMap((id) => cluster.events(id).filter(({ type }) => type === "steppedDown"));
    expect(depositions.length).toBeGreaterThan(1);
    for (const deposition of depositions) expect(deposition).toMatchObject({ reason: "higherTerm" });
  });

  test("S28 lease on: s3, which hears s1, refuses s2; s1 stays leader and its term does not change", () => {
    const { cluster, term } = cutOneLink(true);
    cluster.run(5_000);
    expect(cluster.leader() === "s1" || cluster.status("s1").role === "leader").toBe(true);
    expect(cluster.status("s1")).toMatchObject({ role: "leader", term });
    expect(cluster.status("s3")).toMatchObject({ leaderId: "s1", term });
    expect(cluster.events("s3")).toContainEqual(
      expect.objectContaining({ type: "voteRefused", to: "s2", reason: "hearsLeader", leaderId: "s1" }),
    );
    cluster.propose("s1", "x");
    cluster.run(100);
    expect(cluster.applied("s3")).toEqual(["x"]);
  });
});

describe("S29 five nodes, leader s1, working links s1-s2, s2-s3, s2-s4, s3-s4", () => {
  const partition = (checkQuorum: boolean) => {
    const cluster = new Cluster({ size: 5, protection: { leaderLease: true, checkQuorum } });
    cluster.electThis("s1");
    cluster.run(100);
    cluster.isolate("s5");
    for (const other of ["s3", "s4"]) cluster.cut("s1", other);
    return cluster;
  };

  test("S29 lease on, CheckQuorum off: s2 keeps refusing, no new leader, and s1 commits nothing", () => {
    const cluster = partition(false);
    cluster.run(5_000);
    cluster.propose("s1", "x");
    cluster.run(5_000);
    expect(cluster.leaders()).toEqual(["s1"]);
    expect(cluster.applied("s1")).toEqual([]);
    expect(cluster.events("s2").some((event) => event.type === "voteRefused" && event.reason === "hearsLeader")).toBe(
      true,
    );
  });

  test("S29 both on: s1 steps down; s2, s3, s4 elect a leader and commit", () => {
    const cluster = partition(true);
    cluster.runUntil(() => cluster.status("s1").role !== "leader", 400);
    expect(cluster.events("s1")).toContainEqual(expect.objectContaining({ type: "steppedDown", reason: "quorumLost" }));
    cluster.runUntil(() => cluster.leaders().some((id) => ["s2", "s3", "s4"].includes(id)), 3_000);
    const leader = cluster.elect();
    cluster.propose(leader, "x");
    cluster.run(200);
    for (const id of ["s2", "s3", "s4"]) expect(cluster.applied(id)).toEqual(["x"]);
  });
});

describe("S30 every combination of the protections", () => {
  const flags = [false, true];
  const combinations = flags.flatMap((preVote) =>
    flags.flatMap((leaderLease) => flags.map((checkQuorum) => ({ preVote, leaderLease, checkQuorum }))),
  );

  test.each(combinations)("S30 a node that returns with a higher term rejoins: %o", (protection) => {
    for (const seed of [1, 2, 3]) {
      const cluster = new Cluster({ size: 3, protection, seed });
      const leader = cluster.elect();
      const returning = cluster.ids.find((id) => id !== leader) ?? "";
      cluster.isolate(returning);
      for (let attempt = 0; attempt < 10; attempt++) {
        cluster.campaign(returning);
        cluster.run(300);
      }
      cluster.heal();
      cluster.run(2_000);
      const current = cluster.elect();
      cluster.propose(current, "x");
      cluster.runUntil(() => cluster.ids.every((id) => cluster.applied(id).includes("x")), 3_000);
      const terms = new Set(cluster.ids.map((id) => cluster.status(id).term));
      expect(terms.size, "all are in one term again").toBe(1);
    }
  });

  test("S30 timeouts that cannot work are refused, with values that can", () => {
    const options = { id: "n1", configuration: { voters: ["n1"], learners: [] }, random: Math.random };
    const make = (timing: { electionTimeoutMs?: readonly [number, number]; heartbeatMs?: number }) => () =>
      new Raft({ ...options, timing });
    expect(make({ heartbeatMs: 100 })).toThrow(/150 ms is less than 3 heartbeats of 100 ms/);
    expect(make({ heartbeatMs: 100 })).toThrow(expect.objectContaining({ code: "QUORATE_TIMEOUTS_UNSAFE" }));
    expect(make({ electionTimeoutMs: [300, 300] })).toThrow(/electionTimeoutMs is \[300, 300\]/);
    expect(make({ heartbeatMs: 0 })).toThrow(expect.objectContaining({ code: "QUORATE_OPTIONS_INVALID" }));
  });
});
