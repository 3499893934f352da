// The same mistake, one message at a time: which votes, answers and promotions count from which store.
import { describe, expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { LoneServer } from "../support/lone-server.ts";

describe("P55 a founder that loses its store right after it was elected", () => {
  const request = {
    type: "voteRequest",
    from: "n2",
    term: 1,
    lastLogIndex: 0,
    lastLogTerm: 0,
    isTransfer: false,
  } as const;
  const verdict = (server: LoneServer, store: string) =>
    server.tell(request, store).flatMap((message) => (message.type === "voteResponse" ? [message.granted] : []));

  test("P55 is not elected again in that term: it would write another first entry", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    expect(verdict(server, "n2 a")).toEqual([true]);
    expect(verdict(server, "n2 a"), "the same request once more").toEqual([true]);
    expect(verdict(server, "n2 b")).toEqual([false]);
  });

  test("P55 is not elected by a voter that was restarted either", () => {
    const server = new LoneServer({ incarnation: "n1 a", term: 1, votedFor: "n2" });
    expect(verdict(server, "n2 b")).toEqual([false]);
  });

  test("P55 is elected in a later term, and everybody agrees on the first entry", () => {
    const cluster = new Cluster({ size: 3, stores: true });
    cluster.runUntil(() => cluster.leader() !== undefined);
    const leader = cluster.leader() ?? "";
    cluster.wipe(leader);
    cluster.elect();
    cluster.run(1_000);
    const stores = cluster.ids.map((id) => JSON.stringify(cluster.status(id).configuration));
    expect(new Set(stores).size).toBe(1);
  });
});

describe("P55 word by word", () => {
  const stores = new Map([
    ["n2", "n2 a"],
    ["n3", "n3 a"],
  ]);

  /** n1 of a formed cluster of three, with its log on disk and nobody leading. */
  function member(incarnation = "n1 a"): LoneServer {
    const founder = new LoneServer({ incarnation: "n1 a" });
    founder.elect(stores);
    return new LoneServer({ incarnation, log: founder.disk, term: 1, votedFor: "n1" });
  }

  test("P55 a vote from another store does not elect anybody", () => {
    const server = member();
    server.wait(server.raft.nextDeadline() - server.now);
    server.tell({ type: "preVoteResponse", from: "n2", term: 1, campaignTerm: 2, granted: true }, "n2 a");
    const vote = { type: "voteResponse", to: "n1", term: 2, granted: true } as const;
    expect(server.raft.step({ ...vote, from: "n3" }, server.now, "n3 b")).toMatchObject({ reason: "strangeStore" });
    expect(server.raft.status().role).toBe("candidate");
    server.tell({ ...vote, from: "n3" }, "n3 a");
    expect(server.raft.status().role).toBe("leader");
  });

  test("P55 a pre-vote from another store does not start an election", () => {
    const server = member();
    server.wait(server.raft.nextDeadline() - server.now);
    const answer = { type: "preVoteResponse", to: "n1", term: 1, campaignTerm: 2, granted: true } as const;
    expect(server.raft.step({ ...answer, from: "n3" }, server.now, "n3 b")).toMatchObject({ reason: "strangeStore" });
    expect(server.raft.status().role).toBe("preCandidate");
  });

  test("P55 a server with another store than the log says does not campaign, not even when told to", () => {
    const server = member("n1 b");
    server.wait(2_000);
    server.raft.campaign();
    server.tell({ type: "timeoutNow", from: "n2", term: 1 }, "n2 a");
    expect(server.raft.status()).toMatchObject({ role: "follower", term: 1 });
    expect(server.raft.explain()).toContain("waits to be readmitted");
  });

  test("P55 a learner that comes back with another store is taken to have nothing", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    const acknowledge = (from: string, store: string, matchIndex: number) =>
      server.tell({ type: "appendResponse", from, term: 1, accepted: true, matchIndex }, store);
    acknowledge("n2", "n2 a", 1);
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
    server.messages();
    acknowledge("n4", "n4 a", 2);
    server.tell({ type: "heartbeatResponse", from: "n4", term: 1, round: 1 }, "n4 b");
    expect(server.raft.status().peers.find(({ id }) => id === "n4")).toMatchObject({ matchIndex: 0, mode: "probe" });
  });

  test("P55 a learner is promoted together with the store that the leader has heard, and not before it has", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 1 }, "n2 a");
    server.raft.proposeConfiguration({ changes: [{ type: "addLearner", id: "n4" }] });
    server.messages();
    server.tell({ type: "appendResponse", from: "n2", term: 1, accepted: true, matchIndex: 2 }, "n2 a");
    const promote = { changes: [{ type: "promote", id: "n4" }], force: true } as const;
    expect(server.raft.proposeConfiguration(promote)).toMatchObject({
      accepted: false,
      reason: "neverHeard",
      id: "n4",
    });
    server.tell({ type: "appendResponse", from: "n4", term: 1, accepted: true, matchIndex: 2 }, "n4 a");
    expect(server.raft.proposeConfiguration(promote)).toMatchObject({ accepted: true });
    expect(server.raft.status().configuration.records).toContainEqual({ id: "n4", incarnation: "n4 a" });
  });

  test("P55 a stranger that was added in the place of the lost store keeps what it has told when it is promoted", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    const acknowledge = (from: string, store: string, matchIndex: number) =>
      server.tell({ type: "appendResponse", from, term: 1, accepted: true, matchIndex }, store);
    acknowledge("n2", "n2 a", 1);
    acknowledge("n3", "n3 b", 0);
    const replace = [{ type: "remove", id: "n3" } as const, { type: "addLearner", id: "n3" } as const];
    expect(server.raft.proposeConfiguration({ changes: replace })).toMatchObject({ accepted: true });
    server.messages();
    acknowledge("n2", "n2 a", 2);
    acknowledge("n3", "n3 b", 2);
    expect(server.raft.proposeConfiguration({ changes: [{ type: "promote", id: "n3" }] })).toMatchObject({
      accepted: true,
    });
    expect(server.raft.status().peers.find(({ id }) => id === "n3")).toMatchObject({ matchIndex: 2 });
  });

  test("P55 a voter on its way out of a joint configuration counts by its store until the end", () => {
    const server = new LoneServer({ incarnation: "n1 a", members: ["n1", "n2", "n3", "n4"] });
    const all = new Map([...stores, ["n4", "n4 a"]]);
    server.elect(all);
    for (const [from, store] of all) {
      server.tell({ type: "appendResponse", from, term: 1, accepted: true, matchIndex: 1 }, store);
    }
    const changes = [
      { type: "remove", id: "n3" },
      { type: "remove", id: "n4" },
    ] as const;
    expect(server.raft.proposeConfiguration({ changes })).toMatchObject({ accepted: true });
    const { outgoing, records } = server.raft.status().configuration;
    expect(outgoing).toContain("n4");
    expect(records).toContainEqual({ id: "n4", incarnation: "n4 a" });
  });
});
