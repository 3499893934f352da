// What chapter 3 of the thesis claims about terms and elections, one claim a test.
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { LoneServer, logOf } from "../support/lone-server.ts";

const withoutPreVote = { protection: { preVote: false, leaderLease: false } };
const five = ["n1", "n2", "n3", "n4", "n5"];
const heartbeat = { type: "heartbeatRequest", from: "n2", commitIndex: 0, round: 1 } as const;

function ask(from: string, term: number, lastLogIndex = 0, lastLogTerm = 0) {
  return { type: "voteRequest", from, term, lastLogIndex, lastLogTerm, isTransfer: false } as const;
}

/** A candidate of term 1. */
function candidate(members: readonly string[] = ["n1", "n2", "n3"]): LoneServer {
  const server = new LoneServer({ members, ...withoutPreVote });
  server.wait(225);
  return server;
}

describe("3.3 terms", () => {
  test("3.3 each term begins with an election, and a term may end without a leader", () => {
    const server = candidate();
    for (const from of ["n2", "n3"]) server.tell({ type: "voteResponse", from, term: 1, granted: false });
    server.wait(225);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 2 });
  });

  test("3.3 a server whose term is smaller takes the larger one from any message", () => {
    const server = new LoneServer(withoutPreVote);
    server.tell(ask("n2", 7));
    expect(server.raft.status().term).toBe(7);
  });

  test("3.3 a candidate that learns that its term is over becomes a follower at once", () => {
    const server = candidate();
    server.tell({ type: "voteResponse", from: "n2", term: 3, granted: false, reason: "olderTerm" });
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 3 });
  });

  test("3.3 a leader that learns that its term is over becomes a follower at once", () => {
    const server = new LoneServer();
    server.elect();
    server.tell({ type: "appendResponse", from: "n2", term: 3, accepted: true, matchIndex: 0 });
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 3 });
  });

  test("3.3 a request of an older term is refused", () => {
    const server = new LoneServer({ term: 5 });
    expect(server.tell(ask("n2", 4, 9, 4))).toMatchObject([{ granted: false, term: 5 }]);
  });

  test("3.3 servers never go back to an earlier term", () => {
    const server = new LoneServer({ term: 5 });
    server.tell({ ...heartbeat, term: 4 });
    expect(server.raft.status()).toMatchObject({ term: 5, leaderId: undefined });
  });
});

describe("3.4 leader election", () => {
  test("3.4 a server begins as a follower", () => {
    expect(new LoneServer().raft.status().role).toBe("follower");
  });

  test("3.4 it stays one as long as it hears a leader", () => {
    const server = new LoneServer();
    for (let round = 1; round <= 20; round++) {
      server.wait(140);
      server.tell({ ...heartbeat, term: 1, round });
    }
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 1 });
  });

  test("3.4 it stays one while it gives votes to candidates", () => {
    const server = new LoneServer(withoutPreVote);
    for (let term = 1; term <= 20; term++) {
      server.wait(200);
      server.tell(ask("n2", term));
    }
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 20 });
  });

  test("3.4 if it hears nobody for an election timeout, it begins an election", () => {
    const server = new LoneServer(withoutPreVote);
    expect(server.wait(224)).toEqual([]);
    expect(server.wait(1).map(({ type }) => type)).toEqual(["voteRequest", "voteRequest"]);
  });

  test("3.4 to begin one it increments its term, becomes candidate and votes for itself", () => {
    expect(candidate().raft.status()).toMatchObject({ role: "candidate", term: 1, votedFor: "n1" });
  });

  test("3.4 it asks all others in parallel", () => {
    const server = new LoneServer({ members: five, ...withoutPreVote });
    expect(server.wait(225).map(({ to }) => to)).toEqual(["n2", "n3", "n4", "n5"]);
  });

  test("3.4 a candidate wins with the votes of a majority in the same term", () => {
    const server = candidate(five);
    server.tell({ type: "voteResponse", from: "n2", term: 1, granted: true });
    expect(server.raft.status().role).toBe("candidate");
    server.tell({ type: "voteResponse", from: "n4", term: 1, granted: true });
    expect(server.raft.status().role).toBe("leader");
  });

  test("3.4 each server votes for at most one candidate in a term, first come, first served", () => {
    const server = new LoneServer(withoutPreVote);
    expect(server.tell(ask("n3", 1))).toMatchObject([{ granted: true }]);
    expect(server.tell(ask("n2", 1))).toMatchObject([{ granted: false, reason: "alreadyVoted" }]);
    expect(server.tell(ask("n2", 2))).toMatchObject([{ granted: true }]);
  });

  test("3.4 a new leader sends heartbeats to all at once, to announce itself and to prevent new elections", () => {
    const server = candidate();
    const said = server.tell({ type: "voteResponse", from: "n2", term: 1, granted: true });
    const heartbeats = said.filter(({ type }) => type === "heartbeatRequest");
    expect(heartbeats.map(({ to, term }) => [to, term])).toEqual([
      ["n2", 1],
      ["n3", 1],
    ]);
  });

  test("3.4 a candidate that hears a leader of its term or a later one recognises it", () => {
    for (const term of [1, 2]) {
      const server = candidate();
      server.tell({ ...heartbeat, term });
      expect(server.raft.status()).toMatchObject({ role: "follower", leaderId: "n2", term });
    }
  });

  test("3.4 a candidate that hears a leader of an earlier term refuses it and stays candidate", () => {
    const server = new LoneServer({ ...withoutPreVote, term: 4 });
    server.wait(225);
    server.tell({ ...heartbeat, term: 4 });
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 5 });
  });

  test("3.4 when votes are split, each candidate times out and begins a new election in a later term", () => {
    const server = candidate(["n1", "n2", "n3", "n4"]);
    server.tell({ type: "voteResponse", from: "n2", term: 1, granted: true });
    for (const from of ["n3", "n4"]) server.tell({ type: "voteResponse", from, term: 1, granted: false });
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1 });
    server.wait(225);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 2 });
  });

  test("3.4 election timeouts are drawn from a fixed interval", () => {
    for (const chance of [0, 0.3, 0.999]) {
      const deadline = new LoneServer({ random: () => chance }).raft.nextDeadline();
      expect(deadline).toBe(150 + chance * 150);
    }
  });

  test("3.4 a candidate restarts its timeout at the start of an election, anew at random", () => {
    const chances = [0.1, 0.9];
    const server = new LoneServer({ ...withoutPreVote, random: () => chances.shift() ?? 0.5 });
    server.wait(165);
    expect(server.raft.status().role).toBe("candidate");
    expect(server.raft.nextDeadline()).toBe(165 + 285);
  });

  test("3.4 so that a leader is elected soon, whatever the seed", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = new Cluster({ size: 5, seed, ...withoutPreVote });
      for (let ms = 0; ms < 3_000 && cluster.leader() === undefined; ms += 50) cluster.run(50);
      expect(cluster.leader(), `seed ${seed}`).toBeDefined();
    }
  });
});

