// The figures of the Raft paper: 2 (the rules on one page), 7 (the logs a new leader may meet), 8 (why old entries are not
// committed by counting).
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;

function offer(term: number, prevLogIndex: number, prevLogTerm: number, entries = logOf(), leaderCommit = 0) {
  return { type: "appendRequest", from: "n2", term, prevLogIndex, prevLogTerm, entries, leaderCommit } as const;
}

function ask(term: number, lastLogIndex: number, lastLogTerm: number) {
  return { type: "voteRequest", from: "n2", term, lastLogIndex, lastLogTerm, isTransfer: false } as const;
}

describe("figure 2, RequestVote", () => {
  test("figure 2, RequestVote 1: false if the term is older", () => {
    expect(new LoneServer({ term: 3 }).tell(ask(2, 9, 2))).toMatchObject([{ granted: false, term: 3 }]);
  });

  test("figure 2, RequestVote 2: true if it has not voted or voted for this candidate, and the log is up to date", () => {
    expect(new LoneServer({ term: 3 }).tell(ask(3, 0, 0))).toMatchObject([{ granted: true }]);
    expect(new LoneServer({ term: 3, votedFor: "n2" }).tell(ask(3, 0, 0))).toMatchObject([{ granted: true }]);
    expect(new LoneServer({ term: 3, votedFor: "n3" }).tell(ask(3, 0, 0))).toMatchObject([{ granted: false }]);
    expect(new LoneServer({ term: 3, log: logOf(1) }).tell(ask(3, 0, 0))).toMatchObject([{ granted: false }]);
  });
});

describe("figure 2, AppendEntries", () => {
  test("figure 2, AppendEntries 1: false if the term is older", () => {
    expect(new LoneServer({ term: 3 }).tell(offer(2, 0, 0, logOf(2)))).toMatchObject([{ accepted: false, term: 3 }]);
  });

  test("figure 2, AppendEntries 2: false if the log has no entry at prevLogIndex with prevLogTerm", () => {
    const server = new LoneServer({ term: 3, log: logOf(1, 2) });
    expect(server.tell(offer(3, 3, 2))).toMatchObject([{ accepted: false }]);
    expect(server.tell(offer(3, 2, 1))).toMatchObject([{ accepted: false }]);
    expect(server.tell(offer(3, 2, 2))).toMatchObject([{ accepted: true }]);
  });

  test("figure 2, AppendEntries 3: an entry that conflicts is deleted with all that follow", () => {
    const server = new LoneServer({ term: 3, log: logOf(1, 2, 2) });
    server.tell(offer(3, 1, 1, [entryOf(2, 3)]));
    expect(server.disk.map(({ term }) => term)).toEqual([1, 3]);
  });

  test("figure 2, AppendEntries 4: entries that are missing are appended, those that are there stay", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1) });
    server.raft.step({ ...offer(1, 0, 0, logOf(1, 1, 1)), to: "n1" }, 0);
    expect(server.ready().write).toMatchObject({ truncateFrom: undefined, entries: [{ index: 3 }] });
  });

  test("figure 2, AppendEntries 5: the commit index rises to the leader's or to the last new entry, whichever is smaller", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    server.tell(offer(2, 1, 1, [], 3));
    expect(server.raft.status().commitIndex).toBe(1);
    server.tell(offer(2, 3, 1, [], 2));
    expect(server.raft.status().commitIndex).toBe(2);
  });
});

describe("figure 2, rules for servers", () => {
  test("figure 2, all servers: what is committed is applied", () => {
    const server = new LoneServer();
    server.tell(offer(1, 0, 0, logOf(1, 1), 2));
    expect(server.raft.status()).toMatchObject({ commitIndex: 2, lastApplied: 2 });
  });

  test("figure 2, all servers: a later term makes a follower", () => {
    const server = new LoneServer();
    server.elect();
    server.tell({ type: "heartbeatResponse", from: "n3", term: 8, round: 1 });
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 8 });
  });

  test("figure 2, followers: they answer candidates and leaders", () => {
    const server = new LoneServer();
    expect(server.tell(ask(1, 0, 0))).toMatchObject([{ type: "voteResponse" }]);
    expect(server.tell(offer(1, 0, 0))).toMatchObject([{ type: "appendResponse" }]);
  });

  test("figure 2, candidates: an append of the new leader ends the candidacy", () => {
    const server = new LoneServer({ protection: { preVote: false } });
    server.wait(225);
    server.tell(offer(1, 0, 0, logOf(1)));
    expect(server.raft.status()).toMatchObject({ role: "follower", leaderId: "n2", lastIndex: 1 });
  });

  test("figure 2, leaders: they repeat heartbeats while idle", () => {
    const server = new LoneServer();
    server.elect();
    const kinds = server.wait(200).map(({ type }) => type);
    expect(kinds.filter((type) => type === "heartbeatRequest")).toHaveLength(4 * 2);
  });

  test("figure 2, leaders: a follower whose nextIndex is not past the last entry gets an append from there", () => {
    const server = new LoneServer({ members: ["n1", "n2"] });
    server.elect();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 1 });
    server.raft.propose(bytes("x"));
    expect(server.messages()).toMatchObject([{ type: "appendRequest", prevLogIndex: 1, entries: [{ index: 2 }] }]);
  });

  test("figure 2, leaders: commitIndex is the largest index of the own term that a majority has", () => {
    const server = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"] });
    server.elect();
    for (let count = 0; count < 5; count++) server.raft.propose(bytes("x"));
    server.messages();
    for (const [from, matchIndex] of [
      ["n2", 2],
      ["n3", 5],
      ["n4", 3],
      ["n5", 1],
    ] as const) {
      server.tell({ ...accepted, from, term: 1, matchIndex });
    }
    expect(server.raft.status().commitIndex).toBe(3);
  });
});

