// Mistakes about reads that trust a clock. Thesis 6.4.1.
import { describe, expect, test } from "vitest";
import { Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { LoneServer, logOf } from "../support/lone-server.ts";

const reads = { lease: true, maxClockDrift: 0.1 };
/** The minimum election timeout of 150 ms, less a tenth. */
const leaseMs = 135;

/** A leader at time 225 whose first entry is committed and whose first heartbeat round, sent then, is confirmed. */
function leader(): LoneServer {
  const server = new LoneServer({ reads });
  server.elect();
  server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
  server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
  return server;
}

describe("P67 the lease", () => {
  test("P67 counts from when the confirmed heartbeat was sent, less the clock drift", () => {
    const server = new LoneServer({ reads });
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    const sentAt = server.now;
    server.wait(40);
    server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
    expect(server.raft.leaseReadIndex(sentAt + leaseMs - 1)).toBe(1);
    expect(server.raft.leaseReadIndex(sentAt + leaseMs)).toBeUndefined();
  });

  test("P67 does not cover the moment after a pause of the leader, however the answer was computed", () => {
    const server = leader();
    expect(server.raft.leaseReadIndex(server.now), "before the read").toBe(1);
    expect(server.raft.leaseReadIndex(server.now + 600), "after a pause in the middle of it").toBeUndefined();
  });

  test("P67 is renewed by every confirmed round", () => {
    const server = leader();
    for (let round = 2; round < 20; round++) {
      server.wait(50);
      server.tell({ type: "heartbeatResponse", from: "n3", term: 1, round });
      expect(server.raft.leaseReadIndex(server.now)).toBe(1);
    }
  });

  test("P67 is over before anybody else can be elected", () => {
    const cluster = new Cluster({ size: 3, reads });
    const old = cluster.elect();
    cluster.run(200);
    cluster.isolate(old);
    let leaseEnd = 0;
    const another = () => cluster.leaders().find((id) => id !== old);
    for (let ms = 0; ms < 2_000 && another() === undefined; ms++) {
      if (cluster.raft(old).leaseReadIndex(cluster.now) !== undefined) leaseEnd = cluster.now;
      cluster.run(1);
    }
    expect(another()).toBeDefined();
    expect(leaseEnd).toBeGreaterThan(0);
    expect(leaseEnd).toBeLessThan(cluster.now);
  });

  test("P64 and is of no use before the leader has committed an entry of its own term", () => {
    const server = new LoneServer({ reads, term: 1, log: logOf(1, 1) });
    server.elect();
    server.tell({ type: "heartbeatResponse", from: "n2", term: 2, round: 1 });
    expect(server.raft.leaseReadIndex(server.now)).toBeUndefined();
  });
});

test("P68 a leader that has told somebody to campaign has no lease for the rest of its term", () => {
  const server = leader();
  server.raft.transferLeadership("n2");
  server.messages();
  expect(server.raft.leaseReadIndex(server.now)).toBeUndefined();
  for (let round = 2; round < 12; round++) {
    server.wait(50);
    server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round });
  }
  expect(server.raft.status(), "the transfer was given up").toMatchObject({
    role: "leader",
    transferringTo: undefined,
  });
  expect(server.raft.leaseReadIndex(server.now), "but the order may still arrive").toBeUndefined();
});

test("a membership change ends the lease: it was granted by another majority", () => {
  const server = leader();
  server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
  expect(server.raft.leaseReadIndex(server.now)).toBeUndefined();
});

test("a voter that has just started may have forgotten a leader that counts on it: it refuses votes for a while", () => {
  const server = new LoneServer({ reads, term: 3 });
  const request = { type: "voteRequest", from: "n2", term: 4, lastLogIndex: 9, lastLogTerm: 3 } as const;
  server.wait(149);
  expect(server.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: false, reason: "hearsLeader" }]);
  server.wait(1);
  expect(server.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: true }]);
});

test("lease reads are off unless asked for, and refused without the leader lease", () => {
  const server = new LoneServer();
  server.elect();
  server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
  server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
  expect(server.raft.leaseReadIndex(server.now)).toBeUndefined();

  const options = { id: "n1", configuration: { voters: ["n1"], learners: [] }, random: Math.random };
  const unsafe = () => new Raft({ ...options, reads: { lease: true }, protection: { leaderLease: false } });
  expect(unsafe).toThrow(/lease reads are on, but the leader lease is off/);
  expect(() => new Raft({ ...options, reads: { maxClockDrift: 1 } })).toThrow(/maxClockDrift is 1/);
});
