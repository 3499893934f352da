// What becomes of a node that comes back without its disk, of one whose disk forgot, and of one that was away for long.
import { memoryDisk } from "@quorate/memory";
import { afterEach, expect, test } from "vitest";
import { rejectionOf, TestCluster, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

async function withWords(words: readonly string[]): Promise<{ leaderId: string; others: readonly string[] }> {
  cluster = await TestCluster.started(3);
  const leaderId = await cluster.elect();
  for (const text of words) {
    const written = cluster.node(leaderId).propose(word(text));
    await cluster.clock.run(20);
    await written;
  }
  return { leaderId, others: cluster.ids.filter((id) => id !== leaderId) };
}

async function wipe(id: string): Promise<WordList> {
  await cluster.node(id).close();
  cluster.disks.set(id, memoryDisk());
  const machine = new WordList();
  await cluster.start(id, { stateMachine: machine });
  return machine;
}

test("P55 a node whose disk was replaced is brought up to date and votes again", async () => {
  const { leaderId, others } = await withWords(["a", "b"]);
  const machine = await wipe(others[0] ?? "");
  await cluster.clock.run(2_000);
  expect(machine.words).toEqual(["a", "b"]);
  const { configuration } = cluster.node(leaderId).currentStatus();
  expect(configuration.voters.toSorted()).toEqual(cluster.ids);
});

test("P55 two of three nodes without their disks do not make a cluster of their own", async () => {
  const { leaderId, others } = await withWords(["a"]);
  await cluster.node(leaderId).close();
  for (const id of others) await wipe(id);
  await cluster.clock.run(5_000);
  for (const id of others) expect(cluster.node(id).currentStatus()).toMatchObject({ term: 0, lastIndex: 0 });
});

test("P12 a node whose storage lost acknowledged entries stops with a clear text instead of voting", async () => {
  const { others } = await withWords(["a", "b", "c"]);
  const [victim = ""] = others;
  await cluster.node(victim).close();
  const disk = cluster.disks.get(victim);
  disk?.entries.splice(2);
  await cluster.start(victim);
  await cluster.clock.run(200);
  const failed = await rejectionOf(cluster.node(victim).query("all", { consistency: "stale" }));
  expect(failed).toMatchObject({ code: "QUORATE_LOG_CORRUPT", hint: expect.stringContaining("replace the disk") });
  expect(cluster.node(victim).currentStatus().state).toBe("failed");
});

test("a node may be started with the members of today instead of the founders", async () => {
  const { leaderId } = await withWords([]);
  const removed = cluster.ids.filter((id) => id !== leaderId)[0] ?? "";
  const changed = cluster.node(leaderId).changeMembership([{ type: "remove", id: removed }]);
  await cluster.clock.run(100);
  await changed;
  await cluster.node(leaderId).close();
  const today = { voters: cluster.ids.filter((id) => id !== removed), learners: [] };
  await cluster.start(leaderId, { configuration: today });
  await cluster.node(leaderId).close();
  const wrong = cluster.start(leaderId, { configuration: { voters: ["n1", "n9"], learners: [] } });
  expect(await rejectionOf(wrong)).toMatchObject({
    code: "QUORATE_MEMBERS_MISMATCH",
    message: expect.stringContaining(`formed with n1, n2, n3 and has ${today.voters.join(", ")} now`),
  });
});

test("an added node that is promised a vote gets it without being asked for", async () => {
  cluster = new TestCluster(4);
  const founders = { voters: ["n1", "n2", "n3"], learners: [] };
  for (const id of cluster.ids) await cluster.start(id, { configuration: founders });
  const leader = cluster.node(await cluster.elect());
  const added = leader.changeMembership([{ type: "addLearner", id: "n4", address: "host:1", promotes: true }]);
  await cluster.clock.run(500);
  await added;
  const { configuration } = leader.currentStatus();
  expect(configuration.voters).toContain("n4");
  expect(configuration.records).toContainEqual(expect.objectContaining({ id: "n4", address: "host:1" }));
});

test("a follower answers a linearizable read after asking its leader", async () => {
  const { leaderId, others } = await withWords(["a"]);
  const written = cluster.node(leaderId).propose(word("b"));
  await cluster.clock.run(20);
  await written;
  const answers = others.map((id) => cluster.node(id).query("all", { forward: true }));
  await cluster.clock.run(50);
  for (const answer of await Promise.all(answers)) {
    expect(answer).toMatchObject({ answer: ["a", "b"], consistency: "linearizable" });
  }
});

test("a follower's read ends in an error when its leader is gone", async () => {
  const { leaderId, others } = await withWords(["a"]);
  cluster.isolate(leaderId);
  const read = rejectionOf(cluster.node(others[0] ?? "").query("all", { forward: true }));
  await cluster.clock.run(1_000);
  expect(await read).toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "none", retryable: true });
});
