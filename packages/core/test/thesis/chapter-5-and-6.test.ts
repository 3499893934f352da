// What chapters 5 (log compaction) and 6 (client interaction) of the thesis ask of the core, one claim a test.
import { describe, expect, test } from "vitest";
import { encodeConfiguration, Raft, type SnapshotRequest } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;
const configuration = { voters: ["n1", "n2", "n3"], learners: [] };

function piece(lastIncludedIndex: number, lastIncludedTerm: number, term = 5): SnapshotRequest {
  const place = { lastIncludedIndex, lastIncludedTerm, configuration: encodeConfiguration(configuration) };
  const content = { sizeBytes: 3, checksum: 1, offsetBytes: 0, data: new Uint8Array(3) };
  return { type: "snapshotRequest", from: "n2", to: "n1", term, ...place, ...content };
}

/** A leader whose entries, five in all, are applied here and at n2; n3 has the first. */
function leader(): LoneServer {
  const server = new LoneServer();
  server.elect();
  for (const from of ["n2", "n3"]) server.tell({ ...accepted, from, term: 1, matchIndex: 1 });
  for (let index = 2; index <= 5; index++) server.raft.propose(bytes(`${index}`));
  server.messages();
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 5 });
  return server;
}

describe("5.1 snapshotting", () => {
  test("5.1 after a snapshot the log before it may go; the place and term of its last entry are kept", () => {
    const server = leader();
    server.raft.compact(4);
    expect(server.raft.status()).toMatchObject({ firstIndex: 5, lastIndex: 5 });
    const [, n3] = server.raft.status().peers;
    expect(n3).toMatchObject({ id: "n3", matchIndex: 1 });
    server.raft.propose(bytes("6"));
    expect(server.ready().messages).toContainEqual(
      expect.objectContaining({ to: "n2", prevLogIndex: 5, prevLogTerm: 1 }),
    );
  });

  test("5.1 the first entry after the snapshot can still be checked against it", () => {
    const server = leader();
    server.raft.compact(5);
    server.raft.propose(bytes("6"));
    expect(server.ready().messages).toContainEqual(
      expect.objectContaining({ to: "n2", prevLogIndex: 5, prevLogTerm: 1 }),
    );
  });

  test("5.1 the snapshot has the latest configuration as of its last entry", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
    expect(server.raft.configurationAt(5)).toEqual(configuration);
  });

  test("5.1 a server that restarts has at least what its snapshot has committed", () => {
    const log = { base: { index: 7, term: 2 }, lastIndex: 7, termRuns: [] };
    const raft = new Raft(
      { id: "n1", configuration, random: () => 0.5 },
      { hardState: { term: 2, votedFor: undefined }, log, configurations: [], applied: 7 },
    );
    expect(raft.status()).toMatchObject({ commitIndex: 7, lastApplied: 7, lastIndex: 7, lastTerm: 2 });
  });
});

describe("5.3 sending a snapshot", () => {
  test("5.3 the leader sends one when it has discarded the next entry that a follower needs", () => {
    const server = leader();
    server.raft.compact(5);
    server.raft.step(
      {
        type: "appendResponse",
        from: "n3",
        to: "n1",
        term: 1,
        accepted: false,
        prevLogIndex: 4,
        hintIndex: 1,
        hintTerm: 1,
      },
      server.now,
    );
    expect(server.raft.ready().snapshotNeeded).toEqual(["n3"]);
  });

  test("5.3 step 1: a piece of an older term is refused", () => {
    const server = new LoneServer({ term: 6 });
    expect(server.raft.step(piece(3, 2), 0)).toEqual({ handled: false, reason: "olderTerm" });
  });

  test("5.3 step 6: if the log has the snapshot's last entry, what follows is kept", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 2, 2, 2) });
    server.raft.step(piece(2, 2), 0);
    server.raft.snapshotInstalled({ index: 2, term: 2, configuration });
    expect(server.raft.status()).toMatchObject({ firstIndex: 3, lastIndex: 4 });
  });

  test("5.3 step 7: otherwise the whole log is discarded", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 2, 2, 2) });
    server.raft.step(piece(3, 4), 0);
    server.raft.snapshotInstalled({ index: 3, term: 4, configuration });
    expect(server.raft.status()).toMatchObject({ firstIndex: 4, lastIndex: 3, lastTerm: 4 });
  });

  test("5.3 step 8: the configuration is that of the snapshot", () => {
    const server = new LoneServer({ members: ["n1"] });
    server.raft.step(piece(3, 4), 0);
    server.raft.snapshotInstalled({ index: 3, term: 4, configuration });
    expect(server.raft.status().configuration).toEqual(configuration);
  });

  test("5.3 a snapshot is also a sign of life of the leader", () => {
    const server = new LoneServer();
    server.wait(200);
    server.raft.step(piece(3, 2), server.now);
    expect(server.raft.nextDeadline()).toBe(200 + 225);
  });
});

