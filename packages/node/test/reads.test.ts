// What queries see, at which level, and when they are refused.
import { afterEach, expect, test } from "vitest";
import { rejectionOf, TestCluster, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

test("a linearizable query sees every write that was acknowledged before it", async () => {
  cluster = await TestCluster.started(3);
  const leader = cluster.node(await cluster.elect());
  const written = leader.propose(word("x"));
  await cluster.clock.run(5);
  const { index } = await written;
  const read = leader.query("all");
  await cluster.clock.run(5);
  expect(await read).toEqual({ answer: ["x"], index, term: 1, consistency: "linearizable" });
});

test("a stale query answers at once from what this node has applied, and says so", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const behind = cluster.ids.find((other) => other !== id) ?? "";
  cluster.isolate(behind);
  const written = cluster.node(id).propose(word("x"));
  await cluster.clock.run(10);
  await written;
  expect(await cluster.node(behind).query("all", { consistency: "stale" })).toMatchObject({
    answer: [],
    consistency: "stale",
  });
});

test("S26 a leader that was cut off never answers a linearizable query, and the caller learns it", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  cluster.isolate(id);
  const read = rejectionOf(cluster.node(id).query("all"));
  await cluster.clock.run(400);
  expect(await read).toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "none" });
});

test("a leader that wakes from a long pause confirms its leadership before it answers", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const paused = cluster.node(id);
  cluster.isolate(id);
  await cluster.clock.run(250);
  cluster.network.heal();
  const read = paused.query("all").then(
    () => "answered",
    (error: { code: string }) => error.code,
  );
  await cluster.clock.run(1_000);
  expect(["answered", "QUORATE_NO_LEADER"]).toContain(await read);
});

test("a query that nobody confirms ends at its deadline", async () => {
  cluster = new TestCluster(3);
  for (const id of cluster.ids) await cluster.start(id, { raft: { checkQuorum: false } });
  const id = await cluster.elect();
  cluster.isolate(id);
  const read = rejectionOf(cluster.node(id).query("all", { timeoutMs: 200 }));
  await cluster.clock.run(300);
  expect(await read).toMatchObject({ code: "QUORATE_READ_TIMEOUT", outcome: "none" });
});

test("a query that the state machine cannot answer rejects for its caller, and the node goes on", async () => {
  cluster = new TestCluster(1);
  const machine = new WordList();
  await cluster.start("n1", { stateMachine: machine });
  const node = cluster.node(await cluster.elect());
  const query = machine.query.bind(machine);
  machine.query = () => {
    throw new Error("no such word");
  };
  const failed = rejectionOf(node.query("all"));
  await cluster.clock.run(5);
  expect(await failed).toMatchObject({ message: "no such word" });
  expect(await rejectionOf(node.query("all", { consistency: "stale" }))).toMatchObject({ message: "no such word" });
  machine.query = query;
  const read = node.query("all");
  await cluster.clock.run(5);
  expect((await read).answer).toEqual([]);
});

test("a lease read is answered at once while the lease lasts, and says so", async () => {
  cluster = new TestCluster(3);
  for (const id of cluster.ids) await cluster.start(id, { raft: { leaseReads: true } });
  const id = await cluster.elect();
  await cluster.clock.run(60);
  const leader = cluster.node(id);
  expect(await leader.query("all", { consistency: "lease" })).toMatchObject({ consistency: "lease", answer: [] });

  cluster.isolate(id);
  await cluster.clock.run(140);
  const late = rejectionOf(leader.query("all", { consistency: "lease" }));
  await cluster.clock.run(300);
  expect(await late, "the lease is over, and nobody confirms").toMatchObject({ code: "QUORATE_NO_LEADER" });
});

test("a lease read without lease reads is answered as a linearizable one, and says so", async () => {
  cluster = await TestCluster.started(3);
  const leader = cluster.node(await cluster.elect());
  const read = leader.query("all", { consistency: "lease" });
  await cluster.clock.run(5);
  expect(await read).toMatchObject({ consistency: "linearizable" });
});

