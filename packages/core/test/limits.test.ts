// Everything that a core holds has a bound, and over the bound it says so.
import { describe, expect, test } from "vitest";
import { bytes, entryOf, LoneServer, logOf } from "./support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;

function leader(limits: Parameters<typeof limited>[0] = {}): LoneServer {
  const server = limited(limits);
  server.elect();
  for (const from of ["n2", "n3"]) server.tell({ ...accepted, from, term: 1, matchIndex: 1 });
  return server;
}

function limited(limits: NonNullable<ConstructorParameters<typeof LoneServer>[0]>["limits"] & object): LoneServer {
  return new LoneServer({ limits });
}

describe("a leader refuses", () => {
  test("a command that is too large, and takes one that just fits", () => {
    const server = leader({ maxCommandBytes: 8 });
    expect(server.raft.propose(new Uint8Array(9))).toEqual({ accepted: false, reason: "tooLarge", leaderId: "n1" });
    expect(server.raft.propose(new Uint8Array(8))).toMatchObject({ accepted: true });
  });

  test("commands while too many bytes are uncommitted, until some are committed", () => {
    const server = leader({ maxUncommittedBytes: 3 * (64 + 8) });
    for (let count = 0; count < 3; count++) expect(server.raft.propose(new Uint8Array(8)).accepted).toBe(true);
    expect(server.raft.propose(new Uint8Array(8))).toEqual({ accepted: false, reason: "busy", leaderId: "n1" });
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 2 });
    expect(server.raft.propose(new Uint8Array(8)).accepted).toBe(true);
    expect(server.raft.propose(new Uint8Array(8))).toMatchObject({ reason: "busy" });
  });

  test("reads while too many wait", () => {
    const server = leader({ maxPendingReads: 2 });
    for (let count = 0; count < 2; count++) expect(server.raft.readIndex().accepted).toBe(true);
    expect(server.raft.readIndex()).toEqual({ accepted: false, reason: "busy", leaderId: "n1" });
  });
});

describe("a batch ends before its limit", () => {
  test("for one message, but has one entry at least", () => {
    const server = leader({ maxAppendBytes: 2 * (64 + 8) });
    for (const size of [8, 8, 8, 500]) server.raft.propose(new Uint8Array(size));
    const appends = server.messages().filter((message) => message.type === "appendRequest" && message.to === "n2");
    expect(appends.map((append) => append.type === "appendRequest" && append.entries.length)).toEqual([2, 1, 1]);
  });

  test("for the state machine, which gets the next one when it has applied this one", () => {
    const server = limited({ maxApplyBytes: 2 * (64 + 3) });
    const append = { type: "appendRequest", from: "n2", to: "n1", term: 1, prevLogIndex: 0, prevLogTerm: 0 } as const;
    server.raft.step({ ...append, entries: logOf(1, 1, 1, 1, 1), leaderCommit: 5 }, 0);
    const { write } = server.raft.ready();
    server.raft.persisted(write?.sequence ?? 0);
    const batches: (readonly number[])[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { committed } = server.raft.ready();
      expect(server.raft.ready().committed, "not before the last one is applied").toEqual([]);
      batches.push(committed.map(({ index }) => index));
      server.raft.applied(committed.at(-1)?.index ?? 0);
    }
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("in flight by bytes as by messages", () => {
    const server = leader({ maxAppendBytes: 72, maxInflightBytes: 100 });
    for (let count = 0; count < 5; count++) server.raft.propose(new Uint8Array(8));
    server.messages();
    expect(server.raft.status().peers).toMatchObject([
      { inflightMessages: 2, inflightBytes: 144 },
      { inflightMessages: 2, inflightBytes: 144 },
    ]);
  });
});

describe("what is no longer in memory", () => {
  test("is everything beyond the cache: a peer that lags far is served from storage", () => {
    const server = leader({ maxCachedBytes: 5 * (64 + 8) });
    for (let count = 0; count < 50; count++) server.raft.propose(new Uint8Array(8));
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 51 });
    const refusal = { type: "appendResponse", from: "n3", to: "n1", term: 1, accepted: false } as const;
    server.raft.step({ ...refusal, prevLogIndex: 50, hintIndex: 1, hintTerm: 1 }, server.now);
    expect(server.raft.ready().logReads).toMatchObject([{ firstIndex: 2 }]);
  });

  test("is nearly everything once every peer has it, and nothing within the limit before", () => {
    const server = leader({ maxCachedBytes: 1024 * 1024 });
    for (let count = 0; count < 12; count++) server.raft.propose(new Uint8Array(64 * 1024));
    server.messages();
    const readsFor = (from: string, prevLogIndex: number): readonly object[] => {
      const refusal = { type: "appendResponse", from, to: "n1", term: 1, accepted: false } as const;
      server.raft.step({ ...refusal, prevLogIndex, hintIndex: 1, hintTerm: 1 }, server.now);
      return server.raft.ready().logReads;
    };
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 13 });
    expect(readsFor("n3", 13)).toEqual([]);
    server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 13 });
    server.raft.propose(new Uint8Array(8));
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 14 });
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
    server.messages();
    expect(readsFor("n4", 14)).toMatchObject([{ firstIndex: 2 }]);
  });

  test("is read again for the state machine of a server that restarts", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    server.tell({
      type: "appendRequest",
      from: "n2",
      term: 1,
      prevLogIndex: 3,
      prevLogTerm: 1,
      entries: [],
      leaderCommit: 3,
    });
    expect(server.applied.map(({ index }) => index)).toEqual([1, 2, 3]);
  });

  test("is not applied if it comes back after the snapshot that replaced it", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    const append = { type: "appendRequest", from: "n2", to: "n1", term: 1, prevLogIndex: 3, prevLogTerm: 1 } as const;
    server.raft.step({ ...append, entries: [], leaderCommit: 1 }, 0);
    const [logRead] = server.raft.ready().logReads;
    const configuration = { voters: ["n1", "n2", "n3"], learners: [] };
    server.raft.snapshotInstalled({ index: 3, term: 1, configuration });
    server.raft.logRead(logRead?.logReadId ?? 0, [entryOf(1, 1)]);
    expect(server.raft.ready().committed).toEqual([]);
    expect(server.raft.status().lastApplied).toBe(3);
  });

  test("is not sent to a peer that was removed meanwhile, nor by a server that leads no longer", () => {
    for (const loseInterest of [removeN2, hearOfALaterTerm]) {
      const server = new LoneServer({ members: ["n1", "n2", "n3"], term: 1, log: logOf(1, 1, 1) });
      server.elect();
      server.tell({ ...accepted, from: "n3", term: 2, matchIndex: 4 });
      const refusal = {
        type: "appendResponse",
        from: "n2",
        to: "n1",
        term: 2,
        accepted: false,
        prevLogIndex: 3,
      } as const;
      server.raft.step({ ...refusal, hintIndex: 0, hintTerm: 0 }, server.now);
      const [logRead] = server.raft.ready().logReads;
      loseInterest(server);
      server.raft.logRead(logRead?.logReadId ?? 0, logOf(1, 1, 1));
      const appends = server.raft.ready().messages.filter((message) => message.type === "appendRequest");
      expect(appends.filter(({ to }) => to === "n2")).toEqual([]);
    }
  });
});

