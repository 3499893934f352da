// A server that comes back without its disk has forgotten its votes and acknowledgements. Its name must not count for it.
import { describe, expect, test } from "vitest";
import type { IgnoredReason } from "../../src/index.ts";
import { Cluster } from "../support/cluster.ts";
import { LoneServer } from "../support/lone-server.ts";

function formed(options: Partial<ConstructorParameters<typeof Cluster>[0]> = {}): {
  cluster: Cluster;
  leader: string;
  others: readonly string[];
} {
  const cluster = new Cluster({ size: 3, stores: true, ...options });
  const leader = cluster.elect();
  cluster.run(100);
  return { cluster, leader, others: cluster.ids.filter((id) => id !== leader) };
}

function ignored(cluster: Cluster, id: string, reason: IgnoredReason): number {
  return cluster.events(id).filter((event) => event.type === "messageIgnored" && event.reason === reason).length;
}

describe("P55 a cluster is formed", () => {
  test("P55 by all of its voters together: two of three do not begin without the third", () => {
    const cluster = new Cluster({ size: 3, stores: true });
    cluster.isolate("s3");
    cluster.run(5_000);
    expect(cluster.leaders()).toEqual([]);
    expect(cluster.status("s1").term, "nobody campaigns without the third").toBe(0);
    expect(cluster.raft("s1").explain()).toMatch(/formed by all of its 3 voters together|starts an election/);
    cluster.heal();
    cluster.elect();
  });

  test("P55 with an entry that says whose store is whose", () => {
    const { cluster } = formed();
    const records = cluster.status("s1").configuration.records?.toSorted((a, b) => a.id.localeCompare(b.id));
    expect(records).toEqual([
      { id: "s1", incarnation: "s1, store 1" },
      { id: "s2", incarnation: "s2, store 1" },
      { id: "s3", incarnation: "s3, store 1" },
    ]);
    expect(cluster.status("s2").configurationIndex).toBe(1);
  });

  test("P55 once: majorities elect from then on", () => {
    const { cluster, leader } = formed();
    cluster.crash(leader);
    expect(cluster.elect()).not.toBe(leader);
  });

  test("P55 by one voter alone at once", () => {
    const cluster = new Cluster({ size: 1, stores: true });
    expect(cluster.elect()).toBe("s1");
  });
});

