// Mistakes about who may campaign, who may win, and who is disturbed by it.
import { describe, expect, test } from "vitest";
import { Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { LoneServer, logOf, restoredFrom } from "../support/lone-server.ts";

test("P28 a candidate with a stale log that campaigns all the time does not keep the others from electing", () => {
  const cluster = new Cluster({ size: 3, protection: { preVote: false, leaderLease: false } });
  cluster.electThis("s2");
  cluster.isolate("s1");
  cluster.propose("s2", "x");
  cluster.run(100);
  cluster.crash("s2");
  cluster.heal();
  for (let round = 0; round < 30 && cluster.leader() !== "s3"; round++) {
    cluster.campaign("s1");
    cluster.run(100);
  }
  expect(cluster.leader()).toBe("s3");
});

test("P28 a candidate that is told that its log is behind leaves the others more time", () => {
  const server = new LoneServer({ protection: { preVote: false } });
  server.wait(225);
  const deadline = server.raft.nextDeadline();
  const refusal = { type: "voteResponse", term: 1, granted: false, reason: "logBehind" } as const;
  for (const from of ["n2", "n3"]) server.tell({ ...refusal, from });
  expect(server.raft.nextDeadline()).toBe(deadline + 300);
});

describe("P29 servers with different protections", () => {
  const flags = [false, true].flatMap((preVote) => [false, true].map((checkQuorum) => ({ preVote, checkQuorum })));
  const mixes = flags.flatMap((first) => flags.map((second) => ({ first, second })));

  test.each(mixes)("P29 a high term with a short log and a low term with a long one elect: %o", ({ first, second }) => {
    const configuration = { voters: ["n1", "n2"], learners: [] };
    let seed = 0;
    const random = () => (seed = (seed + 0.37) % 1);
    const servers = [
      new Raft({ id: "n1", configuration, random, protection: first }, restoredFrom(logOf(1), 9)),
      new Raft({ id: "n2", configuration, random, protection: second }, restoredFrom(logOf(1, 1, 1), 1)),
    ];
    for (let now = 1; now < 5_000 && !servers.some((raft) => raft.status().role === "leader"); now++) {
      for (const raft of servers) {
        if (now >= raft.nextDeadline()) raft.tick(now);
        const { write, messages } = raft.ready();
        if (write !== undefined) raft.persisted(write.sequence);
        for (const message of [...messages, ...raft.ready().messages]) {
          servers.find((other) => other !== raft)?.step(message, now);
        }
      }
    }
    expect(servers.map((raft) => raft.status().role)).toContain("leader");
    expect(servers[1]?.status().role, "only the long log may win").toBe("leader");
  });
});

test("P30 an answer to a pre-vote says what it answers, so a voter of an older term is counted", () => {
  const server = new LoneServer({ term: 7 });
  server.wait(225);
  const answer = { type: "preVoteResponse", from: "n2", term: 3, campaignTerm: 8, granted: true } as const;
  server.tell(answer);
  expect(server.raft.status()).toMatchObject({ role: "candidate", term: 8 });
});

test("P30 a server that missed a term answers the pre-vote that brings the cluster back", () => {
  const cluster = new Cluster({ size: 4 });
  cluster.electThis("s1");
  cluster.run(100);
  cluster.crash("s2");
  cluster.crash("s1");
  cluster.run(1_000);
  cluster.restart("s2");
  cluster.runUntil(() => cluster.leader() !== undefined, 3_000);
  expect(cluster.leader()).toBeDefined();
});

describe("P31 pre-votes and votes never mix", () => {
  test("P31 a pre-vote that is answered late does not count as a vote", () => {
    const server = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"] });
    server.wait(225);
    const answer = { type: "preVoteResponse", term: 0, campaignTerm: 1, granted: true } as const;
    for (const from of ["n2", "n3"]) server.tell({ ...answer, from });
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1 });
    for (const from of ["n2", "n3", "n4", "n5"]) server.tell({ ...answer, from });
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 1, votedFor: "n1" });
  });

  test("P31 a vote of an earlier term, or from a stranger, or given twice, does not count", () => {
    const server = new LoneServer({ members: ["n1", "n2", "n3", "n4", "n5"], protection: { preVote: false }, term: 4 });
    server.wait(225);
    for (const from of ["n2", "n3", "n4"]) server.tell({ type: "voteResponse", from, term: 4, granted: true });
    for (const from of ["x1", "x2", "x3"]) server.tell({ type: "voteResponse", from, term: 5, granted: true });
    for (const from of ["n2", "n2", "n2"]) server.tell({ type: "voteResponse", from, term: 5, granted: true });
    expect(server.raft.status()).toMatchObject({ role: "candidate", term: 5 });
    server.tell({ type: "voteResponse", from: "n3", term: 5, granted: true });
    expect(server.raft.status().role).toBe("leader");
  });

  test("P31 granting a pre-vote leaves nothing to write", () => {
    const server = new LoneServer();
    const request = { type: "preVoteRequest", from: "n2", to: "n1", term: 0, campaignTerm: 1 } as const;
    server.raft.step({ ...request, lastLogIndex: 0, lastLogTerm: 0 }, 0);
    expect(server.ready()).toMatchObject({ write: undefined, messages: [{ type: "preVoteResponse", granted: true }] });
  });
});

