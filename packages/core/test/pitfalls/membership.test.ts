// Mistakes about changing who belongs to the cluster. Thesis chapter 4.
import { describe, expect, test } from "vitest";
import { type Configuration, encodeConfiguration, type MembershipChange, type Message } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;
const addLearner = (id: string): MembershipChange => ({ type: "addLearner", id });
const promote = (id: string): MembershipChange => ({ type: "promote", id });
const remove = (id: string): MembershipChange => ({ type: "remove", id });

/** An entry that carries a configuration. */
function configurationEntry(index: number, term: number, configuration: Configuration) {
  return { index, term, kind: "configuration", data: encodeConfiguration(configuration) } as const;
}

/** A leader whose first entry is committed by everybody. */
function leader(members: readonly string[] = ["n1", "n2", "n3"]): LoneServer {
  const server = new LoneServer({ members });
  server.elect();
  acknowledge(server, ...members.filter((member) => member !== "n1"));
  return server;
}

/** The named peers acknowledge the whole log. */
function acknowledge(server: LoneServer, ...peers: readonly string[]): readonly Message[] {
  const { term, lastIndex } = server.raft.status();
  return peers.flatMap((from) => server.tell({ ...accepted, from, term, matchIndex: lastIndex }));
}

describe("P40 a change", () => {
  test("P40 is refused until the leader has committed an entry of its own term", () => {
    const server = new LoneServer({ members: ["n1", "n2", "n3", "n4"], term: 2, log: logOf(1, 1) });
    server.elect();
    expect(server.raft.proposeConfiguration({ changes: [addLearner("n5")] })).toMatchObject({
      reason: "notYetCommitted",
    });
    acknowledge(server, "n2", "n3");
    expect(server.raft.proposeConfiguration({ changes: [addLearner("n5")] })).toMatchObject({
      accepted: true,
      index: 4,
    });
  });
});

describe("P41 a second change", () => {
  test("P41 is refused while the first is uncommitted, with a reason", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n3")] });
    expect(server.raft.proposeConfiguration({ changes: [remove("n2")] })).toEqual({
      accepted: false,
      reason: "changeInProgress",
      leaderId: "n1",
    });
    acknowledge(server, "n2");
    expect(server.raft.status().configuration).toEqual({ voters: ["n1", "n2"], learners: [] });
    expect(server.raft.proposeConfiguration({ changes: [addLearner("n3")] })).toMatchObject({ accepted: true });
  });

  test("P41 is refused if the configuration is not the one that the caller has seen", () => {
    const server = leader();
    const { configurationIndex } = server.raft.status();
    server.raft.proposeConfiguration({ changes: [addLearner("n4")], expectedIndex: configurationIndex });
    acknowledge(server, "n2", "n3");
    const late = { changes: [addLearner("n5")], expectedIndex: configurationIndex };
    expect(server.raft.proposeConfiguration(late)).toMatchObject({ reason: "configurationChanged" });
  });
});

describe("P42 a configuration counts as soon as it is in the log", () => {
  test("P42 at the leader: the very entry that adds a voter needs the majority of the new voters", () => {
    const server = leader(["n1", "n2"]);
    server.raft.proposeConfiguration({ changes: [addLearner("n3")] });
    acknowledge(server, "n2");
    acknowledge(server, "n3");
    server.raft.proposeConfiguration({ changes: [promote("n3")] });
    server.messages();
    expect(server.raft.status(), "on the disk of one of three").toMatchObject({ commitIndex: 2, lastIndex: 3 });
    acknowledge(server, "n3");
    expect(server.raft.status().commitIndex).toBe(3);
  });

  test("P42 at a candidate: it asks the voters of its newest configuration, committed or not", () => {
    const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n1", "n2", "n3", "n4"], learners: [] })];
    const server = new LoneServer({ term: 1, log, protection: { preVote: false } });
    expect(server.wait(225).map(({ to }) => to)).toEqual(["n2", "n3", "n4"]);
  });

  test("P42 and when it is cut from the log, the one before it counts again", () => {
    const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n1"], learners: [] })];
    const server = new LoneServer({ term: 1, log });
    expect(server.raft.status().configuration.voters).toEqual(["n1"]);
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
    expect(server.raft.status()).toMatchObject({
      configurationIndex: 0,
      configuration: { voters: ["n1", "n2", "n3"] },
    });
  });
});

