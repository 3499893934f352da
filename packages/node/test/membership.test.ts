// Changing who belongs to a running cluster.
import { afterEach, expect, test } from "vitest";
import { rejectionOf, TestCluster, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

const founders = { voters: ["n1", "n2", "n3"], learners: [] };

/** Three founders and n4, which runs without belonging to the cluster yet. */
async function withSpareNode(): Promise<{ readonly leaderId: string; readonly machine: WordList }> {
  cluster = new TestCluster(4);
  const machine = new WordList();
  for (const id of ["n1", "n2", "n3"]) await cluster.start(id, { configuration: founders });
  await cluster.start("n4", { configuration: founders, stateMachine: machine });
  const leaderId = await cluster.elect();
  await cluster.clock.run(60);
  return { leaderId, machine };
}

test("a new node joins as a learner, catches up, and is given a vote", async () => {
  const { leaderId, machine } = await withSpareNode();
  const leader = cluster.node(leaderId);
  const written = leader.propose(word("before"));
  const added = leader.changeMembership([{ type: "addLearner", id: "n4" }]);
  await cluster.clock.run(100);
  await written;
  expect((await added).configuration).toMatchObject({ voters: ["n1", "n2", "n3"], learners: ["n4"] });
  expect(machine.words).toEqual(["before"]);

  const promoted = leader.changeMembership([{ type: "promote", id: "n4" }]);
  await cluster.clock.run(100);
  expect((await promoted).configuration).toMatchObject({ voters: ["n1", "n2", "n3", "n4"], learners: [] });
  expect(cluster.node("n4").currentStatus().configuration.voters).toContain("n4");
});

test("a leader that removes itself learns that the change is done, and another one leads", async () => {
  const { leaderId } = await withSpareNode();
  const removed = cluster.node(leaderId).changeMembership([{ type: "remove", id: leaderId }]);
  await cluster.clock.run(500);
  expect((await removed).configuration.voters).not.toContain(leaderId);
  expect(await cluster.elect()).not.toBe(leaderId);
});

test("all nodes restart with the members of the log, whatever the cluster was formed with", async () => {
  const { leaderId } = await withSpareNode();
  const changed = cluster.node(leaderId).changeMembership([{ type: "addLearner", id: "n4" }]);
  await cluster.clock.run(100);
  await changed;
  for (const id of cluster.ids) await cluster.node(id).close();
  for (const id of cluster.ids) await cluster.start(id, { configuration: founders });
  for (const id of cluster.ids) {
    expect(cluster.node(id).currentStatus().configuration).toMatchObject({ ...founders, learners: ["n4"] });
  }
});

test("refusals say why, and an outcome that nobody knows is called unknown", async () => {
  const { leaderId } = await withSpareNode();
  const leader = cluster.node(leaderId);
  expect(await rejectionOf(leader.changeMembership([{ type: "promote", id: "n4" }]))).toMatchObject({
    code: "QUORATE_CHANGE_REFUSED",
    message: "the membership was not changed: n4 is not a learner",
  });
  cluster.isolate(leaderId);
  const unknown = rejectionOf(leader.changeMembership([{ type: "addLearner", id: "n4" }]));
  expect(await rejectionOf(leader.changeMembership([{ type: "addLearner", id: "n5" }]))).toMatchObject({
    code: "QUORATE_CHANGE_IN_PROGRESS",
    retryable: true,
    outcome: "none",
  });
  await cluster.clock.run(500);
  expect(await unknown).toMatchObject({ outcome: "unknown" });
  const follower = cluster.node(cluster.ids.find((id) => id !== leaderId) ?? "");
  expect(await rejectionOf(follower.changeMembership([]))).toMatchObject({
    code: expect.stringMatching(/NOT_LEADER|NO_LEADER/),
  });
});