test("P32 servers that time out at nearly the same moment grant each other's pre-votes", () => {
  const cluster = new Cluster({ size: 3 });
  cluster.electThis("s1");
  cluster.run(100);
  cluster.crash("s1");
  cluster.run(140);
  for (const id of ["s2", "s3"]) cluster.campaign(id);
  cluster.run(1_000);
  expect(["s2", "s3"]).toContain(cluster.leader());
});

describe("P36 a server without a vote never campaigns, however long it waits and whoever asks it to", () => {
  const learner = { voters: ["n1", "n2"], learners: ["n9"] };
  const stranger = { voters: ["n1", "n2"], learners: [] };

  test.each([
    ["a learner", learner],
    ["one that its configuration does not name", stranger],
  ])("P36 %s", (_, configuration) => {
    const raft = new Raft({ id: "n9", configuration, random: () => 0.5 });
    for (let now = 0; now < 100_000; now += 10) raft.tick(now);
    raft.campaign();
    raft.step({ type: "timeoutNow", from: "n1", to: "n9", term: 0 }, 100_000);
    expect(raft.status()).toMatchObject({ role: "follower", term: 0 });
    expect(raft.ready().messages).toEqual([]);
  });
});

test("P36 a configuration without voters is refused", () => {
  const configuration = { voters: [], learners: ["n1"] };
  expect(() => new Raft({ id: "n1", configuration, random: () => 0.5 })).toThrow(/no voters/);
});

test("P38 a candidate that hears the leader of its own term follows it and takes its entries", () => {
  const server = new LoneServer({ protection: { preVote: false }, term: 4 });
  server.wait(225);
  const append = { type: "appendRequest", from: "n2", term: 5, prevLogIndex: 0, prevLogTerm: 0 } as const;
  server.tell({ ...append, entries: logOf(5), leaderCommit: 0 });
  expect(server.raft.status()).toMatchObject({ role: "follower", leaderId: "n2", lastIndex: 1 });
});

test("P39 a new leader gives its peers an election timeout before it misses them", () => {
  const server = new LoneServer();
  server.elect();
  server.wait(299);
  expect(server.raft.status().role).toBe("leader");
  server.wait(1);
  expect(server.raft.status().role).toBe("follower");
});

test("P64 a new leader holds reads until it has committed an entry of its own term", () => {
  const server = new LoneServer({ term: 1, log: logOf(1, 1) });
  server.elect();
  server.raft.readIndex();
  const rounds = server.wait(50).filter((message) => message.type === "heartbeatRequest");
  for (const { to: from, round } of rounds) {
    server.raft.step({ type: "heartbeatResponse", from, to: "n1", term: 2, round }, server.now);
  }
  expect(server.ready().confirmedReads).toEqual([]);
  expect(rounds).not.toEqual([]);
});

test("P66 the answer to the newest round releases all earlier reads, in order", () => {
  const server = new LoneServer();
  server.elect();
  server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 });
  server.raft.readIndex();
  server.ready();
  server.raft.readIndex();
  const later = server.wait(50).filter((message) => message.type === "heartbeatRequest");
  const round = Math.max(...later.map((message) => message.round));
  server.raft.step({ type: "heartbeatResponse", from: "n3", to: "n1", term: 1, round }, server.now);
  expect(server.ready().confirmedReads.map(({ readId }) => readId)).toEqual([1, 2]);
});