describe("joint consensus", () => {
  const swap = [addLearner("n4"), promote("n4"), addLearner("n5"), promote("n5"), remove("n2"), remove("n3")];

  test("replacing several voters needs both majorities until the old one is left", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    server.messages();
    expect(server.raft.status().configuration).toEqual({
      voters: ["n1", "n4", "n5"],
      learners: [],
      outgoing: ["n1", "n2", "n3"],
    });
    acknowledge(server, "n4", "n5");
    expect(server.raft.status().commitIndex, "all new voters, but one of three old ones").toBe(1);
    acknowledge(server, "n2");
    expect(server.raft.status()).toMatchObject({ commitIndex: 2, lastIndex: 3 });
    expect(server.raft.status().configuration).toEqual({ voters: ["n1", "n4", "n5"], learners: [] });
    acknowledge(server, "n4");
    expect(server.raft.status().commitIndex, "the new majority alone decides now").toBe(3);
  });

  test("P45 a joint configuration is left exactly once, whatever commits meanwhile", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    for (let count = 0; count < 5; count++) server.raft.propose(bytes("x"));
    server.messages();
    acknowledge(server, "n4", "n5", "n2", "n3");
    acknowledge(server, "n4", "n5");
    server.wait(200);
    const configurations = server.disk.filter(({ kind }) => kind === "configuration");
    expect(configurations.map(({ index }) => index)).toEqual([2, 8]);
  });

  test("P44 a leader that dies in between: the next one leaves the joint configuration", () => {
    const joint = configurationEntry(2, 1, { voters: ["n1", "n4"], learners: [], outgoing: ["n1", "n2", "n3"] });
    const server = new LoneServer({ term: 1, log: [...logOf(1), joint], protection: { preVote: false } });
    server.wait(225);
    for (const from of ["n2", "n4"]) server.tell({ type: "voteResponse", from, term: 2, granted: true });
    expect(server.raft.status().role).toBe("leader");
    acknowledge(server, "n2", "n4");
    expect(server.raft.status().configuration).toEqual({ voters: ["n1", "n4"], learners: [] });
  });

  test("an election in a joint configuration needs both majorities", () => {
    const joint = configurationEntry(2, 1, { voters: ["n1", "n4", "n5"], learners: [], outgoing: ["n1", "n2", "n3"] });
    const server = new LoneServer({ term: 1, log: [...logOf(1), joint], protection: { preVote: false } });
    server.wait(225);
    for (const from of ["n4", "n5"]) server.tell({ type: "voteResponse", from, term: 2, granted: true });
    expect(server.raft.status().role).toBe("candidate");
    server.tell({ type: "voteResponse", from: "n3", term: 2, granted: true });
    expect(server.raft.status().role).toBe("leader");
  });

  test("P54 changes of two administrators, one after the other, end in a configuration that is not joint", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: swap, force: true });
    expect(server.raft.proposeConfiguration({ changes: [remove("n4")] })).toMatchObject({ reason: "changeInProgress" });
    server.messages();
    acknowledge(server, "n2", "n4", "n5");
    expect(server.raft.proposeConfiguration({ changes: [remove("n4")] })).toMatchObject({ reason: "changeInProgress" });
    acknowledge(server, "n4", "n5");
    expect(server.raft.proposeConfiguration({ changes: [remove("n4")] })).toMatchObject({ accepted: true });
    acknowledge(server, "n5");
    expect(server.raft.status().configuration).toEqual({ voters: ["n1", "n5"], learners: [] });
  });
});

test("P35 a server that does not know yet that it may vote answers by the candidate's view", () => {
  const founders = { voters: ["n1", "n2"], learners: ["n3"] };
  const learner = new LoneServer({ id: "n3", members: ["n1", "n2"], configuration: founders });
  const request = { type: "voteRequest", from: "n2", term: 2, lastLogIndex: 5, lastLogTerm: 1 } as const;
  expect(learner.tell({ ...request, isTransfer: false })).toMatchObject([{ granted: true }]);
});

describe("P47 a leader that removes itself", () => {
  test("P47 commits that without its own vote, names a successor and steps down", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [remove("n1")] });
    server.raft.propose(bytes("in flight"));
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 2 });
    expect(server.raft.status(), "its own disk and n2: one of the two new voters").toMatchObject({ commitIndex: 1 });
    const said = server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 2 });
    expect(server.raft.status()).toMatchObject({ commitIndex: 2, role: "follower" });
    expect(said.filter(({ type }) => type === "timeoutNow").length).toBe(1);
    expect(server.wait(2_000), "and never campaigns again").toEqual([]);
  });

  test("P47 the others have a new leader within two election timeouts", () => {
    const cluster = new Cluster({ size: 3 });
    const old = cluster.elect();
    cluster.run(100);
    cluster.proposeConfiguration(old, { changes: [remove(old)] });
    cluster.run(600);
    expect(cluster.leader()).not.toBe(old);
    expect(cluster.status(cluster.leader() ?? "").configuration.voters).not.toContain(old);
  });
});

