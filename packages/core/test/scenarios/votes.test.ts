// S10 to S15: who gets a vote, and what a term does to those who hear of it.
import { describe, expect, test } from "vitest";
import { LoneServer, logOf } from "../support/lone-server.ts";

/** A vote request of n2 for a candidate whose log ends at the given place. */
function ask(term: number, lastLogIndex = 0, lastLogTerm = 0, from = "n2") {
  return { type: "voteRequest", from, term, lastLogIndex, lastLogTerm, isTransfer: false } as const;
}

test("S10 a vote request with a lower term is refused, and the answer carries the newer term", () => {
  const server = new LoneServer({ term: 5 });
  expect(server.tell(ask(4, 100, 4))).toEqual([
    { type: "voteResponse", from: "n1", to: "n2", term: 5, granted: false, reason: "olderTerm" },
  ]);
  expect(server.raft.status()).toMatchObject({ term: 5, votedFor: undefined });
});

describe("S11 a vote request with a higher term", () => {
  const log = logOf(1, 1, 2);

  test.each([
    ["an equal log", 3, 2],
    ["a longer log", 4, 2],
    ["a shorter log of a later last term", 1, 3],
  ])("S11 moves the receiver to that term and gets its vote with %s", (_, lastLogIndex, lastLogTerm) => {
    const server = new LoneServer({ term: 2, log });
    expect(server.tell(ask(5, lastLogIndex, lastLogTerm))).toMatchObject([{ term: 5, granted: true }]);
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 5, votedFor: "n2" });
  });

  test.each([
    ["a shorter log", 2, 2],
    ["a longer log of an earlier last term", 9, 1],
  ])("S11 moves the receiver to that term without its vote with %s", (_, lastLogIndex, lastLogTerm) => {
    const server = new LoneServer({ term: 2, log });
    const answer = server.tell(ask(5, lastLogIndex, lastLogTerm));
    expect(answer).toMatchObject([{ term: 5, granted: false, reason: "logBehind" }]);
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 5, votedFor: undefined });
  });

  test("S11 restarts the election timer only when the vote is given", () => {
    const server = new LoneServer({ term: 2, log });
    const deadline = server.raft.nextDeadline();
    server.wait(100);
    server.tell(ask(5, 1, 1));
    expect(server.raft.nextDeadline(), "refused").toBe(deadline);
    server.tell(ask(6, 3, 2));
    expect(server.raft.nextDeadline(), "granted").toBe(100 + 225);
  });
});

describe("S12 two vote requests in one term", () => {
  test("S12 first come, first served; the same candidate gets the same yes, another one gets no", () => {
    const server = new LoneServer();
    expect(server.tell(ask(1, 0, 0, "n2"))).toMatchObject([{ granted: true }]);
    expect(server.tell(ask(1, 0, 0, "n2"))).toMatchObject([{ granted: true }]);
    expect(server.tell(ask(1, 0, 0, "n3"))).toMatchObject([{ granted: false, reason: "alreadyVoted" }]);
  });

  test("S12 the vote and its term are durable before the answer leaves", () => {
    const server = new LoneServer();
    server.raft.step({ ...ask(1), to: "n1" }, 0);
    const ready = server.ready();
    expect(ready.messages).toEqual([]);
    expect(ready.write?.hardState).toEqual({ term: 1, votedFor: "n2" });
    expect(server.completeWrites()).toMatchObject([{ type: "voteResponse", granted: true }]);
  });

  test("S12 a node that crashes and restarts does not vote twice", () => {
    const server = new LoneServer({ term: 1, votedFor: "n2" });
    expect(server.tell(ask(1, 9, 1, "n3"))).toMatchObject([{ granted: false, reason: "alreadyVoted" }]);
    expect(server.tell(ask(1, 9, 1, "n2"))).toMatchObject([{ granted: true }]);
  });
});

