// What chapter 3 of the thesis claims about logs, commitment and restarts, one claim a test.
import { describe, expect, test } from "vitest";
import { Raft } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes, entryOf, LoneServer, logOf, restoredFrom } from "../support/lone-server.ts";

const accepted = { type: "appendResponse", accepted: true } as const;

/** An append of the leader n2. */
function offer(term: number, prevLogIndex: number, prevLogTerm: number, entries = logOf(), leaderCommit = 0) {
  return { type: "appendRequest", from: "n2", term, prevLogIndex, prevLogTerm, entries, leaderCommit } as const;
}

/** A leader of term 1 whose first entry is everywhere. */
function leader(members: readonly string[] = ["n1", "n2", "n3"]): LoneServer {
  const server = new LoneServer({ members });
  server.elect();
  for (const from of members.slice(1)) server.tell({ ...accepted, from, term: 1, matchIndex: 1 });
  return server;
}

describe("3.5 log replication", () => {
  test("3.5 the leader appends a command to its log and sends it to all others in parallel", () => {
    const server = leader();
    server.raft.propose(bytes("x"));
    const { write, messages } = server.ready();
    expect(write?.entries).toMatchObject([{ index: 2, term: 1 }]);
    expect(messages.map(({ type, to }) => `${type} ${to}`)).toEqual(["appendRequest n2", "appendRequest n3"]);
  });

  test("3.5 every entry has the term of the leader that created it and its place in the log", () => {
    const server = leader();
    expect(server.raft.propose(bytes("x"))).toEqual({ accepted: true, index: 2, term: 1 });
  });

  test("3.5 an entry is committed once it is on a majority, and only then applied", () => {
    const server = leader(["n1", "n2", "n3", "n4", "n5"]);
    server.raft.propose(bytes("x"));
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 2 });
    expect(server.raft.status()).toMatchObject({ commitIndex: 1, lastApplied: 1 });
    server.tell({ ...accepted, from: "n3", term: 1, matchIndex: 2 });
    expect(server.raft.status()).toMatchObject({ commitIndex: 2, lastApplied: 2 });
  });

  test("3.5 that commits all entries before it too, also those of earlier leaders", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 1, 2) });
    server.elect();
    server.tell({ ...accepted, from: "n2", term: 3, matchIndex: 4 });
    expect(server.applied.map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
  });

  test("3.5 the leader says with every append how far it has committed", () => {
    const server = leader();
    server.raft.propose(bytes("x"));
    const appends = server.messages().filter((message) => message.type === "appendRequest");
    expect(appends.map(({ leaderCommit }) => leaderCommit)).toEqual([1, 1]);
  });

  test("3.5 a follower that learns that an entry is committed applies it, in the order of the log", () => {
    const server = new LoneServer();
    server.tell(offer(1, 0, 0, logOf(1, 1, 1), 3));
    expect(server.applied.map(({ index }) => index)).toEqual([1, 2, 3]);
  });

  test("3.5 the leader retries for ever when followers are slow or messages get lost", () => {
    const server = leader(["n1", "n2"]);
    server.raft.propose(bytes("x"));
    server.messages();
    for (let round = 2; round < 50; round++) {
      server.wait(50);
      const said = server.tell({ type: "heartbeatResponse", from: "n2", term: 1, round });
      expect(said.some(({ type }) => type === "appendRequest")).toBe(true);
    }
  });

  test("3.5 a leader creates at most one entry with a given index in its term", () => {
    const server = leader();
    const places = ["a", "b", "c"].map((command) => server.raft.propose(bytes(command)));
    expect(places).toMatchObject([{ index: 2 }, { index: 3 }, { index: 4 }]);
  });

  test("3.5 an append names the entry before the new ones; a follower without it refuses", () => {
    const server = new LoneServer({ term: 1, log: logOf(1) });
    expect(server.tell(offer(1, 2, 1, [entryOf(3, 1)]))).toMatchObject([{ accepted: false, prevLogIndex: 2 }]);
    expect(server.tell(offer(1, 1, 1, [entryOf(2, 1)]))).toMatchObject([{ accepted: true, matchIndex: 2 }]);
  });

  test("3.5 an accepted append tells the leader that the logs are equal up to the new entries", () => {
    const server = leader();
    server.raft.propose(bytes("x"));
    server.messages();
    server.tell({ ...accepted, from: "n2", term: 1, matchIndex: 2 });
    expect(server.raft.status().peers[0]).toMatchObject({ id: "n2", matchIndex: 2, nextIndex: 3 });
  });

  test("3.5 entries that conflict with the leader's are removed, with all that follow them", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 1, 2, 2) });
    server.tell(offer(3, 2, 1, [entryOf(3, 3)]));
    expect(server.disk.map(({ term }) => term)).toEqual([1, 1, 3]);
  });

  test("3.5 nextIndex begins right after the leader's last entry", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 1, 2) });
    server.elect();
    const [append] = server.raft.status().peers;
    expect(append).toMatchObject({ matchIndex: 0, nextIndex: 4 });
  });

  test("3.5 after a refusal the leader goes back and tries again until the logs agree", () => {
    const server = new LoneServer({ members: ["n1", "n2"], term: 2, log: logOf(1, 1, 2) });
    server.elect();
    const refusal = { type: "appendResponse", from: "n2", term: 3, accepted: false } as const;
    const said = server.tell({ ...refusal, prevLogIndex: 3, hintIndex: 1, hintTerm: 1 });
    expect(said).toMatchObject([
      { type: "appendRequest", prevLogIndex: 1, entries: [{ index: 2 }, { index: 3 }, { index: 4 }] },
    ]);
  });

  test("3.5 a leader never overwrites or deletes entries in its own log", () => {
    const server = leader();
    server.raft.propose(bytes("x"));
    const before = server.raft.status().lastIndex;
    server.raft.step({ ...offer(1, 0, 0, [entryOf(1, 1)]), to: "n1" }, server.now);
    expect(server.raft.status()).toMatchObject({ role: "leader", lastIndex: before });
  });

  test("3.5 one slow follower does not hold up a write", () => {
    const cluster = new Cluster({ size: 3 });
    const leading = cluster.elect();
    const [slow = "", other = ""] = cluster.ids.filter((id) => id !== leading);
    cluster.isolate(slow);
    cluster.propose(leading, "x");
    cluster.run(3);
    expect([cluster.applied(leading), cluster.stored(other), cluster.stored(slow)]).toEqual([["x"], ["x"], []]);
  });
});