test("P48 a leader that leaves a group of two and dies before the other knows: the other leads, or it comes back to finish", () => {
  const cluster = new Cluster({ size: 2 });
  const old = cluster.elect();
  cluster.run(100);
  const other = cluster.ids.find((id) => id !== old) ?? "";
  cluster.cut(old, other);
  cluster.proposeConfiguration(old, { changes: [remove(old)], force: true });
  cluster.run(5);
  cluster.crash(old);
  cluster.heal();
  cluster.run(1_000);
  expect(cluster.leader(), "one of two is no majority, and the change never left the old leader").toBeUndefined();
  cluster.restart(old);
  cluster.runUntil(() => cluster.status(other).configuration.voters.length === 1, 5_000);
  cluster.runUntil(() => cluster.leader() === other, 5_000);
  expect(cluster.status(other).configuration.voters).toEqual([other]);
});

test("P49 a restarted server uses the newest configuration of its log, although it is not committed", () => {
  const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n1", "n2", "n3", "n4"], learners: ["n5"] })];
  const server = new LoneServer({ term: 1, log });
  expect(server.raft.status()).toMatchObject({ commitIndex: 0, configurationIndex: 2 });
  expect(server.raft.status().configuration.voters).toEqual(["n1", "n2", "n3", "n4"]);
});

test("P53 what is known about a learner survives its promotion", () => {
  const server = leader();
  server.raft.proposeConfiguration({ changes: [addLearner("n4")] });
  acknowledge(server, "n2", "n3", "n4");
  server.raft.proposeConfiguration({ changes: [promote("n4")] });
  const progress = server.raft.status().peers.find(({ id }) => id === "n4");
  expect(progress).toMatchObject({ matchIndex: 2, mode: "replicate" });
});

describe("P39 new servers", () => {
  test("P39 count as heard when they are added, so a leader that grows its cluster does not quit at once", () => {
    const server = new LoneServer({ members: ["n1"] });
    server.wait(300);
    server.raft.proposeConfiguration({ changes: [addLearner("n2"), addLearner("n3")] });
    server.messages();
    server.raft.proposeConfiguration({ changes: [promote("n2"), promote("n3")], force: true });
    server.wait(100);
    expect(server.raft.status().role).toBe("leader");
  });

  test("a learner gets the log and does not count", () => {
    const server = leader();
    server.raft.proposeConfiguration({ changes: [addLearner("n4")] });
    const said = server.messages();
    expect(said.filter((message) => message.type === "appendRequest").map(({ to }) => to)).toContain("n4");
    acknowledge(server, "n4");
    expect(server.raft.status().commitIndex).toBe(1);
  });

  test("a learner that lacks much of the log is not promoted, unless forced", () => {
    const server = new LoneServer({ limits: { maxPromotionLag: 2 } });
    server.elect();
    acknowledge(server, "n2", "n3");
    server.raft.proposeConfiguration({ changes: [addLearner("n4")] });
    for (let count = 0; count < 5; count++) server.raft.propose(bytes("x"));
    acknowledge(server, "n2", "n3");
    const request = { changes: [promote("n4")] };
    expect(server.raft.proposeConfiguration(request)).toMatchObject({ reason: "notCaughtUp", id: "n4" });
    expect(server.raft.proposeConfiguration({ ...request, force: true })).toMatchObject({ accepted: true });
  });
});

test("a change after which the servers that answer would be no majority is refused, unless forced", () => {
  const server = leader();
  for (let round = 1; round <= 4; round++) {
    server.wait(100);
    server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round: 1 });
  }
  const request = { changes: [remove("n2")] };
  expect(server.raft.proposeConfiguration(request)).toMatchObject({ reason: "wouldLoseQuorum" });
  expect(server.raft.proposeConfiguration({ ...request, force: true })).toMatchObject({ accepted: true });
});

test.each([
  [addLearner("n2"), "alreadyMember"],
  [promote("n2"), "notALearner"],
  [{ type: "demote", id: "n9" }, "notAVoter"],
  [remove("n9"), "unknownServer"],
] as const)("a change that makes no sense is refused: %o is %s", (change, reason) => {
  expect(leader().raft.proposeConfiguration({ changes: [change] })).toMatchObject({ accepted: false, reason });
});

