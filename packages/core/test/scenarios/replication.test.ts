// S16 to S24: how a write becomes durable, committed and applied, and how diverged logs become one again.
import { describe, expect, test } from "vitest";
import { type Message, Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, electByHand, entryOf, LoneServer, logOf, text } from "../support/lone-server.ts";

/** An append of the leader n2. */
function offer(term: number, prevLogIndex: number, prevLogTerm: number, entries = logOf(), leaderCommit = 0) {
  return { type: "appendRequest", from: "n2", term, prevLogIndex, prevLogTerm, entries, leaderCommit } as const;
}

describe("S16 a write at the leader", () => {
  test("S16 is appended, not applied, then replicated, stored by a majority, committed, applied, answered", () => {
    const server = new LoneServer();
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    const proposed = server.raft.propose(bytes("x = 1"));
    expect(proposed).toEqual({ accepted: true, index: 2, term: 1 });

    const ready = server.ready();
    expect(
      ready.write?.entries.map(({ index }) => index),
      "written",
    ).toEqual([2]);
    expect(ready.messages, "sent in parallel with the leader's own write").toContainEqual(
      expect.objectContaining({ type: "appendRequest", to: "n2", prevLogIndex: 1 }),
    );
    server.completeWrites();
    expect(server.raft.status(), "one of three is no majority").toMatchObject({ commitIndex: 1, lastApplied: 1 });

    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 2 });
    expect(server.raft.status()).toMatchObject({ commitIndex: 2, lastApplied: 2 });
    expect(server.raft.outcomeOf({ index: 2, term: 1 })).toBe("committed");
  });

  test("S16 followers apply when they learn the commit index", () => {
    const cluster = new Cluster({ size: 3 });
    const leader = cluster.elect();
    cluster.run(100);
    const followers = cluster.ids.filter((id) => id !== leader);
    cluster.propose(leader, "x = 1");
    cluster.run(1);
    for (const id of followers) expect([cluster.stored(id), cluster.applied(id)]).toEqual([["x = 1"], []]);
    cluster.run(60);
    for (const id of followers) expect(cluster.applied(id)).toEqual(["x = 1"]);
  });
});

describe("S17 the commit index travels", () => {
  test("S17 with the next heartbeat, even if no further command comes", () => {
    const server = new LoneServer();
    server.tell(offer(1, 0, 0, logOf(1)));
    expect(server.raft.status().commitIndex).toBe(0);
    server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 1, round: 1 });
    expect(server.raft.status()).toMatchObject({ commitIndex: 1, lastApplied: 1 });
  });

  test("S17 with the next append", () => {
    const server = new LoneServer();
    server.tell(offer(1, 0, 0, logOf(1)));
    server.tell(offer(1, 1, 1, [], 1));
    expect(server.raft.status().commitIndex).toBe(1);
  });

  test("S17 but never past what the follower has verified to match", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    server.tell(offer(2, 1, 1, [], 3));
    expect(server.raft.status(), "indexes 2 and 3 were not compared").toMatchObject({ commitIndex: 1, lastIndex: 3 });
  });

  test("S17 and a leader sends in a heartbeat at most what it knows to match", () => {
    const server = new LoneServer();
    server.elect();
    server.raft.propose(bytes("x"));
    server.messages();
    const said = server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 2 });
    const later = [...said, ...server.wait(50)].filter((message) => message.type === "heartbeatRequest");
    expect(later.map(({ to, commitIndex }) => [to, commitIndex])).toEqual([
      ["n2", 2],
      ["n3", 0],
    ]);
  });
});

describe("S18 leader [a,b,c] offers c", () => {
  const a = entryOf(1, 1, "a");
  const b = entryOf(2, 1, "b");
  const c = entryOf(3, 1, "c");

  test("S18 to a follower with [a]: refused", () => {
    const server = new LoneServer({ term: 1, log: [a] });
    expect(server.tell(offer(1, 2, 1, [c]))).toMatchObject([{ accepted: false, prevLogIndex: 2, hintIndex: 1 }]);
    expect(server.disk.map(text)).toEqual(["a"]);
  });

  test("S18 to one with [a,b]: accepted", () => {
    const server = new LoneServer({ term: 1, log: [a, b] });
    expect(server.tell(offer(1, 2, 1, [c]))).toMatchObject([{ accepted: true, matchIndex: 3 }]);
    expect(server.disk.map(text)).toEqual(["a", "b", "c"]);
  });
});