describe("3.6.1 election restriction", () => {
  const voter = () => new LoneServer({ ...withoutPreVote, term: 3, log: logOf(1, 2, 2) });

  test("3.6.1 a request says how far the candidate's log reaches", () => {
    const server = new LoneServer({ ...withoutPreVote, term: 3, log: logOf(1, 2, 2) });
    expect(server.wait(225)[0]).toMatchObject({ lastLogIndex: 3, lastLogTerm: 2 });
  });

  test("3.6.1 of logs with different last terms, the later term is more up to date, however short", () => {
    expect(voter().tell(ask("n2", 4, 1, 3))).toMatchObject([{ granted: true }]);
    expect(voter().tell(ask("n2", 4, 99, 1))).toMatchObject([{ granted: false, reason: "logBehind" }]);
  });

  test("3.6.1 of logs with the same last term, the longer one is more up to date", () => {
    expect(voter().tell(ask("n2", 4, 3, 2))).toMatchObject([{ granted: true }]);
    expect(voter().tell(ask("n2", 4, 2, 2))).toMatchObject([{ granted: false, reason: "logBehind" }]);
  });

  test("3.6.1 so every leader holds all committed entries from the moment of its election", () => {
    const cluster = new Cluster({ size: 5, ...withoutPreVote });
    cluster.electThis("s1");
    for (const id of ["s4", "s5"]) cluster.isolate(id);
    cluster.propose("s1", "x");
    cluster.run(20);
    cluster.crash("s1");
    cluster.heal();
    expect(cluster.stored(cluster.elect())).toContain("x");
  });
});

describe("3.9 timing and availability", () => {
  test("3.9 an election timeout that is no order of magnitude above the heartbeats is refused", () => {
    const tooShort = () => new LoneServer({ timing: { electionTimeoutMs: [100, 200], heartbeatMs: 50 } });
    expect(tooShort).toThrow(expect.objectContaining({ code: "QUORATE_TIMEOUTS_UNSAFE" }));
  });

  test("3.9 safety does not depend on timing: a server that sleeps long only starts an election", () => {
    const server = new LoneServer(withoutPreVote);
    server.raft.tick(1_000_000);
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1 });
  });
});

describe("3.10 leadership transfer", () => {
  const leader = () => {
    const server = new LoneServer();
    server.elect();
    for (const from of ["n2", "n3"])
      server.tell({ type: "appendResponse", from, term: 1, accepted: true, matchIndex: 1 });
    return server;
  };

  test("3.10 step 1: the prior leader stops accepting requests", () => {
    const server = leader();
    server.raft.transferLeadership("n2");
    expect(server.raft.propose(new Uint8Array(1))).toMatchObject({ accepted: false, reason: "transferring" });
  });

  test("3.10 step 2: it first brings the target's log in line with its own", () => {
    const server = leader();
    server.raft.propose(new Uint8Array(1));
    server.raft.transferLeadership("n2");
    expect(server.messages().map(({ type }) => type)).not.toContain("timeoutNow");
    const said = server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 2 });
    expect(said).toContainEqual({ type: "timeoutNow", from: "n1", to: "n2", term: 1 });
  });

  test("3.10 step 3: the target begins an election at once, without waiting for its timeout", () => {
    const server = new LoneServer();
    server.tell({ ...heartbeat, term: 1 });
    const said = server.tell({ type: "timeoutNow", from: "n2", term: 1 });
    expect(said.map(({ type, term }) => `${type} ${term}`)).toEqual(["voteRequest 2", "voteRequest 2"]);
  });

  test("3.10 once the target leads, the prior leader steps down because of the higher term", () => {
    const server = leader();
    server.raft.transferLeadership("n2");
    server.tell({ ...heartbeat, term: 2 });
    expect(server.raft.status()).toMatchObject({ role: "follower", leaderId: "n2", transferringTo: undefined });
  });

  test("3.10 if the target fails, the prior leader goes on after about an election timeout", () => {
    const server = leader();
    server.raft.transferLeadership("n2");
    for (let round = 2; round <= 4; round++) {
      server.wait(100);
      server.tell({ type: "heartbeatResponse", from: "n3", term: 1, round });
    }
    expect(server.raft.propose(new Uint8Array(1))).toMatchObject({ accepted: true });
  });
});