test("the last voter cannot be removed", () => {
  const server = new LoneServer({ members: ["n1"] });
  server.wait(300);
  expect(server.raft.proposeConfiguration({ changes: [remove("n1")] })).toMatchObject({ reason: "noVotersLeft" });
});

test("P33 a removed server that keeps campaigning does not disturb the others", () => {
  const cluster = new Cluster({ size: 4 });
  cluster.electThis("s1");
  cluster.run(100);
  cluster.isolate("s4");
  cluster.proposeConfiguration("s1", { changes: [remove("s4")] });
  cluster.run(100);
  for (let attempt = 0; attempt < 20; attempt++) {
    cluster.campaign("s4");
    cluster.run(50);
  }
  cluster.heal();
  const { term } = cluster.status("s1");
  for (let attempt = 0; attempt < 20; attempt++) {
    cluster.campaign("s4");
    cluster.run(50);
  }
  expect(cluster.status("s1")).toMatchObject({ role: "leader", term });
  cluster.proposeConfiguration("s1", { changes: [addLearner("s4")] });
  cluster.propose(cluster.leader() ?? "", "x");
  cluster.runUntil(() => cluster.applied("s4").includes("x"), 3_000);
  expect(cluster.status("s4").configuration.learners).toEqual(["s4"]);
});

test("P33 a removed server that counted its term up to forty is taken back with one election at most", () => {
  const cluster = new Cluster({ size: 4, protection: { preVote: false } });
  cluster.electThis("s1");
  cluster.run(100);
  cluster.isolate("s4");
  cluster.proposeConfiguration("s1", { changes: [remove("s4")] });
  cluster.runUntil(() => cluster.status("s4").term >= 40, 60_000);
  cluster.heal();
  cluster.proposeConfiguration(cluster.elect(), { changes: [addLearner("s4")] });
  cluster.run(3_000);
  cluster.propose(cluster.elect(), "x");
  cluster.runUntil(() => cluster.applied("s4").includes("x"), 3_000);
  const terms = cluster.ids.map((id) => cluster.status(id).term);
  expect(new Set(terms).size, "all are in one term").toBe(1);
  const later = ["s1", "s2", "s3"].flatMap((id) => cluster.events(id).filter(({ type }) => type === "electionWon"));
  expect(later.filter((event) => "term" in event && event.term > 30).length).toBeLessThanOrEqual(1);
});

describe("P42 a server that lacks two committed changes", () => {
  const five = { voters: ["n1", "n2", "n3", "n4", "n5"], learners: [] };
  const four = { voters: ["n1", "n2", "n3", "n4"], learners: [] };
  const log = [...logOf(1), configurationEntry(2, 1, four), configurationEntry(3, 1, five)];

  test.each([false, true])(
    "P42 gets no vote of those that have them, be it asked by the leader or not (%s)",
    (isTransfer) => {
      for (const id of ["n1", "n2"]) {
        const voter = new LoneServer({ id, term: 1, log });
        const request = {
          type: "voteRequest",
          from: "n3",
          term: 2,
          lastLogIndex: 1,
          lastLogTerm: 1,
          isTransfer,
        } as const;
        expect(voter.tell(request)).toMatchObject([{ granted: false, reason: "logBehind" }]);
      }
    },
  );

  test("P42 so that its small majority is not enough, while the large one elects", () => {
    const behind = new LoneServer({ id: "n3", term: 1, log: logOf(1), protection: { preVote: false } });
    behind.wait(225);
    for (const from of ["n4", "n5"]) behind.tell({ type: "voteResponse", from, term: 2, granted: true });
    expect(behind.raft.isLeader, "votes of servers that it does not know do not count").toBe(false);
    const ahead = new LoneServer({ id: "n2", term: 1, log, protection: { preVote: false } });
    ahead.wait(225);
    for (const from of ["n4", "n5"]) ahead.tell({ type: "voteResponse", from, term: 2, granted: true });
    expect(ahead.raft.isLeader).toBe(true);
  });
});

test("P48 the one that stays in a group of two leads alone as soon as the change is in its log", () => {
  const log = [...logOf(1), configurationEntry(2, 1, { voters: ["n2"], learners: [] })];
  const stays = new LoneServer({ id: "n2", members: ["n1", "n2"], term: 1, log });
  stays.wait(300);
  expect(stays.raft.status()).toMatchObject({ role: "leader", commitIndex: 3 });
});
