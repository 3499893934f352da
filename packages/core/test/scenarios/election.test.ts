// S03 to S09: timeouts, candidates, majorities.
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { LoneServer } from "../support/lone-server.ts";

const noPreVote = { protection: { preVote: false } };

test("S03 every node starts as a follower in term 0 that knows no leader", () => {
  const cluster = new Cluster({ size: 3 });
  for (const id of cluster.ids) {
    expect(cluster.status(id)).toMatchObject({ role: "follower", term: 0, leaderId: undefined, votedFor: undefined });
  }
});

describe("a follower that hears no leader for its election timeout", () => {
  test("S04 asks first whether it would win, without touching its term", () => {
    const server = new LoneServer();
    expect(server.wait(224)).toEqual([]);
    const asked = server.wait(1);
    expect(asked.map(({ type, to }) => `${type} ${to}`)).toEqual(["preVoteRequest n2", "preVoteRequest n3"]);
    expect(asked[0]).toMatchObject({ term: 0, campaignTerm: 1 });
    expect(server.raft.status()).toMatchObject({ role: "preCandidate", term: 0, votedFor: undefined });
  });

  test("S04 becomes candidate, increments its term, votes for itself and asks all others", () => {
    const server = new LoneServer(noPreVote);
    const asked = server.wait(225);
    expect(asked.map(({ type, to, term }) => `${type} ${to} ${term}`)).toEqual([
      "voteRequest n2 1",
      "voteRequest n3 1",
    ]);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1, votedFor: "n1" });
  });

  test("S04 campaigns once a majority says in advance that it would win", () => {
    const server = new LoneServer();
    server.wait(225);
    const asked = server.tell({ type: "preVoteResponse", from: "n3", term: 0, campaignTerm: 1, granted: true });
    expect(asked.map(({ type, to }) => `${type} ${to}`)).toEqual(["voteRequest n2", "voteRequest n3"]);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1 });
  });

  test("S04 waits for a time drawn between the bounds, anew for each wait", () => {
    const waits = [0, 0.25, 0.999].map((chance) => {
      const server = new LoneServer({ random: () => chance });
      return server.raft.nextDeadline();
    });
    expect(waits).toEqual([150, 187.5, 299.85]);
  });
});

test("S05 a candidate with a majority leads at once: an empty entry of its term, heartbeats at their interval", () => {
  const server = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"], ...noPreVote });
  server.wait(225);
  server.tell({ type: "voteResponse", from: "n2", term: 1, granted: true });
  expect(server.raft.status().role, "two of five are no majority").toBe("candidate");
  const said = server.tell({ type: "voteResponse", from: "n3", term: 1, granted: true });

  expect(server.raft.status()).toMatchObject({ role: "leader", lastIndex: 1, lastTerm: 1 });
  const heartbeats = said.filter(({ type }) => type === "heartbeatRequest");
  expect(heartbeats.map(({ to }) => to)).toEqual(["n2", "n3", "n4", "n5"]);
  const appends = said.filter(({ type }) => type === "appendRequest");
  expect(appends[0]).toMatchObject({
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [{ index: 1, term: 1, kind: "empty" }],
  });
  expect(server.wait(49).length, "silence until the interval is over").toBe(0);
  expect(server.wait(1).map(({ type }) => type)).toEqual(Array(4).fill("heartbeatRequest"));
});

test("S06 a follower that gets heartbeats in time never campaigns", () => {
  const server = new LoneServer();
  for (let round = 1; round <= 100; round++) {
    server.wait(100);
    server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round });
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 1, leaderId: "n2" });
  }
});

test("S07 when the leader stops, another one leads a later term; the old one returns as a follower", () => {
  const cluster = new Cluster({ size: 3, names: ["A", "B", "C"] });
  cluster.electThis("A");
  const oldTerm = cluster.status("A").term;
  cluster.isolate("A");
  cluster.runUntil(() => cluster.leaders().some((id) => id !== "A"), 5 * 300);
  const next = cluster.leaders().find((id) => id !== "A") ?? "";
  expect(["B", "C"]).toContain(next);
  expect(cluster.status(next).term).toBeGreaterThan(oldTerm);

  cluster.heal();
  cluster.runUntil(() => cluster.status("A").leaderId === next, 1_000);
  expect(cluster.status("A")).toMatchObject({ role: "follower", term: cluster.status(next).term });
});

describe("S08 clusters of every size elect and commit with a majority", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("S08 of %i nodes", (size) => {
    const cluster = new Cluster({ size, seed: size });
    const leader = cluster.elect();
    const tolerated = Math.ceil(size / 2) - 1;
    const others = cluster.ids.filter((id) => id !== leader);
    for (const id of others.slice(0, tolerated)) cluster.crash(id);
    cluster.propose(leader, "x");
    cluster.run(500);
    expect(cluster.applied(leader), `${tolerated} of ${size} are down`).toEqual(["x"]);

    for (const id of others.slice(tolerated, tolerated + 1)) cluster.crash(id);
    cluster.propose(leader, "y");
    cluster.run(500);
    const expected = size === 1 ? ["x", "y"] : ["x"];
    expect(cluster.applied(leader), "one more is too many").toEqual(expected);
  });
});

describe("S09 split votes", () => {
  test.each([2, 3, 4, 5])("S09 %i nodes that time out together elect one leader in a later term", (size) => {
    const cluster = new Cluster({ size, ...noPreVote, seed: size });
    for (const id of cluster.ids) cluster.campaign(id);
    cluster.run(20);
    expect(cluster.leaders(), "everybody voted for itself").toEqual([]);
    for (const id of cluster.ids)
      expect(cluster.status(id)).toMatchObject({ role: "candidate", term: 1, votedFor: id });

    const leader = cluster.elect();
    expect(cluster.status(leader).term).toBeGreaterThan(1);
    expect(cluster.leaders()).toEqual([leader]);
  });
});
