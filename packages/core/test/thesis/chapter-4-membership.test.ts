// What chapter 4 of the thesis claims about membership changes, one claim a test.
import { describe, expect, test } from "vitest";
import { type Configuration, encodeConfiguration, type MembershipChange } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;
const withoutPreVote = { protection: { preVote: false, leaderLease: false } };
const add = (id: string): MembershipChange => ({ type: "addLearner", id });
const promote = (id: string): MembershipChange => ({ type: "promote", id });
const remove = (id: string): MembershipChange => ({ type: "remove", id });
const swap = [add("n4"), promote("n4"), add("n5"), promote("n5"), remove("n2"), remove("n3")];
const joint: Configuration = { voters: ["n1", "n4", "n5"], learners: [], outgoing: ["n1", "n2", "n3"] };

function configurationEntry(index: number, term: number, configuration: Configuration) {
  return { index, term, kind: "configuration", data: encodeConfiguration(configuration) } as const;
}

function leader(members: readonly string[] = ["n1", "n2", "n3"]): LoneServer {
  const server = new LoneServer({ members });
  server.elect();
  acknowledge(server, ...members.slice(1));
  return server;
}

function acknowledge(server: LoneServer, ...peers: readonly string[]): void {
  const { term, lastIndex } = server.raft.status();
  for (const from of peers) server.tell({ ...accepted, from, term, matchIndex: lastIndex });
}

function votersOf(server: LoneServer): readonly string[] {
  return server.raft.status().configuration.voters;
}

describe("4.1 safety", () => {
  test("4.1 the new configuration counts on each server as soon as it is added to its log", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n3")] });
    expect(votersOf(server), "at the leader").toEqual(["n1", "n2"]);
    const follower = new LoneServer({ id: "n2", term: 1, log: logOf(1) });
    const entries = [configurationEntry(2, 1, { voters: ["n1", "n2"], learners: [] })];
    follower.tell({
      type: "appendRequest",
      from: "n1",
      term: 1,
      prevLogIndex: 1,
      prevLogTerm: 1,
      entries,
      leaderCommit: 1,
    });
    expect(votersOf(follower), "at a follower").toEqual(["n1", "n2"]);
  });

  test("4.1 the entry with the new configuration is committed by a majority of the new configuration", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n3")] });
    server.messages();
    acknowledge(server, "n3");
    expect(server.raft.status().commitIndex).toBe(1);
    acknowledge(server, "n2");
    expect(server.raft.status().commitIndex).toBe(2);
  });

  test("4.1 another change may begin only when the last one is committed", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [add("n4")] });
    expect(server.raft.proposeConfiguration({ changes: [add("n5")] })).toMatchObject({ reason: "changeInProgress" });
    acknowledge(server, "n2");
    expect(server.raft.proposeConfiguration({ changes: [add("n5")] })).toMatchObject({ accepted: true });
  });

  test("4.1 and only when the leader has committed an entry of its own term", () => {
    const server = new LoneServer({ term: 1, log: logOf(1) });
    server.elect();
    expect(server.raft.proposeConfiguration({ changes: [add("n4")] })).toMatchObject({ reason: "notYetCommitted" });
  });

  test("4.1 a server whose newest configuration is cut from its log falls back to the one before", () => {
    const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n1", "n2", "n3", "n4"], learners: [] })];
    const server = new LoneServer({ term: 1, log });
    const entries = [entryOf(2, 2)];
    server.tell({
      type: "appendRequest",
      from: "n2",
      term: 2,
      prevLogIndex: 1,
      prevLogTerm: 1,
      entries,
      leaderCommit: 0,
    });
    expect(votersOf(server)).toEqual(["n1", "n2", "n3"]);
  });

  test("4.1 a server accepts appends from a leader that is not in its configuration", () => {
    const server = new LoneServer();
    const entries = logOf(1);
    const append = {
      type: "appendRequest",
      from: "n9",
      term: 1,
      prevLogIndex: 0,
      prevLogTerm: 0,
      leaderCommit: 0,
    } as const;
    expect(server.tell({ ...append, entries })).toMatchObject([{ accepted: true, to: "n9" }]);
  });

  test("4.1 a server votes for a candidate that is not in its configuration", () => {
    const server = new LoneServer(withoutPreVote);
    const request = { type: "voteRequest", from: "n9", term: 1, lastLogIndex: 5, lastLogTerm: 1 } as const;
    expect(server.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: true, to: "n9" }]);
  });

  test("4.1 changes of one server need no joint configuration", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n3")] });
    expect(server.raft.status().configuration.outgoing).toBeUndefined();
  });
});

