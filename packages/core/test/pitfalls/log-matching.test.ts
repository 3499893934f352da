// Mistakes about which log holds what, and how far a peer has come.
import { describe, expect, test } from "vitest";
import { Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const append = { type: "appendRequest", from: "n2" } as const;
const accepted = { type: "appendResponse", accepted: true } as const;

test("P01 figure 8: replicas of an old entry do not commit it, an own entry after it does", () => {
  const leader = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"], term: 3, log: logOf(1, 2) });
  leader.elect();
  for (const from of ["n2", "n3", "n4", "n5"]) leader.tell({ ...accepted, from, term: 4, matchIndex: 2 });
  expect(leader.raft.status().commitIndex, "everybody has index 2, and still").toBe(0);
  for (const from of ["n2", "n3"]) leader.tell({ ...accepted, from, term: 4, matchIndex: 3 });
  expect(leader.raft.status().commitIndex).toBe(3);
});

test("P15 the commit index stays within the prefix that was verified", () => {
  const server = new LoneServer({ term: 2, log: logOf(1, 1, 1, 2, 2) });
  server.tell({ ...append, term: 3, prevLogIndex: 3, prevLogTerm: 1, entries: [], leaderCommit: 5 });
  expect(server.raft.status()).toMatchObject({ commitIndex: 3, lastApplied: 3 });
});

test("P16 a heartbeat's commit index beyond the log of a server that lost its tail does no harm", () => {
  const server = new LoneServer();
  server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 3_730, round: 1 });
  expect(server.raft.status()).toMatchObject({ commitIndex: 0, leaderId: "n2" });
});

test("P17 a late append does not cut a newer tail that it agrees with", () => {
  const server = new LoneServer({ term: 1, log: logOf(1, 1, 1, 1, 1) });
  const [, second, third] = logOf(1, 1, 1);
  const entries = [second, third].filter((entry) => entry !== undefined);
  const said = server.tell({ ...append, term: 1, prevLogIndex: 1, prevLogTerm: 1, entries, leaderCommit: 0 });
  expect(said).toMatchObject([{ accepted: true, matchIndex: 3 }]);
  expect(server.raft.status().lastIndex).toBe(5);
});

/** A leader of two with `count` entries in its log, all sent to n2. */
function leaderWithEntries(count: number): LoneServer {
  const server = new LoneServer({ members: ["n1", "n2"] });
  server.elect();
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 1 });
  for (let index = 2; index <= count; index++) server.raft.propose(bytes(`${index}`));
  server.messages();
  return server;
}

test("P18 acknowledgements out of order never lower what is known to match", () => {
  const server = leaderWithEntries(5);
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 5 });
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 1 });
  expect(server.raft.status().peers).toMatchObject([{ matchIndex: 5, nextIndex: 6 }]);
  expect(server.raft.status().commitIndex).toBe(5);
});

test("P18 an acknowledgement of an earlier term counts for nothing: the log may have changed since", () => {
  const server = leaderWithEntries(5);
  server.tell({ type: "heartbeatRequest", from: "n2", term: 2, commitIndex: 0, round: 1 });
  server.elect();
  expect(server.raft.status()).toMatchObject({ role: "leader", term: 3 });
  const result = server.raft.step({ ...accepted, from: "n2", to: "n1", term: 1, matchIndex: 5 }, server.now);
  expect(result).toEqual({ handled: false, reason: "staleResponse" });
  expect(server.raft.status().peers).toMatchObject([{ matchIndex: 0 }]);
});

test("P18 an acknowledgement beyond the leader's own log is not believed", () => {
  const server = leaderWithEntries(5);
  const result = server.raft.step({ ...accepted, from: "n2", to: "n1", term: 1, matchIndex: 6 }, server.now);
  expect(result).toEqual({ handled: false, reason: "malformed" });
});

describe("P19 stale refusals", () => {
  const refused = { type: "appendResponse", from: "n2", to: "n1", term: 1, accepted: false } as const;

  test("P19 of a position that is known to match are ignored", () => {
    const server = leaderWithEntries(5);
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 5 });
    const result = server.raft.step({ ...refused, prevLogIndex: 3, hintIndex: 0, hintTerm: 0 }, server.now);
    expect(result).toEqual({ handled: false, reason: "staleResponse" });
    expect(server.raft.status().peers).toMatchObject([{ mode: "replicate", matchIndex: 5, nextIndex: 6 }]);
  });

  test("P19 of a position that is no longer being probed are ignored", () => {
    const server = new LoneServer({ members: ["n1", "n2"], term: 1, log: logOf(1, 1, 1, 1, 1) });
    server.elect();
    const refusal = { ...refused, term: 2 };
    server.raft.step({ ...refusal, prevLogIndex: 5, hintIndex: 3, hintTerm: 1 }, server.now);
    expect(server.raft.status().peers).toMatchObject([{ mode: "probe", nextIndex: 4 }]);
    const result = server.raft.step({ ...refusal, prevLogIndex: 5, hintIndex: 1, hintTerm: 1 }, server.now);
    expect(result).toEqual({ handled: false, reason: "staleResponse" });
    expect(server.raft.status().peers).toMatchObject([{ mode: "probe", nextIndex: 4 }]);
  });
});