describe("S13 a candidate hears a leader", () => {
  const candidate = () => {
    const server = new LoneServer({ protection: { preVote: false }, term: 4 });
    server.wait(225);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 5 });
    return server;
  };

  test.each([5, 6])("S13 of its own or a later term (%i): it follows", (term) => {
    const server = candidate();
    server.tell({ type: "heartbeatRequest", from: "n3", term, commitIndex: 0, round: 1 });
    expect(server.raft.status()).toMatchObject({ role: "follower", term, leaderId: "n3" });
  });

  test("S13 that appends in its own term: it follows and takes the entries", () => {
    const server = candidate();
    const answer = server.tell({
      type: "appendRequest",
      from: "n3",
      term: 5,
      prevLogIndex: 0,
      prevLogTerm: 0,
      entries: logOf(5),
      leaderCommit: 0,
    });
    expect(answer).toMatchObject([{ type: "appendResponse", accepted: true, matchIndex: 1 }]);
    expect(server.raft.status()).toMatchObject({ role: "follower", leaderId: "n3", lastIndex: 1 });
  });

  test("S13 of an older term: it ignores it and answers with its term", () => {
    const server = candidate();
    const answer = server.tell({ type: "heartbeatRequest", from: "n3", term: 4, commitIndex: 0, round: 1 });
    expect(answer).toMatchObject([{ type: "heartbeatResponse", term: 5 }]);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 5 });
  });
});

describe("S14 a message with a higher term makes anybody a follower of that term", () => {
  const messages = [
    { type: "heartbeatRequest", from: "n2", term: 9, commitIndex: 0, round: 1 },
    { type: "heartbeatResponse", from: "n2", term: 9, round: 1 },
    { type: "appendResponse", from: "n2", term: 9, accepted: true, matchIndex: 0 },
    { type: "voteResponse", from: "n2", term: 9, granted: false, reason: "olderTerm" },
    { type: "preVoteResponse", from: "n2", term: 9, campaignTerm: 1, granted: false, reason: "olderTerm" },
    ask(9, 100, 8),
  ] as const;

  test.each(messages)("S14 $type", (message) => {
    const server = new LoneServer({ protection: { preVote: false, leaderLease: false } });
    server.wait(225);
    server.tell(message);
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 9 });
  });

  test("S14 but a vote request that the leader lease refuses does not", () => {
    const server = new LoneServer();
    server.tell({ type: "heartbeatRequest", from: "n3", term: 1, commitIndex: 0, round: 1 });
    expect(server.tell(ask(9, 100, 8))).toMatchObject([{ term: 1, granted: false, reason: "hearsLeader" }]);
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 1, leaderId: "n3" });
  });

  test("S14 and a pre-vote request does not, whatever its answer", () => {
    const server = new LoneServer({ term: 3 });
    const request = { type: "preVoteRequest", from: "n2", term: 8, campaignTerm: 9 } as const;
    const answer = server.tell({ ...request, lastLogIndex: 0, lastLogTerm: 0 });
    expect(answer).toMatchObject([{ term: 3, campaignTerm: 9, granted: true }]);
    expect(server.raft.status()).toMatchObject({ term: 3, votedFor: undefined });
  });
});

test("S15 a leader that learns of a higher term steps down, ends its reads and follows the new leader", () => {
  const server = new LoneServer();
  server.elect();
  expect(server.raft.status()).toMatchObject({ role: "leader", term: 1 });
  const proposal = server.raft.propose(new Uint8Array(1));
  const read = server.raft.readIndex();
  server.messages();

  server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 7, round: 1 }, server.now);
  const ready = server.ready();
  expect(ready.rejectedReads).toMatchObject([{ readId: read.accepted ? read.readId : 0, reason: "leadershipLost" }]);
  expect(ready.events).toContainEqual(expect.objectContaining({ type: "steppedDown", reason: "higherTerm" }));
  expect(server.raft.outcomeOf({ index: proposal.accepted ? proposal.index : 0, term: 1 })).toBe("pending");
  expect(server.raft.propose(new Uint8Array(1))).toMatchObject({ accepted: false, reason: "notLeader" });

  server.tell({ type: "heartbeatRequest", from: "n3", term: 7, commitIndex: 0, round: 1 });
  expect(server.raft.status()).toMatchObject({ role: "follower", term: 7, leaderId: "n3" });
});
