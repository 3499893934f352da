// Mistakes about snapshots: what they replace, what they must not, and when the log may forget. Thesis chapter 5.
import { describe, expect, test } from "vitest";
import { encodeConfiguration, type SnapshotRequest } from "../../src/index.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;
const configuration = { voters: ["n1", "n2", "n3"], learners: [] };

/** A piece of a snapshot of the leader n2 that ends with the given entry. */
function chunk(lastIncludedIndex: number, lastIncludedTerm: number, term = 5): SnapshotRequest {
  const place = { lastIncludedIndex, lastIncludedTerm, configuration: encodeConfiguration(configuration) };
  const content = { sizeBytes: 3, checksum: 1, offsetBytes: 0, data: new Uint8Array(3) };
  return { type: "snapshotRequest", from: "n2", to: "n1", term, ...place, ...content };
}

/** A leader of three whose ten entries are applied everywhere but at n3, which has the first one. */
function leader(limits: { readonly maxInflightMessages?: number; readonly maxAppendBytes?: number } = {}): LoneServer {
  const server = new LoneServer({ limits });
  server.elect();
  for (const from of ["n2", "n3"]) server.tell({ ...accepted, from, term: 1, matchIndex: 1 });
  for (let index = 2; index <= 10; index++) server.raft.propose(bytes(`${index}`));
  server.messages();
  server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 10 });
  expect(server.raft.status().lastApplied).toBe(10);
  return server;
}

describe("P58 a snapshot that ends before the commit index", () => {
  test("P58 is ignored, and the answer says what is here already", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    const append = { type: "appendRequest", from: "n2", term: 5, prevLogIndex: 3, prevLogTerm: 1 } as const;
    server.tell({ ...append, entries: [], leaderCommit: 3 });
    const result = server.raft.step(chunk(2, 1), server.now);
    expect(result).toEqual({ handled: false, reason: "staleResponse" });
    const ready = server.ready();
    expect(ready.snapshotChunks).toEqual([]);
    expect(ready.messages).toMatchObject([{ type: "appendResponse", accepted: true, matchIndex: 3 }]);
  });

  test("P58 also if the log overtook it while it was being stored", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1, 1) });
    const append = { type: "appendRequest", from: "n2", term: 5, prevLogIndex: 3, prevLogTerm: 1 } as const;
    server.raft.step(chunk(2, 1), server.now);
    expect(server.ready().snapshotChunks).toHaveLength(1);
    server.tell({ ...append, entries: [], leaderCommit: 3 });
    expect(server.raft.snapshotInstalled({ index: 2, term: 1, configuration })).toBe(false);
    expect(server.raft.status()).toMatchObject({ firstIndex: 1, lastIndex: 3, lastApplied: 3 });
  });
});

describe("an installed snapshot", () => {
  test("replaces a log that contradicts it or does not reach it", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 1, 2, 2, 2, 2) });
    server.raft.step(chunk(4, 3), server.now);
    expect(server.raft.snapshotInstalled({ index: 4, term: 3, configuration })).toBe(true);
    const ready = server.ready();
    expect(ready.compactTo).toEqual({ index: 4, term: 3 });
    expect(server.raft.status()).toMatchObject({
      firstIndex: 5,
      lastIndex: 4,
      lastTerm: 3,
      commitIndex: 4,
      lastApplied: 4,
    });
    server.completeWrites();
    const append = { type: "appendRequest", from: "n2", to: "n1", term: 5, prevLogIndex: 4, prevLogTerm: 3 } as const;
    server.raft.step({ ...append, entries: [entryOf(5, 5)], leaderCommit: 5 }, server.now);
    expect(server.ready().write).toMatchObject({ truncateFrom: undefined, entries: [{ index: 5, term: 5 }] });
  });

  test("keeps the log behind it if the log has its last entry", () => {
    const server = new LoneServer({ term: 3, log: logOf(1, 1, 2, 3, 3) });
    server.raft.step(chunk(3, 2), server.now);
    expect(server.raft.snapshotInstalled({ index: 3, term: 2, configuration })).toBe(true);
    expect(server.ready().compactTo).toEqual({ index: 3, term: 2 });
    expect(server.raft.status()).toMatchObject({ firstIndex: 4, lastIndex: 5, lastTerm: 3, commitIndex: 3 });
  });

  test("is acknowledged, so that the leader goes on with the log", () => {
    const server = new LoneServer();
    server.raft.step(chunk(7, 3), server.now);
    server.raft.snapshotInstalled({ index: 7, term: 3, configuration });
    expect(server.messages()).toMatchObject([{ type: "appendResponse", to: "n2", accepted: true, matchIndex: 7 }]);
  });

  test("brings its configuration", () => {
    const server = new LoneServer({ id: "n1", members: ["n2"] });
    server.raft.step(chunk(7, 3), server.now);
    server.raft.snapshotInstalled({ index: 7, term: 3, configuration });
    expect(server.raft.status()).toMatchObject({ configuration, configurationIndex: 7 });
  });

  test.each([
    ["of an older term", chunk(7, 3, 0), "olderTerm"],
    ["with a configuration that makes no sense", { ...chunk(7, 3), configuration: bytes("{}") }, "malformed"],
  ])("a piece %s is refused", (_, message, reason) => {
    const server = new LoneServer({ term: 1 });
    expect(server.raft.step(message, server.now)).toEqual({ handled: false, reason });
    expect(server.ready().snapshotChunks).toEqual([]);
  });
});