describe("P55 a wiped voter", () => {
  test("P55 cannot help to elect somebody who lacks what it had acknowledged", () => {
    const { cluster, leader, others } = formed();
    const [acknowledging = "", lagging = ""] = others;
    cluster.isolate(lagging);
    cluster.propose(leader, "kept");
    cluster.runUntil(() => cluster.applied(leader).includes("kept"));
    cluster.crash(leader);
    cluster.wipe(acknowledging);
    cluster.heal();
    cluster.run(5_000);
    expect(cluster.leaders(), "one intact voter of three is no majority").toEqual([]);
    cluster.restart(leader);
    cluster.elect();
    cluster.runUntil(() => cluster.ids.every((id) => cluster.applied(id).includes("kept")));
  });

  test("P55 cannot help to elect anybody together with other wiped voters", () => {
    const { cluster, leader, others } = formed();
    cluster.crash(leader);
    for (const id of others) cluster.wipe(id);
    cluster.run(5_000);
    expect(cluster.leaders()).toEqual([]);
    cluster.restart(leader);
    cluster.run(5_000);
    expect(cluster.leaders(), "two of three have forgotten").toEqual([]);
    expect(ignored(cluster, leader, "strangeStore")).toBeGreaterThan(0);
  });

  test("P55 does not count for a commit, nor for a read, until it is readmitted", () => {
    const { cluster, leader, others } = formed({
      membership: { readmission: "manual" },
      protection: { checkQuorum: false },
    });
    const [wiped = "", silent = ""] = others;
    cluster.isolate(silent);
    cluster.wipe(wiped);
    cluster.propose(leader, "x");
    cluster.readIndex(leader);
    cluster.run(1_000);
    expect(cluster.applied(leader)).not.toContain("x");
    expect(cluster.confirmedReads(leader)).toEqual([]);
  });

  test("P55 does not keep a leader in office", () => {
    const { cluster, leader, others } = formed();
    const [wiped = "", silent = ""] = others;
    cluster.isolate(silent);
    cluster.wipe(wiped);
    cluster.runUntil(() => cluster.leaders().length === 0);
    expect(cluster.events(leader)).toContainEqual(expect.objectContaining({ reason: "quorumLost" }));
  });

  test("P55 comes back as a learner and gets its vote again when it has caught up", () => {
    const { cluster, leader, others } = formed();
    const [wiped = ""] = others;
    cluster.propose(leader, "before");
    cluster.run(20);
    cluster.wipe(wiped);
    cluster.runUntil(() => cluster.status(leader).configuration.learners.includes(wiped));
    cluster.runUntil(() => cluster.status(leader).configuration.voters.includes(wiped));
    cluster.runUntil(() => cluster.applied(wiped).includes("before"));
    expect(cluster.events(leader)).toContainEqual({
      type: "storeReplaced",
      peer: wiped,
      incarnation: `${wiped}, store 2`,
      expected: `${wiped}, store 1`,
    });
    cluster.crash(leader);
    expect(cluster.elect(), "its new votes count").not.toBe(leader);
  });

  test("P55 comes back a second time", () => {
    const { cluster, leader, others } = formed();
    const [wiped = ""] = others;
    const isBack = (store: number) =>
      cluster
        .status(leader)
        .configuration.records?.some(
          ({ id, incarnation, promotes }) => id === wiped && incarnation === `${wiped}, store ${store}` && !promotes,
        );
    cluster.wipe(wiped);
    cluster.run(400);
    cluster.wipe(wiped);
    cluster.runUntil(() => isBack(3) === true);
    expect(cluster.status(leader).configuration.voters).toContain(wiped);
  });

  test("P55 stays out until somebody readmits it, if that is how the leader is set", () => {
    const { cluster, leader, others } = formed({ membership: { readmission: "manual" } });
    const [wiped = ""] = others;
    cluster.wipe(wiped);
    cluster.run(3_000);
    expect(cluster.status(leader).peers.find(({ id }) => id === wiped)?.stranger).toBe(`${wiped}, store 2`);
    expect(cluster.raft(leader).explain()).toContain(`${wiped} came back with another store`);
    const change = { type: "readmit", id: wiped, incarnation: `${wiped}, store 2` } as const;
    expect(cluster.proposeConfiguration(leader, { changes: [change] })).toMatchObject({ accepted: true });
    cluster.runUntil(() => cluster.status(leader).configuration.voters.includes(wiped));
  });

  test("P55 that was a learner starts again without asking anybody", () => {
    const { cluster, leader, others } = formed();
    const [learner = ""] = others;
    cluster.proposeConfiguration(leader, { changes: [{ type: "demote", id: learner }] });
    cluster.propose(leader, "x");
    cluster.run(50);
    cluster.wipe(learner);
    cluster.runUntil(() => cluster.applied(learner).includes("x"));
    expect(cluster.status(leader).configuration.learners, "and stays one").toEqual([learner]);
  });

  test("P55 is refused as part of a change of several voters: it would count under two stores", () => {
    const { cluster, leader, others } = formed({ size: 5, membership: { readmission: "manual" } });
    const [wiped = "", another = ""] = others;
    cluster.wipe(wiped);
    cluster.run(500);
    const readmit = { type: "readmit", id: wiped, incarnation: `${wiped}, store 2` } as const;
    const both = cluster.proposeConfiguration(leader, { changes: [readmit, { type: "demote", id: another }] });
    expect(both).toMatchObject({ accepted: false, reason: "readmitAlone", id: wiped });
  });

  test("P55 whose old store still speaks is not readmitted: two servers use one name", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(
      new Map([
        ["n2", "n2 a"],
        ["n3", "n3 a"],
      ]),
    );
    const { term } = server.raft.status();
    for (let heartbeat = 1; heartbeat < 40; heartbeat++) {
      server.wait(50);
      for (const [from, store] of [
        ["n2", "n2 a"],
        ["n3", "n3 a"],
        ["n3", "n3 b"],
      ] as const) {
        server.tell({ type: "appendResponse", from, term, accepted: true, matchIndex: 1 }, store);
      }
    }
    expect(server.raft.status().configurationIndex).toBe(1);
    expect(server.raft.status().peers.find(({ id }) => id === "n3")).toMatchObject({ stranger: "n3 b" });
  });
});

