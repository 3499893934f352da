// Linearizable reads at followers: one question to the leader for all that wait. Thesis 6.4.
import { describe, expect, test } from "vitest";
import type { Message, ReadIndexRequest } from "../src/index.ts";
import { Cluster } from "./support/cluster.ts";
import { LoneServer } from "./support/lone-server.ts";

/** A follower of n2 in term 1 that has heard it now. */
function follower(limits: { readonly maxPendingReads?: number } = {}): LoneServer {
  const server = new LoneServer({ limits });
  heartbeat(server);
  return server;
}

function heartbeat(server: LoneServer, from = "n2", term = 1): readonly Message[] {
  return server.tell({ type: "heartbeatRequest", from, term, commitIndex: 0, round: 1 });
}

function questions(messages: readonly Message[]): readonly ReadIndexRequest[] {
  return messages.filter((message) => message.type === "readIndexRequest");
}

/** A leader of term 1 whose first entry is committed. */
function leader(limits: { readonly maxPendingReads?: number } = {}): LoneServer {
  const server = new LoneServer({ limits });
  server.elect();
  server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
  return server;
}

describe("at a follower", () => {
  test("a read is refused unless it may be forwarded, and without a leader in any case", () => {
    const server = new LoneServer();
    expect(server.raft.readIndex({ forward: true })).toMatchObject({ accepted: false, reason: "notLeader" });
    heartbeat(server);
    expect(server.raft.readIndex()).toMatchObject({ accepted: false, reason: "notLeader", leaderId: "n2" });
    expect(server.raft.readIndex({ forward: true })).toMatchObject({ accepted: true });
  });

  test("all reads of a turn share one question, and its answer confirms them all", () => {
    const server = follower();
    const reads = [1, 2, 3].map(() => server.raft.readIndex({ forward: true }));
    const asked = questions(server.messages());
    expect(asked).toHaveLength(1);
    server.raft.step({ ...answerTo(asked), index: 7 }, server.now);
    const readIds = reads.flatMap((read) => (read.accepted ? [read.readId] : []));
    expect(server.raft.ready().confirmedReads).toEqual(readIds.map((readId) => ({ readId, index: 7 })));
  });

  test("reads that come later wait for a question of their own: an index from before them may be too low", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    const first = questions(server.messages());
    server.raft.readIndex({ forward: true });
    expect(questions(server.messages())).toEqual([]);
    server.raft.step({ ...answerTo(first), index: 3 }, server.now);
    const { confirmedReads, messages } = server.ready();
    expect(confirmedReads).toHaveLength(1);
    expect(questions(messages)).toHaveLength(1);
  });

  test("the answer to another question confirms nothing", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    const asked = questions(server.messages());
    const other = { ...answerTo(asked), requestId: 1, index: 9 };
    expect(server.raft.step(other, server.now)).toEqual({ handled: false, reason: "staleResponse" });
    expect(server.raft.ready().confirmedReads).toEqual([]);
  });

  test("the question is asked again while the leader is heard, in case it was lost", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    const [first] = questions(server.messages());
    expect(questions(heartbeat(server)), "not more often than heartbeats come").toEqual([]);
    server.wait(50);
    expect(questions(heartbeat(server))).toEqual([first]);
  });

  test("reads end when the leader does not answer for two election timeouts", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    server.messages();
    for (let beat = 0; beat < 11; beat++) {
      server.wait(50);
      heartbeat(server);
    }
    expect(server.raft.ready().rejectedReads).toEqual([]);
    server.now += 50;
    server.raft.step({ type: "heartbeatRequest", from: "n2", to: "n1", term: 1, commitIndex: 0, round: 1 }, server.now);
    expect(server.raft.ready().rejectedReads).toMatchObject([{ reason: "unanswered" }]);
  });

  test("reads end when another server leads", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    server.messages();
    server.raft.step({ type: "heartbeatRequest", from: "n3", to: "n1", term: 2, commitIndex: 0, round: 1 }, server.now);
    expect(server.raft.ready().rejectedReads).toMatchObject([{ reason: "leaderChanged" }]);
  });

  test("reads end when the leader says that it cannot answer", () => {
    const server = follower();
    server.raft.readIndex({ forward: true });
    const asked = questions(server.messages());
    server.raft.step(answerTo(asked), server.now);
    expect(server.raft.ready().rejectedReads).toMatchObject([{ reason: "unanswered" }]);
  });

  test("a read over the limit of those that wait is refused as busy", () => {
    const server = follower({ maxPendingReads: 2 });
    server.raft.readIndex({ forward: true });
    server.raft.readIndex({ forward: true });
    expect(server.raft.readIndex({ forward: true })).toMatchObject({ accepted: false, reason: "busy" });
  });
});

describe("at the leader", () => {
  const question = { type: "readIndexRequest", from: "n3", term: 1, requestId: 77 } as const;

  test("a question is answered when a majority has confirmed the leader after it came", () => {
    const server = leader();
    const asked = server.tell(question);
    expect(asked.filter(({ type }) => type === "readIndexResponse")).toEqual([]);
    const round = asked.findLast((message) => message.type === "heartbeatRequest")?.round ?? 0;
    const said = server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round });
    expect(said).toContainEqual({
      type: "readIndexResponse",
      from: "n1",
      to: "n3",
      term: 1,
      requestId: 77,
      index: 1,
    });
  });

  test("a question of a stranger is ignored", () => {
    const server = leader();
    expect(server.raft.step({ ...question, from: "n9", to: "n1" }, server.now)).toEqual({
      handled: false,
      reason: "unknownSender",
    });
  });

  test("a question beyond the limit is answered without an index", () => {
    const server = leader({ maxPendingReads: 1 });
    server.raft.readIndex();
    expect(server.tell(question)).toContainEqual({
      type: "readIndexResponse",
      from: "n1",
      to: "n3",
      term: 1,
      requestId: 77,
    });
  });

  test("a server that does not lead answers without an index", () => {
    const server = follower();
    expect(server.tell(question)).toMatchObject([{ type: "readIndexResponse", to: "n3", requestId: 77 }]);
  });
});

test("a follower that was cut off with the old leader gets no index from it", () => {
  const cluster = new Cluster({ size: 5 });
  const old = cluster.elect();
  const others = cluster.ids.filter((id) => id !== old);
  const [near = "", ...far] = others;
  for (const id of far) for (const one of [old, near]) cluster.cut(one, id);
  cluster.readIndex(near, { forward: true });
  cluster.run(2_000);
  expect(cluster.confirmedReads(near)).toEqual([]);
  expect(cluster.rejectedReads(near)).toHaveLength(1);
});

function answerTo(asked: readonly ReadIndexRequest[]) {
  const requestId = asked[0]?.requestId ?? -1;
  return { type: "readIndexResponse", from: "n2", to: "n1", term: 1, requestId } as const;
}