test("S19 the term at the previous index differs, though the index exists: refused, then repaired to [a,c,d]", () => {
  const [a, b] = [entryOf(1, 1, "a"), entryOf(2, 1, "b")];
  const [c, d] = [entryOf(2, 2, "c"), entryOf(3, 2, "d")];
  const raft0 = new LoneServer({ term: 1, log: [a, b] });
  const refused = raft0.tell(offer(2, 2, 2, [d]));
  expect(refused).toMatchObject([{ accepted: false, prevLogIndex: 2, hintIndex: 2, hintTerm: 1 }]);
  expect(raft0.disk.map(text)).toEqual(["a", "b"]);

  expect(raft0.tell(offer(2, 1, 1, [c, d]))).toMatchObject([{ accepted: true, matchIndex: 3 }]);
  expect(raft0.disk.map(text)).toEqual(["a", "c", "d"]);
});

test("S20 an entry on a majority survives: the node without it cannot win", () => {
  const cluster = new Cluster({ size: 3, protection: { preVote: false, leaderLease: false } });
  cluster.electThis("s1");
  cluster.isolate("s3");
  cluster.propose("s1", "b");
  cluster.run(10);
  cluster.heal();
  cluster.isolate("s1");
  for (let attempt = 0; attempt < 5; attempt++) {
    cluster.campaign("s3");
    cluster.run(10);
    expect(cluster.status("s3").role).toBe("candidate");
  }
  const refusals = cluster.events("s2").filter((event) => event.type === "voteRefused");
  expect(refusals.map(({ reason }) => reason)).toContain("logBehind");
  cluster.runUntil(() => cluster.status("s2").role === "leader");
  cluster.heal();
  cluster.run(1_000);
  for (const id of cluster.ids) expect(cluster.applied(id)).toEqual(["b"]);
});

test("S21 an uncommitted entry is replaced by the new leader's, and its proposer learns that it was lost", () => {
  const cluster = new Cluster({ size: 3 });
  cluster.electThis("s1");
  cluster.run(100);
  cluster.isolate("s1");
  const b = cluster.propose("s1", "b");
  const proposal = { index: b.accepted ? b.index : 0, term: b.accepted ? b.term : 0 };
  expect(cluster.raft("s1").outcomeOf(proposal)).toBe("pending");
  cluster.runUntil(() => cluster.leaders().some((id) => id !== "s1"));
  const next = cluster.leaders().find((id) => id !== "s1") ?? "";
  cluster.run(20);
  cluster.propose(next, "c");
  cluster.run(20);

  cluster.heal();
  cluster.runUntil(() => cluster.applied("s1").includes("c"));
  expect(cluster.stored("s1")).toEqual(["c"]);
  expect(cluster.raft("s1").outcomeOf(proposal)).toBe("lost");
  expect(cluster.events("s1")).toContainEqual(
    expect.objectContaining({ type: "entriesTruncated", fromIndex: proposal.index, leaderId: next }),
  );
});

test("S21 an entry that was only removed here is not called lost: another server may still commit it", () => {
  const server = new LoneServer({ term: 1, log: logOf(1, 1) });
  server.tell(offer(2, 1, 1, [entryOf(2, 2)]));
  expect(server.raft.outcomeOf({ index: 2, term: 1 })).toBe("indeterminate");
  server.tell(offer(2, 2, 2, [], 2));
  expect(server.raft.outcomeOf({ index: 2, term: 1 })).toBe("lost");
});