test("P22 a position before the compacted part of the log is no conflict", () => {
  const log = { base: { index: 10, term: 2 }, lastIndex: 12, termRuns: [{ firstIndex: 11, term: 2 }] };
  const raft = new Raft(
    { id: "n1", configuration: { voters: ["n1", "n2"], learners: [] }, random: () => 0.5, checkInvariants: true },
    { hardState: { term: 2, votedFor: undefined }, log, configurations: [], applied: 10 },
  );
  const entries = [9, 10, 11].map((index) => entryOf(index, 2));
  raft.step({ ...append, to: "n1", term: 2, prevLogIndex: 8, prevLogTerm: 1, entries, leaderCommit: 11 }, 0);
  expect(raft.status()).toMatchObject({ lastIndex: 12, commitIndex: 11 });
  expect(raft.ready().messages).toMatchObject([{ accepted: true, matchIndex: 11 }]);
});

test("P23 a tail of ten thousand entries of three terms is passed in at most five refusals", () => {
  const terms = [1, ...[2, 3, 4].flatMap((term) => Array<number>(3_333).fill(term))];
  const members = ["n1", "n2"];
  const leader = new LoneServer({ members, term: 8, log: logOf(1, ...Array<number>(5_000).fill(8)) });
  const follower = new LoneServer({ id: "n2", members, term: 8, log: logOf(...terms) });
  leader.elect();
  let refusals = 0;
  let waiting = leader.wait(50);
  for (let round = 0; round < 200 && waiting.length > 0; round++) {
    const answers = waiting.flatMap((message) => follower.tell(message));
    refusals += answers.filter((answer) => answer.type === "appendResponse" && !answer.accepted).length;
    waiting = answers.flatMap((answer) => leader.tell(answer));
  }
  expect(follower.disk.length).toBe(leader.disk.length);
  expect(refusals).toBeGreaterThan(0);
  expect(refusals).toBeLessThanOrEqual(3 + 2);
});

test("P24 a window whose messages were all lost opens again after a heartbeat", () => {
  const server = new LoneServer({ members: ["n1", "n2"], limits: { maxAppendBytes: 100, maxInflightMessages: 2 } });
  const follower = new LoneServer({ id: "n2", members: ["n1", "n2"] });
  server.elect();
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 1 });
  for (let count = 0; count < 10; count++) server.raft.propose(bytes("x"));
  expect(server.messages().length, "two are under way, and lost").toBe(2);
  follower.tell({
    ...append,
    from: "n1",
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: logOf(1),
    leaderCommit: 0,
  });

  let waiting = server.wait(50);
  for (let round = 0; round < 40 && waiting.length > 0; round++) {
    waiting = waiting.flatMap((message) => follower.tell(message)).flatMap((answer) => server.tell(answer));
  }
  expect(follower.raft.status().lastIndex).toBe(11);
  expect(server.raft.status().commitIndex).toBe(11);
});

test("P25 news of a commit that got lost reaches a follower with the next heartbeat", () => {
  const cluster = new Cluster({ size: 3 });
  const leader = cluster.elect();
  cluster.run(100);
  const [follower = ""] = cluster.ids.filter((id) => id !== leader);
  cluster.propose(leader, "x");
  cluster.run(1);
  cluster.cutOneWay(leader, follower);
  cluster.run(60);
  expect(cluster.applied(follower)).toEqual([]);
  cluster.heal();
  cluster.run(50 + 3);
  expect(cluster.applied(follower)).toEqual(["x"]);
});

test("entries that contradict what is committed here change nothing and are reported", () => {
  const server = new LoneServer({ term: 1, log: logOf(1, 1) });
  server.tell({ ...append, term: 1, prevLogIndex: 2, prevLogTerm: 1, entries: [], leaderCommit: 2 });
  const forged = { ...append, to: "n1", term: 2, prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 0 } as const;
  expect(server.raft.step({ ...forged, entries: [entryOf(2, 2)] }, 0)).toEqual({
    handled: false,
    reason: "contradictsCommitted",
  });
  expect(server.disk.map(({ term }) => term)).toEqual([1, 1]);
});