test("P59 an accepted append alone ends a transfer, also one for a snapshot before the log's beginning", () => {
  const server = leader();
  server.raft.compact(8);
  server.tell({
    type: "appendResponse",
    from: "n3",
    term: 1,
    accepted: false,
    prevLogIndex: 10,
    hintIndex: 1,
    hintTerm: 1,
  });
  const progress = () => server.raft.status().peers.find(({ id }) => id === "n3");
  expect(progress()).toMatchObject({ mode: "snapshot" });
  const said = server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 9 });
  expect(progress()).toMatchObject({ mode: "replicate", matchIndex: 9 });
  expect(said.find(({ type }) => type === "appendRequest")).toMatchObject({ prevLogIndex: 9 });
});

test("P60 a peer whose window was full when the log was cut past it is given a snapshot", () => {
  const server = leader({ maxInflightMessages: 2, maxAppendBytes: 100 });
  expect(server.raft.status().peers[1]).toMatchObject({ id: "n3", inflightMessages: 2, nextIndex: 4 });
  server.raft.compact(9);
  server.wait(50);
  server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 1, round: 1 }, server.now);
  expect(server.raft.ready().snapshotNeeded).toEqual(["n3"]);
  expect(server.raft.status().peers[1]).toMatchObject({ mode: "snapshot", inflightMessages: 0 });
});

test("P60 who has lost the leadership in the same turn is not told to send a snapshot", () => {
  const server = leader({ maxInflightMessages: 2, maxAppendBytes: 100 });
  server.raft.compact(9);
  server.wait(50);
  server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 1, round: 1 }, server.now);
  server.raft.step({ type: "heartbeatRequest", from: "n2", to: "n1", term: 2, commitIndex: 0, round: 1 }, server.now);
  const { events, snapshotNeeded } = server.raft.ready();
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["peerBehindLog", "steppedDown"]));
  expect(snapshotNeeded).toEqual([]);
});

describe("the log forgets", () => {
  test("at most what is applied and durable here", () => {
    const server = leader();
    expect(server.raft.compact(99)).toEqual({ index: 10, term: 1 });
    expect(server.ready().compactTo).toEqual({ index: 10, term: 1 });
    expect(server.raft.status()).toMatchObject({ firstIndex: 11, lastIndex: 10, lastTerm: 1 });
  });

  test("nothing twice, and nothing backwards", () => {
    const server = leader();
    server.raft.compact(6);
    server.ready();
    expect(server.raft.compact(4)).toEqual({ index: 6, term: 1 });
    expect(server.ready().compactTo).toBeUndefined();
  });
});

test("P51 the configuration for a snapshot is the one as of its last entry, whatever came later", () => {
  const server = leader();
  server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
  expect(server.raft.configurationAt(10)).toEqual(configuration);
  expect(server.raft.configurationAt(11)).toEqual({ ...configuration, learners: ["n4"] });
});