/** The leader of term 8 in figure 7. */
const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];

describe("figure 7: whatever a follower's log looks like, it becomes the leader's", () => {
  test.each([
    ["a", "misses one entry", [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ["b", "misses many", [1, 1, 1, 4]],
    ["c", "has one more", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ["d", "has two more, of a term the leader has not seen", [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ["e", "misses some and has others", [1, 1, 1, 4, 4, 4, 4]],
    ["f", "has two terms of its own that never got anywhere", [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])("figure 7 (%s) a follower that %s", (_, __, followerTerms) => {
    const members = ["n1", "n2"];
    const leader = new LoneServer({ members, log: logOf(...leaderTerms), term: 7 });
    const follower = new LoneServer({ id: "n2", members, log: logOf(...followerTerms), term: 7 });
    leader.elect();
    let requests = leader.wait(50);
    for (let round = 0; round < 20 && requests.length > 0; round++) {
      requests = requests.flatMap((request) => follower.tell(request)).flatMap((answer) => leader.tell(answer));
    }
    expect(follower.disk.map(({ term }) => term)).toEqual([...leaderTerms, 8]);
    expect(follower.disk).toEqual(leader.disk);
  });
});

describe("figure 8", () => {
  const members = ["n1", "n2", "n3", "n4", "n5"];

  test("figure 8 (c) an old entry on a majority is not committed", () => {
    const s1 = new LoneServer({ members, term: 3, log: logOf(1, 2) });
    s1.elect();
    for (const from of ["n2", "n3"]) s1.tell({ ...accepted, from, term: 4, matchIndex: 2 });
    expect(s1.raft.status().commitIndex).toBe(0);
  });

  test("figure 8 (d) because it may still be overwritten: a server with a later entry can win and replace it", () => {
    const voter = new LoneServer({ id: "n3", members, term: 4, log: logOf(1, 2), protection: { leaderLease: false } });
    const request = {
      type: "voteRequest",
      from: "n5",
      term: 5,
      lastLogIndex: 2,
      lastLogTerm: 3,
      isTransfer: false,
    } as const;
    expect(voter.tell(request)).toMatchObject([{ granted: true }]);
    voter.tell({ ...offer(5, 1, 1, [entryOf(2, 3)]), from: "n5" });
    expect(voter.disk.map(({ term }) => term)).toEqual([1, 3]);
  });

  test("figure 8 (e) with an entry of its own term on a majority both are committed, and that server cannot win", () => {
    const s1 = new LoneServer({ members, term: 3, log: logOf(1, 2) });
    s1.elect();
    for (const from of ["n2", "n3"]) s1.tell({ ...accepted, from, term: 4, matchIndex: 3 });
    expect(s1.raft.status().commitIndex).toBe(3);
    const voter = new LoneServer({
      id: "n3",
      members,
      term: 4,
      log: logOf(1, 2, 4),
      protection: { leaderLease: false },
    });
    const request = {
      type: "voteRequest",
      from: "n5",
      term: 5,
      lastLogIndex: 2,
      lastLogTerm: 3,
      isTransfer: false,
    } as const;
    expect(voter.tell(request)).toMatchObject([{ granted: false, reason: "logBehind" }]);
  });

  test("figure 8 in a cluster: what was applied once is never replaced, whoever leads", () => {
    const cluster = new Cluster({ size: 5, protection: { preVote: false, leaderLease: false } });
    for (const id of ["s1", "s5", "s1", "s5"]) {
      cluster.electThis(id);
      cluster.propose(id, `of ${id} in term ${cluster.status(id).term}`);
      cluster.run(1);
    }
    cluster.run(1_000);
    const applied = new Set(cluster.ids.map((id) => cluster.applied(id).join()));
    expect(applied.size).toBe(1);
  });
});
