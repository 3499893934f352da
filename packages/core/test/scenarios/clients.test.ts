// S25 to S27: what a client sees: redirection, linearizable reads, retries that take effect once.
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { bytes, LoneServer } from "../support/lone-server.ts";

describe("S25 a client talks to a follower", () => {
  test("S25 and is told who leads", () => {
    const cluster = new Cluster({ size: 3 });
    const leader = cluster.elect();
    cluster.run(60);
    for (const id of cluster.ids.filter((other) => other !== leader)) {
      expect(cluster.propose(id, "x")).toEqual({ accepted: false, reason: "notLeader", leaderId: leader });
      expect(cluster.readIndex(id)).toEqual({ accepted: false, reason: "notLeader", leaderId: leader });
    }
  });

  test("S25 or at once that no leader is known", () => {
    const server = new LoneServer();
    expect(server.raft.propose(bytes("x"))).toEqual({ accepted: false, reason: "notLeader", leaderId: undefined });
    expect(server.raft.readIndex()).toEqual({ accepted: false, reason: "notLeader", leaderId: undefined });
  });
});

describe("S26 a read at the leader", () => {
  /** A leader of three whose first entry is committed. */
  function leader(): LoneServer {
    const server = new LoneServer();
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    return server;
  }

  test("S26 is confirmed by a heartbeat round that starts after it arrived", () => {
    const server = leader();
    server.wait(50);
    server.raft.readIndex();
    const { messages, confirmedReads } = server.ready();
    expect(confirmedReads).toEqual([]);
    const rounds = messages.filter((message) => message.type === "heartbeatRequest").map(({ round }) => round);
    expect(rounds.length).toBe(2);
    const round = rounds[0] ?? 0;

    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 1, round: round - 1 }, server.now);
    expect(server.ready().confirmedReads, "an answer to an earlier round proves nothing").toEqual([]);
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 1, round }, server.now);
    expect(server.ready().confirmedReads).toEqual([{ readId: 1, index: 1 }]);
  });

  test("S26 many reads of one turn share a round", () => {
    const server = leader();
    for (let count = 0; count < 100; count++) server.raft.readIndex();
    const heartbeats = server.messages().filter((message) => message.type === "heartbeatRequest");
    expect(heartbeats.length).toBe(2);
    const round = heartbeats[0]?.round ?? 0;
    server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 1, round }, server.now);
    expect(server.ready().confirmedReads.length).toBe(100);
  });

  test("S26 waits until the leader has committed an entry of its own term", () => {
    const server = new LoneServer();
    server.elect();
    server.raft.readIndex();
    const round = 1;
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 1, round }, server.now);
    expect(server.ready().confirmedReads).toEqual([]);
    const said = server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
    const next = said.find((message) => message.type === "heartbeatRequest");
    expect(next, "the waiting read starts a round of its own").toBeDefined();
    server.raft.step({ type: "heartbeatResponse", from: "n2", to: "n1", term: 1, round: next?.round ?? 0 }, server.now);
    expect(server.ready().confirmedReads).toEqual([{ readId: 1, index: 1 }]);
  });

  test("S26 at a deposed leader that still believes in itself is never confirmed", () => {
    const cluster = new Cluster({ size: 5 });
    cluster.electThis("s1");
    for (const other of ["s3", "s4", "s5"]) {
      cluster.cut("s1", other);
      cluster.cut("s2", other);
    }
    cluster.run(10);
    const read = cluster.readIndex("s1");
    expect(read.accepted, "it still believes in itself").toBe(true);
    cluster.runUntil(() => cluster.leaders().some((id) => id !== "s1"));
    cluster.run(1_000);
    expect(cluster.confirmedReads("s1")).toEqual([]);
    expect(cluster.rejectedReads("s1")).toEqual([read.accepted ? read.readId : 0]);
  });
});

test("S27 a command that is retried after its leader crashed takes effect once", () => {
  const cluster = new Cluster({ size: 3 });
  const first = cluster.elect();
  cluster.propose(first, "client 7, number 3: add 1");
  cluster.runUntil(() => cluster.applied(first).length === 1);
  cluster.crash(first);

  const second = cluster.elect();
  cluster.propose(second, "client 7, number 3: add 1");
  cluster.run(100);
  expect(cluster.applied(second), "the log holds the command twice").toHaveLength(2);
  expect(applyOnce(cluster.applied(second))).toEqual({ sum: 1, answers: [1, 1] });
});

/** A state machine with sessions as in thesis 6.3: it remembers the last number and answer of each client. */
function applyOnce(commands: readonly string[]): { readonly sum: number; readonly answers: readonly number[] } {
  const sessions = new Map<string, { readonly number: string; readonly answer: number }>();
  let sum = 0;
  const answers = commands.map((command) => {
    const [, client = "", number = "", amount] = /client (\d+), number (\d+): add (\d+)/.exec(command) ?? [];
    const known = sessions.get(client);
    if (known?.number === number) return known.answer;
    sum += Number(amount);
    sessions.set(client, { number, answer: sum });
    return sum;
  });
  return { sum, answers };
}
