// Mistakes about what is on the disk, and when it may be relied on.
import { describe, expect, test } from "vitest";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

test("P02 no vote leaves before its term and vote are durable, so a restart cannot vote twice", () => {
  const server = new LoneServer();
  const ask = (from: string) =>
    ({ type: "voteRequest", from, to: "n1", term: 1, lastLogIndex: 0, lastLogTerm: 0, isTransfer: false }) as const;
  server.raft.step(ask("n2"), 0);
  expect(server.ready().messages).toEqual([]);
  const restarted = new LoneServer();
  restarted.raft.step(ask("n3"), 0);
  restarted.ready();
  expect(restarted.completeWrites(), "the first vote was never seen, so this one is the only one").toMatchObject([
    { to: "n3", granted: true },
  ]);
});

test("P02 a candidate asks for votes only when its term and its own vote are durable", () => {
  const server = new LoneServer({ protection: { preVote: false }, term: 1, log: logOf(1) });
  server.raft.tick(225);
  const ready = server.ready();
  expect(ready.messages).toEqual([]);
  expect(ready.write?.hardState).toEqual({ term: 2, votedFor: "n1" });
  expect(server.completeWrites().map(({ type }) => type)).toEqual(["voteRequest", "voteRequest"]);
});

test("P06 the term of entries is never durable after them: both travel in one atomic write", () => {
  const server = new LoneServer({ term: 1 });
  const append = { type: "appendRequest", from: "n2", to: "n1", term: 5, prevLogIndex: 0, prevLogTerm: 0 } as const;
  server.raft.step({ ...append, entries: logOf(5), leaderCommit: 0 }, 0);
  const { write } = server.ready();
  expect(write?.hardState).toEqual({ term: 5, votedFor: undefined });
  expect(write?.entries.map(({ index, term }) => [index, term])).toEqual([[1, 5]]);
});

test("P07 a single voter commits only what is durable", () => {
  const server = new LoneServer({ members: ["n1"] });
  server.wait(226);
  server.raft.propose(bytes("x"));
  server.ready();
  expect(server.raft.status()).toMatchObject({ lastIndex: 2, durableIndex: 1, commitIndex: 1 });
  server.completeWrites();
  expect(server.raft.status()).toMatchObject({ durableIndex: 2, commitIndex: 2 });
});

test("P08 a leader counts what is on its own disk, not what is in its memory", () => {
  const server = new LoneServer();
  server.elect();
  server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
  server.raft.propose(bytes("x"));
  server.ready();
  server.raft.step(
    { type: "appendResponse", from: "n2", to: "n1", term: 1, accepted: true, matchIndex: 2 },
    server.now,
  );
  expect(server.raft.status().commitIndex, "on the disk of one of three").toBe(1);
  server.completeWrites();
  expect(server.raft.status().commitIndex).toBe(2);
});

test("P08 but does not wait for its own disk when a majority of the others has it", () => {
  const server = new LoneServer();
  server.elect();
  server.raft.propose(bytes("x"));
  server.ready();
  for (const from of ["n2", "n3"]) {
    server.raft.step({ type: "appendResponse", from, to: "n1", term: 1, accepted: true, matchIndex: 2 }, server.now);
  }
  expect(server.raft.status()).toMatchObject({ commitIndex: 2, durableIndex: 1 });
  expect(
    server.ready().committed.map(({ index }) => index),
    "applied only what would survive here",
  ).toEqual([1]);
  server.completeWrites();
  expect(server.raft.status().lastApplied).toBe(2);
});

test("P09 an acknowledgement covers only durable entries, also the answer to an empty append", () => {
  const server = new LoneServer();
  const append = { type: "appendRequest", from: "n2", to: "n1", term: 1, leaderCommit: 0 } as const;
  server.raft.step({ ...append, prevLogIndex: 0, prevLogTerm: 0, entries: logOf(1, 1) }, 0);
  expect(server.ready().messages).toEqual([]);
  server.raft.step({ ...append, prevLogIndex: 2, prevLogTerm: 1, entries: [] }, 0);
  expect(server.ready().messages, "index 2 is not on disk yet").toEqual([]);
  expect(server.completeWrites()).toMatchObject([{ matchIndex: 2 }, { matchIndex: 2 }]);
});

test("P11 completions that are reported in reverse lose no progress", () => {
  const server = new LoneServer({ members: ["n1"] });
  server.wait(226);
  server.raft.propose(bytes("x"));
  server.ready();
  server.raft.propose(bytes("y"));
  server.ready();
  const [first, second] = server.pendingWrites.map(({ sequence }) => sequence);
  server.raft.persisted(second ?? 0);
  expect(server.raft.status().commitIndex, "the storage keeps the order, so the first one is durable too").toBe(3);
  server.raft.persisted(first ?? 0);
  server.raft.persisted(99);
  expect(server.raft.status()).toMatchObject({ commitIndex: 3, durableIndex: 3 });
});

