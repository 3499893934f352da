// Mistakes about handing leadership over. Thesis 3.10.
import { describe, expect, test } from "vitest";
import type { Message } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, LoneServer } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;

function toldToCampaign(messages: readonly Message[]): readonly string[] {
  return messages.filter(({ type }) => type === "timeoutNow").map(({ to }) => to);
}

/** A leader of three; n2 has everything, n3 only the first entry. */
function leader(): LoneServer {
  const server = new LoneServer();
  server.elect();
  server.raft.propose(bytes("x"));
  server.messages();
  server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 1 });
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 2 });
  return server;
}

test("leadership moves to the chosen server within a round trip, without a missed election timeout", () => {
  const cluster = new Cluster({ size: 3 });
  const old = cluster.elect();
  cluster.run(100);
  const [target = ""] = cluster.ids.filter((id) => id !== old);
  expect(cluster.transferLeadership(old, target)).toEqual({ accepted: true, to: target });
  cluster.run(10);
  expect(cluster.leader()).toBe(target);
  expect(cluster.status(old)).toMatchObject({ role: "follower", term: 2 });
});

test("a target that lags is first brought up to date", () => {
  const server = leader();
  expect(server.raft.transferLeadership("n3")).toEqual({ accepted: true, to: "n3" });
  expect(toldToCampaign(server.messages())).toEqual([]);
  expect(toldToCampaign(server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 2 }))).toEqual(["n3"]);
  expect(toldToCampaign(server.wait(20)), "once").toEqual([]);
});

test("without a name, the voter with most of the log is chosen", () => {
  const server = leader();
  expect(server.raft.transferLeadership()).toEqual({ accepted: true, to: "n2" });
  expect(toldToCampaign(server.messages())).toEqual(["n2"]);
});

describe("P69 writes during a transfer", () => {
  test("P69 are refused from the decision to the outcome", () => {
    const server = leader();
    server.raft.transferLeadership("n3");
    const refused = { accepted: false, reason: "transferring", leaderId: "n3" };
    expect(server.raft.propose(bytes("y"))).toEqual(refused);
    server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 2 });
    expect(server.raft.propose(bytes("y"))).toEqual(refused);
  });

  test("P69 are taken again when the transfer is given up after one election timeout", () => {
    const server = leader();
    server.raft.transferLeadership("n3");
    for (let round = 0; round < 3; round++) {
      server.wait(100);
      server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
    }
    expect(server.raft.status()).toMatchObject({ role: "leader", transferringTo: undefined });
    expect(server.raft.propose(bytes("y"))).toMatchObject({ accepted: true });
  });
});

describe("P71 the target", () => {
  test("P71 skips the pre-vote and is not refused because the leader is still heard", () => {
    const target = new LoneServer();
    target.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
    const said = target.tell({ type: "timeoutNow", from: "n2", term: 1 });
    expect(said).toMatchObject([
      { type: "voteRequest", to: "n2", term: 2, isTransfer: true },
      { type: "voteRequest", to: "n3", term: 2, isTransfer: true },
    ]);
    const voter = new LoneServer({ id: "n3" });
    voter.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
    const request = { type: "voteRequest", from: "n1", term: 2, lastLogIndex: 0, lastLogTerm: 0 } as const;
    expect(voter.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: false, reason: "hearsLeader" }]);
    expect(voter.tell({ ...request, isTransfer: true })).toMatchObject([{ granted: true }]);
  });

  test("P71 is not brought back by a late heartbeat of the old leader", () => {
    const target = new LoneServer();
    target.tell({ type: "timeoutNow", from: "n2", term: 1 });
    target.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 9 });
    expect(target.raft.status()).toMatchObject({ role: "candidate", term: 2 });
  });

  test("P71 ignores an order of an older term", () => {
    const target = new LoneServer({ term: 5 });
    const result = target.raft.step({ type: "timeoutNow", from: "n2", to: "n1", term: 4 }, 0);
    expect(result).toEqual({ handled: false, reason: "olderTerm" });
    expect(target.raft.status()).toMatchObject({ role: "follower", term: 5 });
  });
});

describe("P72 a transfer that cannot be", () => {
  test.each([
    ["n1", "alreadyLeader"],
    ["n9", "notAVoter"],
  ])("P72 to %s is refused: %s", (to, reason) => {
    const server = leader();
    expect(server.raft.transferLeadership(to)).toMatchObject({ accepted: false, reason });
    expect(server.raft.propose(bytes("y"))).toMatchObject({ accepted: true });
  });

  test("P72 to a learner is refused, and proposals go on", () => {
    const server = new LoneServer({ configuration: { voters: ["n1", "n2"], learners: ["n3"] } });
    server.elect();
    expect(server.raft.transferLeadership("n3")).toMatchObject({ accepted: false, reason: "notAVoter" });
    expect(server.raft.propose(bytes("y"))).toMatchObject({ accepted: true });
  });

  test("P72 to a server that was removed or demoted is refused, and none is removed during a transfer", () => {
    for (const type of ["remove", "demote"] as const) {
      const server = leader();
      server.raft.proposeConfiguration({ changes: [{ type, id: "n3" }] });
      expect(server.raft.transferLeadership("n3")).toMatchObject({ reason: "notAVoter" });
      expect(server.raft.transferLeadership("n2")).toMatchObject({ accepted: true });
      const change = { changes: [{ type: "remove", id: "n2" }] } as const;
      expect(server.raft.proposeConfiguration(change)).toMatchObject({ reason: "transferring" });
    }
  });

  test("P72 at a follower, while another one runs, or in a cluster of one is refused", () => {
    expect(new LoneServer().raft.transferLeadership("n2")).toMatchObject({ reason: "notLeader" });
    const server = leader();
    server.raft.transferLeadership("n2");
    expect(server.raft.transferLeadership("n3")).toMatchObject({ reason: "inProgress" });
    const alone = new LoneServer({ members: ["n1"] });
    alone.wait(300);
    expect(alone.raft.transferLeadership()).toMatchObject({ reason: "noOtherVoter" });
  });
});
