// Start, restart, failure and close: whose store it is, what comes back, and that nothing is left behind.
import type { LogStorage } from "@quorate/contracts";
import { afterEach, describe, expect, test } from "vitest";
import { type TestNode, rejectionOf, TestCluster, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

/** A leader that has committed these words. */
async function leaderWith(size: number, ...words: readonly string[]): Promise<TestNode> {
  cluster = await TestCluster.started(size);
  const leader = cluster.node(await cluster.elect());
  const written = words.map((text) => leader.propose(word(text)));
  await cluster.clock.run(60);
  await Promise.all(written);
  return leader;
}

test("P26 a sole voter that restarts applies everything committed before it serves", async () => {
  const node = await leaderWith(1, "a", "b", "c");
  await node.close();
  const machine = new WordList();
  const again = await cluster.start("n1", { stateMachine: machine });
  await cluster.elect();
  const read = again.query("all");
  await cluster.clock.run(5);
  expect((await read).answer).toEqual(["a", "b", "c"]);
});

test("all nodes stop and start again: nothing that was acknowledged is lost", async () => {
  await leaderWith(3, "a", "b", "c");
  for (const id of cluster.ids) await cluster.node(id).close();
  for (const id of cluster.ids) await cluster.start(id);
  const leader = cluster.node(await cluster.elect());
  await cluster.clock.run(100);
  expect((await leader.query("all", { consistency: "stale" })).answer).toEqual(["a", "b", "c"]);
});

test("a follower that was down for many entries is brought up to date from the leader's storage", async () => {
  cluster = new TestCluster(3);
  const limits = { maxUncommittedBytes: 100_000_000 };
  for (const id of cluster.ids) await cluster.start(id, { limits });
  const id = await cluster.elect();
  const down = cluster.ids.find((other) => other !== id) ?? "";
  await cluster.node(down).close();
  const leader = cluster.node(id);
  const large = word("x".repeat(40_000));
  for (let batch = 0; batch < 40; batch++) {
    const written = Array.from({ length: 25 }, () => leader.propose(large));
    await cluster.clock.run(5);
    await Promise.all(written);
  }
  const machine = new WordList();
  await cluster.start(down, { stateMachine: machine, limits });
  await cluster.clock.run(400);
  expect(machine.words.length).toBe(1_000);
});

test("what happens during the start is heard by the option onEvent", async () => {
  cluster = new TestCluster(1);
  const heard: string[] = [];
  await cluster.start("n1", { onEvent: ({ type }) => heard.push(type) });
  expect(heard).toEqual(["started"]);
  await cluster.elect();
  expect(heard).toContain("electionWon");
});

describe("a store belongs to one node of one cluster", () => {
  test("P56 another cluster id is refused", async () => {
    await leaderWith(1, "a");
    await cluster.node("n1").close();
    await expect(cluster.start("n1", { clusterId: "other" })).rejects.toMatchObject({
      code: "QUORATE_CLUSTER_MISMATCH",
      message: 'the store belongs to cluster "words", but this node is configured for cluster "other"',
    });
  });

  test("another node id is refused", async () => {
    await leaderWith(1, "a");
    await cluster.node("n1").close();
    const swapped = cluster.start("n1", { nodeId: "n2", configuration: { voters: ["n2"], learners: [] } });
    await expect(swapped).rejects.toMatchObject({ code: "QUORATE_NODE_MISMATCH" });
  });

  test("other members are refused, in any order the same ones are not", async () => {
    await leaderWith(3);
    await cluster.node("n1").close();
    const others = { voters: ["n1", "n2", "n4"], learners: [] };
    await expect(cluster.start("n1", { configuration: others })).rejects.toMatchObject({
      code: "QUORATE_MEMBERS_MISMATCH",
      message: "the cluster was formed with n1, n2, n3, but the configuration names n1, n2, n4",
    });
    await cluster.start("n1", { configuration: { voters: ["n3", "n2", "n1"], learners: [] } });
    expect(cluster.node("n1").currentStatus().state).toBe("running");
  });

  test("a log without an identity is refused", async () => {
    await leaderWith(1, "a");
    await cluster.node("n1").close();
    const disk = cluster.disks.get("n1");
    if (disk !== undefined) disk.identity = undefined;
    await expect(cluster.start("n1")).rejects.toMatchObject({ code: "QUORATE_LOG_CORRUPT" });
  });

  test("a log with entries of a later term than the stored one is refused: its vote was lost", async () => {
    await leaderWith(1, "a");
    await cluster.node("n1").close();
    const disk = cluster.disks.get("n1");
    if (disk !== undefined) disk.hardState = { term: 0, votedFor: undefined };
    await expect(cluster.start("n1")).rejects.toMatchObject({
      code: "QUORATE_LOG_CORRUPT",
      message: "the log ends with an entry of term 1, but the store knows no later term than 0",
    });
  });
});

describe("failures stop the node instead of letting it guess", () => {
  /** Storage whose writes fail from the moment `fail` is called. */
  function failing(storage: LogStorage): { readonly storage: LogStorage; fail(): void } {
    let hasFailed = false;
    const write: LogStorage["write"] = (batch) =>
      hasFailed ? Promise.reject(new Error("ENOSPC: no space left on device")) : storage.write(batch);
    const close = () => storage.close();
    const wrapped = { supports: storage.supports, load: () => storage.load(), close, write };
    return {
      storage: {
        ...wrapped,
        initialise: (identity) => storage.initialise(identity),
        read: (range) => storage.read(range),
        compact: (base) => storage.compact(base),
      },
      fail: () => (hasFailed = true),
    };
  }

  test("P04 a failed write: no acknowledgement, every call is told, and the others elect a new leader", async () => {
    cluster = new TestCluster(3);
    const disks = new Map(cluster.ids.map((id) => [id, failing(cluster.storage(id))]));
    for (const id of cluster.ids) await cluster.start(id, { storage: disks.get(id)?.storage ?? cluster.storage(id) });
    const id = await cluster.elect();
    disks.get(id)?.fail();
    const leader = cluster.node(id);
    const unknown = rejectionOf(leader.propose(word("x")));
    await cluster.clock.run(5);
    expect(await unknown).toMatchObject({ code: "QUORATE_STORAGE_FAILED", outcome: "unknown" });
    expect(leader.currentStatus().state).toBe("failed");
    expect(leader.explain()).toContain("ENOSPC");
    await expect(leader.propose(word("y"))).rejects.toMatchObject({ code: "QUORATE_STORAGE_FAILED", outcome: "none" });
    await cluster.clock.run(700);
    const next = await cluster.elect();
    expect(next).not.toBe(id);
  });

  test("a state machine that throws halts its node", async () => {
    cluster = new TestCluster(1);
    const machine = new WordList();
    machine.apply = () => {
      throw new Error("cannot count");
    };
    await cluster.start("n1", { stateMachine: machine });
    const node = cluster.node(await cluster.elect());
    const failed = rejectionOf(node.propose(word("x")));
    await cluster.clock.run(5);
    expect(await failed).toMatchObject({ code: "QUORATE_APPLY_FAILED" });
    expect(node.currentStatus()).toMatchObject({ state: "failed", lastApplied: 1 });
  });
});

test("status begins with the current value and follows every change; events tell why", async () => {
  cluster = await TestCluster.started(1);
  const node = cluster.node("n1");
  const roles: string[] = [];
  const types: string[] = [];
  const statuses = (async () => {
    for await (const { role, state } of node.status()) roles.push(`${role} ${state}`);
  })();
  const events = (async () => {
    for await (const { type } of node.events()) types.push(type);
  })();
  await cluster.elect();
  await node.close();
  await Promise.all([statuses, events]);
  expect(roles[0]).toBe("follower running");
  expect(roles).toContain("leader running");
  expect(roles.at(-1)).toBe("leader closed");
  expect(types).toEqual(expect.arrayContaining(["electionStarted", "electionWon", "commitAdvanced"]));
});

test("a long pause of the process is reported", async () => {
  cluster = await TestCluster.started(1);
  const node = cluster.node(await cluster.elect());
  const events = node.events();
  await cluster.clock.jump(2_000);
  const { value } = await events.next();
  expect(value).toMatchObject({ type: "loopStalled" });
});

test("a leader whose process was stopped for too long steps down if it does not hear its followers at once", async () => {
  cluster = await TestCluster.started(3);
  const leaderId = await cluster.elect();
  const events = cluster.node(leaderId).events();
  cluster.isolate(leaderId);
  await cluster.clock.jump(1_000);
  expect(cluster.node(leaderId).currentStatus().role).not.toBe("leader");
  const reported = [(await events.next()).value, (await events.next()).value];
  expect(reported).toMatchObject([{ type: "loopStalled" }, { type: "steppedDown", reason: "quorumLost" }]);
});

test("a leader whose process was stopped asks a majority before it answers any read", async () => {
  cluster = new TestCluster(3);
  for (const id of cluster.ids) await cluster.start(id, { raft: { leaseReads: true } });
  await cluster.clock.run(500);
  const leaderId = await cluster.elect();
  await cluster.clock.run(60);
  const leader = cluster.node(leaderId);
  await expect(leader.query("all", { consistency: "lease" })).resolves.toMatchObject({ consistency: "lease" });
  cluster.clock.leap(200);
  const read = leader.query("all", { consistency: "lease" });
  await cluster.clock.run(20);
  await expect(read).resolves.toMatchObject({ consistency: "linearizable" });
});

test("close is idempotent and leaves no timer behind", async () => {
  cluster = await TestCluster.started(3);
  await cluster.elect();
  for (const id of cluster.ids) await Promise.all([cluster.node(id).close(), cluster.node(id).close()]);
  expect(cluster.clock.pendingTimers).toBe(0);
});

test("P75 a peer whose connection hangs holds up nobody else", async () => {
  cluster = new TestCluster(3);
  let isHanging = false;
  for (const id of cluster.ids) {
    const transport = cluster.network.transport(id);
    const send: typeof transport.send = (message) => {
      if (message.to !== "n3" || !isHanging) transport.send(message);
    };
    const { maxMessageBytes } = transport;
    const close = () => transport.close();
    await cluster.start(id, {
      transport: { maxMessageBytes, setPeers: () => {}, send, close, start: (receiver) => transport.start(receiver) },
    });
  }
  await cluster.clock.run(1_000);
  const leader = cluster.node(await cluster.elect());
  isHanging = true;
  for (let count = 0; count < 20; count++) {
    const written = leader.propose(word("x"));
    await cluster.clock.run(4);
    await written;
  }
  expect(leader.currentStatus().commitIndex).toBeGreaterThanOrEqual(21);
});