test("a late completion does not mark a rewritten index as durable", () => {
  const server = new LoneServer();
  const append = { type: "appendRequest", to: "n1", prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0 } as const;
  server.raft.step({ ...append, from: "n2", term: 1, entries: logOf(1, 1, 1) }, 0);
  const old = server.ready().write;
  server.raft.step({ ...append, from: "n3", term: 2, entries: [entryOf(1, 2)] }, 0);
  server.raft.persisted(old?.sequence ?? 0);
  expect(server.raft.status()).toMatchObject({ lastIndex: 1, durableIndex: 0 });
  const { messages } = server.ready();
  expect(
    messages.filter(({ term }) => term === 2),
    "the new entry is not acknowledged",
  ).toEqual([]);
  expect(server.completeWrites()).toMatchObject([{ to: "n3", term: 2, matchIndex: 1 }]);
});

test("P13 an append whose entries do not follow each other changes nothing", () => {
  const server = new LoneServer({ term: 1, log: logOf(1) });
  const append = { type: "appendRequest", from: "n2", to: "n1", term: 2, prevLogIndex: 1, prevLogTerm: 1 } as const;
  const malformed = [
    [entryOf(3, 2)],
    [entryOf(2, 2), entryOf(4, 2)],
    [entryOf(2, 2), entryOf(3, 1)],
    [entryOf(2, 3)],
    [{ ...entryOf(2, 2, '{"voters":[]}'), kind: "configuration" as const }],
  ];
  for (const entries of malformed) {
    const result = server.raft.step({ ...append, entries, leaderCommit: 0 }, 0);
    expect(result).toEqual({ handled: false, reason: "malformed" });
  }
  expect(server.raft.status()).toMatchObject({ lastIndex: 1, term: 1 });
});

test("P13 entries that storage returns with a gap are not sent", () => {
  const server = new LoneServer({ members: ["n1", "n2"], term: 1, log: logOf(1, 1, 1) });
  server.elect();
  const refusal = { type: "appendResponse", from: "n2", to: "n1", accepted: false, prevLogIndex: 3 } as const;
  server.raft.step({ ...refusal, term: 2, hintIndex: 0, hintTerm: 0 }, server.now);
  const [logRead] = server.raft.ready().logReads;
  server.raft.logRead(logRead?.logReadId ?? 0, [entryOf(1, 1), entryOf(3, 1)]);
  const ready = server.raft.ready();
  expect(ready.messages).toEqual([]);
  expect(ready.logReads, "asked for once more").toMatchObject([{ firstIndex: 1 }]);
});

test("P14 entries that were read in one term are not sent in another", () => {
  const server = new LoneServer({ members: ["n1", "n2"], term: 1, log: logOf(1, 1, 1) });
  server.elect();
  const refusal = { type: "appendResponse", from: "n2", to: "n1", accepted: false, prevLogIndex: 3 } as const;
  server.raft.step({ ...refusal, term: 2, hintIndex: 0, hintTerm: 0 }, server.now);
  const [logRead] = server.raft.ready().logReads;
  expect(logRead).toMatchObject({ firstIndex: 1, lastIndex: 4 });
  server.tell({ type: "heartbeatRequest", from: "n2", term: 3, commitIndex: 0, round: 1 });
  server.elect();
  expect(server.raft.status()).toMatchObject({ role: "leader", term: 4 });
  server.raft.logRead(logRead?.logReadId ?? 0, logOf(1, 1, 1));
  const sent = server.raft.ready().messages.filter((message) => message.type === "appendRequest");
  expect(sent.flatMap(({ entries }) => entries)).toEqual([]);
});

describe("P76 a disk that hangs while heartbeats go on", () => {
  test("P76 the leader steps down and says why, so that another one can work", () => {
    const server = new LoneServer();
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    server.raft.propose(bytes("x"));
    server.ready();
    const stuckAt = server.now;
    for (let round = 1; server.raft.isLeader && server.now < 5_000; round++) {
      server.now += 50;
      server.raft.tick(server.now);
      const { term } = server.raft.status();
      server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term, round: 1 }, server.now);
    }
    expect(server.now - stuckAt).toBe(1_000);
    expect(server.ready().events).toContainEqual(
      expect.objectContaining({ type: "steppedDown", reason: "diskStalled" }),
    );
  });

  test("P76 and does not campaign until the disk answers", () => {
    const server = new LoneServer({ protection: { preVote: false } });
    server.now = 225;
    server.raft.tick(server.now);
    server.ready();
    for (; server.now < 5_000; server.now += 10) server.raft.tick(server.now);
    const { term } = server.raft.status();
    expect(term, "a few elections before the disk counts as stalled").toBeLessThanOrEqual(5);
    server.completeWrites();
    server.wait(400);
    expect(server.raft.status().term).toBeGreaterThan(term);
  });
});