describe("3.6.2 committing entries from previous terms", () => {
  test("3.6.2 the leader commits by counting replicas only entries of its own term", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 2) });
    server.elect();
    for (const from of ["n2", "n3"]) server.tell({ ...accepted, from, term: 3, matchIndex: 2 });
    expect(server.raft.status().commitIndex).toBe(0);
  });

  test("3.6.2 once one of those is committed, everything before it is", () => {
    const server = new LoneServer({ term: 2, log: logOf(1, 2) });
    server.elect();
    server.tell({ ...accepted, from: "n2", term: 3, matchIndex: 3 });
    expect(server.raft.status().commitIndex).toBe(3);
  });

  test("3.6.2 entries keep their terms when a later leader replicates them", () => {
    const server = new LoneServer({ members: ["n1", "n2"], term: 2, log: logOf(1, 2) });
    server.elect();
    const refusal = { type: "appendResponse", from: "n2", term: 3, accepted: false } as const;
    const said = server.tell({ ...refusal, prevLogIndex: 2, hintIndex: 0, hintTerm: 0 });
    expect(said).toMatchObject([{ entries: [{ term: 1 }, { term: 2 }, { term: 3 }] }]);
  });
});

describe("3.7 follower and candidate crashes", () => {
  test("3.7 a request that was handled before a crash is answered the same after it", () => {
    const append = offer(1, 0, 0, logOf(1, 1));
    const before = new LoneServer();
    const [answer] = before.tell(append);
    const after = new LoneServer({ term: 1, log: before.disk });
    expect(after.tell(append)).toEqual([answer]);
    expect(after.disk).toEqual(before.disk);
  });

  test("3.7 a repeated vote request gets the same answer", () => {
    const request = {
      type: "voteRequest",
      from: "n2",
      term: 1,
      lastLogIndex: 0,
      lastLogTerm: 0,
      isTransfer: false,
    } as const;
    const server = new LoneServer();
    expect(server.tell(request)).toEqual(server.tell(request));
  });

  test("3.7 a crashed follower catches up when it is back", () => {
    const cluster = new Cluster({ size: 3 });
    const leading = cluster.elect();
    const [down = ""] = cluster.ids.filter((id) => id !== leading);
    cluster.crash(down);
    for (const command of ["a", "b", "c"]) cluster.propose(leading, command);
    cluster.run(100);
    cluster.restart(down);
    cluster.runUntil(() => cluster.applied(down).length === 3, 1_000);
    expect(cluster.applied(down)).toEqual(["a", "b", "c"]);
  });
});

describe("3.8 persisted state and server restarts", () => {
  test("3.8 term and vote are persisted, so no server votes twice in a term", () => {
    const request = {
      type: "voteRequest",
      from: "n3",
      term: 4,
      lastLogIndex: 0,
      lastLogTerm: 0,
      isTransfer: false,
    } as const;
    const restarted = new LoneServer({ term: 4, votedFor: "n2" });
    expect(restarted.tell(request)).toMatchObject([{ granted: false, reason: "alreadyVoted" }]);
  });

  test("3.8 entries are persisted before they are acknowledged", () => {
    const server = new LoneServer();
    server.raft.step({ ...offer(1, 0, 0, logOf(1)), to: "n1" }, 0);
    expect(server.ready().messages).toEqual([]);
    expect(server.completeWrites()).toMatchObject([{ matchIndex: 1 }]);
  });

  test("3.8 the commit index may be lost: it starts from zero and is learned again", () => {
    const server = new LoneServer({ term: 1, log: logOf(1, 1) });
    expect(server.raft.status().commitIndex).toBe(0);
    server.tell(offer(1, 2, 1, [], 2));
    expect(server.raft.status().commitIndex).toBe(2);
  });

  test("3.8 a state machine that is kept says how far it has come, and gets only the rest", () => {
    const options = { id: "n1", configuration: { voters: ["n1", "n2", "n3"], learners: [] }, random: () => 0.5 };
    const raft = new Raft(options, { ...restoredFrom(logOf(1, 1, 1), 1), applied: 2 });
    raft.step({ ...offer(1, 3, 1, [], 3), to: "n1" }, 0);
    const [logRead] = raft.ready().logReads;
    expect(logRead).toMatchObject({ firstIndex: 3, lastIndex: 3 });
    raft.logRead(logRead?.logReadId ?? 0, [entryOf(3, 1)]);
    expect(raft.ready().committed.map(({ index }) => index)).toEqual([3]);
  });
});