describe("S22 a follower that is far behind or diverges", () => {
  /** Plays a leader and a follower against each other and returns the appends until the logs are equal. */
  function bringInLine(leaderTerms: readonly number[], followerTerms: readonly number[]) {
    const term = Math.max(...leaderTerms, ...followerTerms) + 1;
    const leader = new LoneServer({ members: ["n1", "n2"], log: logOf(...leaderTerms), term: term - 1 });
    const follower = new LoneServer({ id: "n2", members: ["n1", "n2"], log: logOf(...followerTerms), term: term - 1 });
    leader.elect();
    let rounds = 0;
    let refusals = 0;
    const isDone = () => follower.disk.length === leader.disk.length && follower.disk.at(-1)?.term === term;
    let requests: readonly Message[] = [];
    for (; rounds < 1_000 && !isDone(); rounds++) {
      if (requests.length === 0) requests = leader.wait(50);
      const answers = requests.flatMap((request) => follower.tell(request));
      refusals += answers.filter((answer) => answer.type === "appendResponse" && !answer.accepted).length;
      requests = answers.flatMap((answer) => leader.tell(answer));
    }
    return { refusals, follower: follower.disk.map((entry) => entry.term) };
  }

  test("S22 the match point of a long gap is found in one step", () => {
    const leader = Array<number>(5_000).fill(1);
    const { refusals, follower } = bringInLine(leader, leader.slice(0, 3));
    expect(refusals).toBe(1);
    expect(follower.length).toBe(5_001);
  });

  test("S22 the number of probes grows with the number of terms, not with the number of entries", () => {
    const leader = [...Array<number>(10).fill(1), ...Array<number>(1_000).fill(8)];
    const tail = [2, 3, 4].flatMap((term) => Array<number>(3_000).fill(term));
    const { refusals, follower } = bringInLine(leader, [...Array<number>(10).fill(1), ...tail]);
    expect(refusals).toBeLessThanOrEqual(3 + 2);
    expect(follower.slice(0, -1)).toEqual(leader);
  });

  test("S22 then entries stream in batches, several messages ahead of the answers", () => {
    const server = new LoneServer({ members: ["n1", "n2"], limits: { maxAppendBytes: 1_000, maxInflightMessages: 4 } });
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    for (let count = 0; count < 100; count++) server.raft.propose(bytes("x".repeat(36)));
    const appends = server.messages().filter((message) => message.type === "appendRequest");
    expect(appends.map(({ entries }) => entries.length)).toEqual([10, 10, 10, 10]);
    expect(appends.map(({ prevLogIndex }) => prevLogIndex)).toEqual([1, 11, 21, 31]);
    const next = server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 21 });
    expect(next.map((message) => message.type === "appendRequest" && message.prevLogIndex)).toEqual([41, 51]);
  });

  test("S22 behind a compacted log the leader stops offering entries and says that a snapshot is needed", () => {
    const compacted = { base: { index: 50, term: 1 }, lastIndex: 60, termRuns: [{ firstIndex: 51, term: 1 }] };
    const options = { id: "n1", configuration: { voters: ["n1", "n2", "n3"], learners: [] }, random: () => 0.5 };
    const raft = new Raft(options, {
      hardState: { term: 1, votedFor: undefined },
      log: compacted,
      configurations: [],
      applied: 60,
    });
    raft.tick(0);
    electByHand(raft, 300);
    const refuse = (from: string, prevLogIndex: number, hintIndex: number) => {
      const refusal = { type: "appendResponse", from, to: "n1", term: 2, accepted: false, prevLogIndex } as const;
      raft.step({ ...refusal, hintIndex, hintTerm: 1 }, 300);
      const ready = raft.ready();
      for (const { logReadId } of ready.logReads) raft.logRead(logReadId, []);
      return ready;
    };
    expect(refuse("n3", 60, 55).logReads, "n3 is served from storage").toMatchObject([
      { firstIndex: 56, lastIndex: 61 },
    ]);
    const { events, snapshotNeeded } = refuse("n2", 60, 3);
    expect(snapshotNeeded).toEqual(["n2"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "peerBehindLog", peer: "n2", firstIndex: 51 }));
    expect(raft.status().peers.find(({ id }) => id === "n2")).toMatchObject({ mode: "snapshot" });
  });
});

test("S23 an append of a deposed leader is refused with the newer term, and the old leader steps down", () => {
  const follower = new LoneServer({ id: "n3", term: 5 });
  const refused = follower.tell({ ...offer(4, 0, 0, logOf(4)), from: "n1" });
  expect(refused).toMatchObject([{ type: "appendResponse", to: "n1", term: 5, accepted: false }]);
  expect(follower.disk).toEqual([]);

  const old = new LoneServer({ term: 3 });
  old.elect();
  expect(old.raft.status()).toMatchObject({ role: "leader", term: 4 });
  for (const { to: _, ...message } of refused) old.tell(message);
  expect(old.raft.status()).toMatchObject({ role: "follower", term: 5 });
});

describe("S24 figure 8: entries of old terms", () => {
  test("S24 are not committed by counting replicas, but by committing an entry of the own term after them", () => {
    const s1 = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"], term: 3, log: logOf(1, 2) });
    s1.elect();
    expect(s1.raft.status()).toMatchObject({ role: "leader", term: 4, lastIndex: 3 });
    for (const from of ["n2", "n3"]) s1.tell({ type: "appendResponse", from, term: 4, accepted: true, matchIndex: 2 });
    expect(s1.raft.status().commitIndex, "term 2 is on three of five, and may still be overwritten").toBe(0);

    for (const from of ["n2", "n3"]) s1.tell({ type: "appendResponse", from, term: 4, accepted: true, matchIndex: 3 });
    expect(s1.raft.status().commitIndex).toBe(3);
  });

  test("S24 may change if somebody else wins before that", () => {
    const s2 = new LoneServer({ id: "n2", members: ["n1", "n2", "n3", "n4", "n5"], term: 4, log: logOf(1, 2) });
    s2.tell({ ...offer(5, 1, 1, [entryOf(2, 3)]), from: "n5" });
    expect(s2.disk.map(({ term }) => term)).toEqual([1, 3]);
  });
});