test("P67 a leader that is stopped while it computes a lease read does not hand out the answer", async () => {
  cluster = new TestCluster(3);
  const machines = new Map(cluster.ids.map((id) => [id, new WordList()]));
  for (const id of cluster.ids) {
    await cluster.start(id, { raft: { leaseReads: true }, stateMachine: machines.get(id) ?? new WordList() });
  }
  const id = await cluster.elect();
  await cluster.clock.run(60);
  const machine = machines.get(id);
  if (machine !== undefined) {
    machine.query = () => {
      cluster.clock.leap(1_000);
      return ["old"];
    };
  }
  cluster.isolate(id);
  const read = rejectionOf(cluster.node(id).query("all", { consistency: "lease" }));
  await cluster.clock.run(400);
  expect(await read).toMatchObject({ code: "QUORATE_NO_LEADER" });
});

test("a stale read can wait for an index, to see one's own write on any node", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const other = cluster.ids.find((one) => one !== id) ?? "";
  const written = cluster.node(id).propose(word("mine"));
  await cluster.clock.run(3);
  const { index } = await written;
  const read = cluster.node(other).query("all", { consistency: "stale", minIndex: index });
  await cluster.clock.run(60);
  expect(await read).toMatchObject({ answer: ["mine"], consistency: "stale" });
  const never = rejectionOf(cluster.node(other).query("all", { consistency: "stale", minIndex: 99, timeoutMs: 100 }));
  await cluster.clock.run(150);
  expect(await never).toMatchObject({
    code: "QUORATE_INDEX_NOT_REACHED",
    outcome: "none",
    retryable: true,
    details: { minIndex: 99, lastApplied: index },
  });
});

test.each(["linearizable", "lease"] as const)(
  "a %s read waits for an index as well, and is not answered before it is there",
  async (consistency) => {
    cluster = new TestCluster(3);
    for (const id of cluster.ids) await cluster.start(id, { raft: { leaseReads: true } });
    const leader = cluster.node(await cluster.elect());
    await cluster.clock.run(60);
    const { lastApplied } = leader.currentStatus();
    const read = leader.query("all", { consistency, minIndex: lastApplied + 1 });
    const never = rejectionOf(leader.query("all", { consistency, minIndex: lastApplied + 2, timeoutMs: 100 }));
    await cluster.clock.run(20);
    const written = leader.propose(word("mine"));
    await cluster.clock.run(150);
    await written;
    expect(await read).toMatchObject({ answer: ["mine"], index: lastApplied + 1, consistency: "linearizable" });
    expect(await never).toMatchObject({ code: "QUORATE_INDEX_NOT_REACHED" });
  },
);

test("reads that wait for an index are bounded", async () => {
  cluster = new TestCluster(1);
  await cluster.start("n1", { limits: { maxPendingReads: 2 } });
  const node = cluster.node(await cluster.elect());
  const wait = () => rejectionOf(node.query("all", { consistency: "stale", minIndex: 99, timeoutMs: 50 }));
  const waiting = [wait(), wait()];
  expect(await wait()).toMatchObject({ code: "QUORATE_BUSY" });
  expect(await rejectionOf(node.query("all"))).toMatchObject({ code: "QUORATE_BUSY" });
  await cluster.clock.run(100);
  const notReached = { code: "QUORATE_INDEX_NOT_REACHED" };
  expect(await Promise.all(waiting)).toMatchObject([notReached, notReached]);
  expect(await node.query("all", { consistency: "stale" })).toMatchObject({ answer: [] });
});

test("the age of a stale read is that of its answer, also if it had to wait for it", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const other = cluster.ids.find((one) => one !== id) ?? "";
  cluster.isolate(other);
  await cluster.clock.run(150);
  const written = cluster.node(id).propose(word("mine"));
  await cluster.clock.run(10);
  const { index } = await written;
  const read = cluster.node(other).query("all", { consistency: "stale", minIndex: index, maxAgeMs: 100 });
  cluster.network.heal();
  await cluster.clock.run(400);
  expect(await read, "it was too old when it was asked, and is not when it answers").toMatchObject({
    answer: ["mine"],
  });
});

test("a stale read can refuse a state that may be too old", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  await cluster.clock.run(60);
  const other = cluster.ids.find((one) => one !== id) ?? "";
  const read = () => cluster.node(other).query("all", { consistency: "stale", maxAgeMs: 100 });
  expect(await read()).toMatchObject({ consistency: "stale" });
  cluster.isolate(other);
  await cluster.clock.run(120);
  expect(await rejectionOf(read())).toMatchObject({ code: "QUORATE_STALE_TOO_OLD", outcome: "none" });
});