function removeN2(server: LoneServer): void {
  server.raft.proposeConfiguration({ changes: [{ type: "remove", id: "n2" }], force: true });
}

function hearOfALaterTerm(server: LoneServer): void {
  server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 9, round: 1 }, server.now);
}

test("what a snapshot's receiver has is told to the driver, but only while a snapshot is being sent", () => {
  const server = leader();
  for (let index = 2; index <= 5; index++) server.raft.propose(bytes(`${index}`));
  server.messages();
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 5 });
  const progress = {
    type: "snapshotResponse",
    from: "n3",
    to: "n1",
    term: 1,
    lastIncludedIndex: 5,
    receivedBytes: 7,
  } as const;
  expect(server.raft.step(progress, server.now)).toEqual({ handled: false, reason: "staleResponse" });
  server.raft.compact(5);
  const refusal = { type: "appendResponse", from: "n3", to: "n1", term: 1, accepted: false, prevLogIndex: 4 } as const;
  server.raft.step({ ...refusal, hintIndex: 1, hintTerm: 1 }, server.now);
  expect(server.raft.ready().snapshotNeeded).toEqual(["n3"]);
  expect(server.raft.step(progress, server.now)).toEqual({ handled: true });
  expect(server.raft.ready().snapshotAnswers).toEqual([progress]);
});

test("messages for somebody else, or in one's own name, are left alone", () => {
  const server = new LoneServer();
  const heartbeat = { type: "heartbeatRequest", term: 1, commitIndex: 0, round: 1 } as const;
  expect(server.raft.step({ ...heartbeat, from: "n2", to: "n3" }, 0)).toEqual({ handled: false, reason: "notForMe" });
  expect(server.raft.step({ ...heartbeat, from: "n1", to: "n1" }, 0)).toEqual({ handled: false, reason: "notForMe" });
  expect(server.raft.status().term).toBe(0);
});

test("configurations do not count as proposals that wait for their commit", () => {
  const server = new LoneServer({ limits: { maxUncommittedBytes: 1_000, maxCommandBytes: 1_000 } });
  server.elect();
  const acknowledge = () => {
    const { lastIndex } = server.raft.status();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: lastIndex });
  };
  acknowledge();
  for (const id of ["n4", "n5", "n6"]) {
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id }] });
    server.messages();
    acknowledge();
  }
  expect(server.raft.propose(new Uint8Array(700))).toMatchObject({ accepted: true });
  expect(server.raft.propose(new Uint8Array(400))).toMatchObject({ accepted: false, reason: "busy" });
});