describe("P55 a late message from a store that is gone", () => {
  const stores = new Map([
    ["n2", "n2 b"],
    ["n3", "n3 a"],
  ]);
  const heardUntil = (server: LoneServer, end: number): void => {
    const { term } = server.raft.status();
    for (; server.now < end; server.wait(50)) {
      for (const [from, store] of stores) {
        server.tell({ type: "appendResponse", from, term, accepted: true, matchIndex: 1 }, store);
      }
    }
  };

  test("P55 takes nothing away from what the present store holds", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    heardUntil(server, server.now + 200);
    const { term } = server.raft.status();
    server.tell({ type: "appendResponse", from: "n2", term, accepted: true, matchIndex: 1 }, "n2 a");
    expect(server.raft.status().peers.find(({ id }) => id === "n2")).toMatchObject({
      matchIndex: 1,
      mode: "replicate",
    });
    server.raft.propose(Uint8Array.of(1));
    const said = server.messages();
    expect(said).toContainEqual(expect.objectContaining({ type: "appendRequest", to: "n2", prevLogIndex: 1 }));
  });

  test("P55 does not make the present store less alive: others can be readmitted with its help", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    heardUntil(server, server.now + 200);
    const { term } = server.raft.status();
    const accepted = { type: "appendResponse", term, accepted: true, matchIndex: 1 } as const;
    server.tell({ ...accepted, from: "n2" }, "n2 a");
    for (let heartbeat = 1; heartbeat < 20; heartbeat++) {
      server.wait(50);
      server.tell({ ...accepted, from: "n2" }, "n2 b");
      server.tell({ ...accepted, from: "n3" }, "n3 b");
    }
    expect(server.raft.status().configuration.learners).toEqual(["n3"]);
  });

  test("P55 does not have it readmitted when the present store falls silent later", () => {
    const server = new LoneServer({ incarnation: "n1 a" });
    server.elect(stores);
    heardUntil(server, server.now + 200);
    const { term } = server.raft.status();
    server.tell({ type: "appendResponse", from: "n2", term, accepted: true, matchIndex: 1 }, "n2 a");
    for (let heartbeat = 1; heartbeat < 20; heartbeat++) {
      server.wait(50);
      server.tell({ type: "appendResponse", from: "n3", term, accepted: true, matchIndex: 1 }, "n3 a");
    }
    expect(server.raft.status()).toMatchObject({ role: "leader", configurationIndex: 1 });
  });
});

describe("P12 a server whose storage lost acknowledged entries", () => {
  test("P12 hears of it from the leader's heartbeat, and reports it instead of going on", () => {
    const { cluster, others, leader } = formed();
    const [victim = ""] = others;
    const { term, commitIndex } = cluster.status(leader);
    const heartbeat = { type: "heartbeatRequest", from: leader, to: victim, term, round: 999 } as const;
    const ahead = { ...heartbeat, commitIndex: commitIndex + 5 };
    expect(cluster.raft(victim).step(ahead, cluster.now, `${leader}, store 1`)).toEqual({
      handled: false,
      reason: "lostEntries",
    });
    expect(cluster.status(victim).commitIndex).toBe(commitIndex);
  });
});