describe("4.2 availability", () => {
  test("4.2.1 a new server gets the log without a vote, so it holds up nobody", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [add("n4")] });
    const said = server.messages();
    expect(said.filter(({ type }) => type === "appendRequest").map(({ to }) => to)).toContain("n4");
    acknowledge(server, "n2");
    expect(server.raft.status().commitIndex).toBe(2);
  });

  test("4.2.1 it is not given a vote before it has caught up", () => {
    const server = new LoneServer({ limits: { maxPromotionLag: 3 } });
    server.elect();
    acknowledge(server, "n2", "n3");
    server.raft.proposeConfiguration({ changes: [add("n4")] });
    for (let count = 0; count < 5; count++) server.raft.propose(bytes("x"));
    acknowledge(server, "n2", "n3");
    expect(server.raft.proposeConfiguration({ changes: [promote("n4")] })).toMatchObject({ reason: "notCaughtUp" });
    acknowledge(server, "n4");
    expect(server.raft.proposeConfiguration({ changes: [promote("n4")] })).toMatchObject({ accepted: true });
  });

  test("4.2.2 a leader that is being removed goes on until the new configuration is committed", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n1")] });
    server.messages();
    expect(server.raft.isLeader).toBe(true);
    acknowledge(server, "n2", "n3");
    expect(server.raft.isLeader).toBe(false);
  });

  test("4.2.2 meanwhile it replicates, and does not count itself in majorities", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n1")] });
    server.messages();
    acknowledge(server, "n2");
    expect(server.raft.status()).toMatchObject({ commitIndex: 1, durableIndex: 2 });
  });

  test("4.2.2 a server that is not in its newest configuration may still campaign, until that is committed", () => {
    const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n2", "n3"], learners: [] })];
    const server = new LoneServer({ ...withoutPreVote, term: 1, log });
    expect(server.wait(225).map(({ type, to }) => `${type} ${to}`)).toEqual(["voteRequest n2", "voteRequest n3"]);
    server.tell({ type: "voteResponse", from: "n2", term: 2, granted: true });
    expect(server.raft.isLeader, "its own vote does not count").toBe(false);
    server.tell({ type: "voteResponse", from: "n3", term: 2, granted: true });
    expect(server.raft.isLeader).toBe(true);
  });

  test("4.2.3 a server that hears a leader neither votes nor takes the term of who asks", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
    const request = { type: "voteRequest", from: "n9", term: 40, lastLogIndex: 9, lastLogTerm: 9 } as const;
    server.tell({ ...request, isTransfer: false });
    expect(server.raft.status()).toMatchObject({ term: 1, leaderId: "n2" });
  });

  test("4.2.3 normal elections are not hindered: each waits at least that long before it campaigns", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
    server.wait(150);
    const request = { type: "voteRequest", from: "n3", term: 2, lastLogIndex: 9, lastLogTerm: 1 } as const;
    expect(server.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: true }]);
  });

  test("4.2.3 a campaign that the leader asked for is let through", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n2", term: 1, commitIndex: 0, round: 1 });
    const request = { type: "voteRequest", from: "n3", term: 2, lastLogIndex: 9, lastLogTerm: 1 } as const;
    expect(server.tell({ ...request, isTransfer: true })).toMatchObject([{ granted: true }]);
  });

  test("4.2.3 so a removed server cannot depose the leader of the others", () => {
    const cluster = new Cluster({ size: 4, protection: { preVote: false } });
    cluster.electThis("s1");
    cluster.run(100);
    cluster.proposeConfiguration("s1", { changes: [remove("s4")] });
    cluster.run(2_000);
    expect(cluster.leader()).toBe("s1");
  });
});

describe("4.3 arbitrary changes with joint consensus", () => {
  test("4.3 entries are replicated to all servers of both configurations", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    const receivers = server.messages().filter(({ type }) => type === "appendRequest");
    expect(receivers.map(({ to }) => to).toSorted()).toEqual(["n2", "n3", "n4", "n5"]);
  });

  test("4.3 agreement needs separate majorities of the old and the new configuration, for entries", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    server.messages();
    acknowledge(server, "n4", "n5");
    expect(server.raft.status().commitIndex).toBe(1);
    acknowledge(server, "n3");
    expect(server.raft.status().commitIndex).toBe(2);
  });

  test("4.3 and for elections", () => {
    const server = new LoneServer({ ...withoutPreVote, term: 1, log: [...logOf(1), configurationEntry(2, 1, joint)] });
    server.wait(225);
    for (const from of ["n2", "n3"]) server.tell({ type: "voteResponse", from, term: 2, granted: true });
    expect(server.raft.isLeader).toBe(false);
    server.tell({ type: "voteResponse", from: "n5", term: 2, granted: true });
    expect(server.raft.isLeader).toBe(true);
  });

  test.each(["n2", "n4"])("4.3 any server of either configuration may lead, for example %s", (id) => {
    const log = [...logOf(1), configurationEntry(2, 1, joint)];
    const server = new LoneServer({ id, ...withoutPreVote, term: 1, log });
    server.wait(225);
    for (const from of ["n1", "n2", "n4", "n5"]) {
      if (from !== id) server.tell({ type: "voteResponse", from, term: 2, granted: true });
    }
    expect(server.raft.isLeader).toBe(true);
  });

  test("4.3 once the joint configuration is committed, the leader appends the new one by itself", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    server.messages();
    acknowledge(server, "n2", "n4");
    expect(server.raft.status().configuration).toEqual({ voters: ["n1", "n4", "n5"], learners: [] });
  });

  test("4.3 with the new one committed, the old servers are irrelevant", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    server.messages();
    acknowledge(server, "n2", "n4");
    acknowledge(server, "n5");
    expect(server.raft.status()).toMatchObject({ commitIndex: 3 });
    expect(server.raft.status().peers.map(({ id }) => id)).toEqual(["n4", "n5"]);
  });

  test("4.3 a leader outside the new configuration steps down when that is committed", () => {
    const server = leader();
    const away = [add("n4"), promote("n4"), remove("n1")];
    server.raft.proposeConfiguration({ changes: away, force: true });
    server.messages();
    acknowledge(server, "n2", "n3", "n4");
    expect(server.raft.isLeader, "the joint one is committed").toBe(true);
    acknowledge(server, "n3", "n4");
    expect(server.raft.isLeader).toBe(false);
  });
});