describe("6.1 and 6.2 finding the leader", () => {
  test("6.2 a server that does not lead refuses and tells who does", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n3", term: 1, commitIndex: 0, round: 1 });
    expect(server.raft.propose(bytes("x"))).toEqual({ accepted: false, reason: "notLeader", leaderId: "n3" });
  });

  test("6.2 a leader that cannot reach a majority within an election timeout steps down, so clients go elsewhere", () => {
    const server = new LoneServer();
    server.elect();
    server.wait(299);
    expect(server.raft.isLeader).toBe(true);
    server.wait(1);
    expect(server.raft.isLeader).toBe(false);
  });

  test("6.2 a follower forgets who leads when it begins an election", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n3", term: 1, commitIndex: 0, round: 1 });
    server.wait(225);
    expect(server.raft.status().leaderId).toBeUndefined();
  });
});

test("6.3 a command whose answer was lost and that is sent again stands in the log twice: sessions make it count once", () => {
  const cluster = new Cluster({ size: 3 });
  const first = cluster.elect();
  cluster.propose(first, "add 1");
  cluster.runUntil(() => cluster.applied(first).length === 1);
  cluster.crash(first);
  const second = cluster.elect();
  cluster.propose(second, "add 1");
  cluster.run(100);
  expect(cluster.applied(second)).toEqual(["add 1", "add 1"]);
});

describe("6.4 read-only queries", () => {
  test("6.4 step 1: a leader without a committed entry of its term waits for it, which its empty entry brings", () => {
    const server = new LoneServer({ term: 1, log: logOf(1) });
    server.elect();
    server.raft.readIndex();
    const round = server.wait(50).find((message) => message.type === "heartbeatRequest")?.round ?? 0;
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 2, round }, server.now);
    expect(server.ready().confirmedReads).toEqual([]);
    server.raft.step({ ...accepted, from: "n2", to: "n1", term: 2, matchIndex: 2 }, server.now);
    const next = server.ready().messages.find((message) => message.type === "heartbeatRequest")?.round ?? 0;
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 2, round: next }, server.now);
    expect(server.ready().confirmedReads, "the empty entry is committed").toEqual([{ readId: 1, index: 2 }]);
  });

  test("6.4 step 2: the read is of the commit index of its arrival", () => {
    const server = leader();
    server.raft.readIndex();
    server.raft.propose(bytes("later"));
    const round = server.messages().find((message) => message.type === "heartbeatRequest")?.round ?? 0;
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 6 });
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 1, round }, server.now);
    expect(server.ready().confirmedReads).toEqual([{ readId: 1, index: 5 }]);
  });

  test("6.4 step 3: it waits for a round of heartbeats that a majority answers", () => {
    const server = leader();
    server.raft.readIndex();
    const round = server.ready().messages.find((message) => message.type === "heartbeatRequest")?.round ?? 0;
    expect(server.ready().confirmedReads).toEqual([]);
    server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 1, round }, server.now);
    expect(server.ready().confirmedReads).toHaveLength(1);
  });

  test("6.4 one round serves any number of reads", () => {
    const server = leader();
    for (let count = 0; count < 50; count++) server.raft.readIndex();
    const rounds = server.ready().messages.filter((message) => message.type === "heartbeatRequest");
    expect(new Set(rounds.map(({ round }) => round)).size).toBe(1);
  });

  test("6.4 a follower asks the leader for the index, waits until it has applied it, and answers itself", () => {
    const cluster = new Cluster({ size: 3 });
    const leading = cluster.elect();
    cluster.run(100);
    const [follower = ""] = cluster.ids.filter((id) => id !== leading);
    cluster.propose(leading, "x");
    cluster.run(10);
    cluster.readIndex(follower, { forward: true });
    cluster.run(60);
    expect(cluster.confirmedReads(follower)).toMatchObject([{ index: 2 }]);
  });

  test("6.4.1 a lease read needs no message: it trusts that nobody else can win before the lease ends", () => {
    const server = new LoneServer({ reads: { lease: true, maxClockDrift: 0.1 } });
    server.elect();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 1 });
    server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
    expect(server.raft.leaseReadIndex(server.now + 134)).toBe(1);
    expect(server.raft.leaseReadIndex(server.now + 135)).toBeUndefined();
    expect(server.messages()).toEqual([]);
  });
});

test("the entries behind a snapshot go on being replicated", () => {
  const server = new LoneServer({ term: 2, log: logOf(1, 2) });
  server.raft.step(piece(5, 4), 0);
  server.raft.snapshotInstalled({ index: 5, term: 4, configuration });
  server.messages();
  const append = {
    type: "appendRequest",
    from: "n2",
    term: 5,
    prevLogIndex: 5,
    prevLogTerm: 4,
    leaderCommit: 6,
  } as const;
  expect(server.tell({ ...append, entries: [entryOf(6, 5)] })).toMatchObject([{ accepted: true, matchIndex: 6 }]);
});
