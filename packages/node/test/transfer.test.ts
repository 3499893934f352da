// Handing leadership over on purpose.
import { afterEach, expect, test } from "vitest";
import { rejectionOf, TestCluster, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

test("leadership goes to the chosen node, and the caller learns when it has arrived", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  await cluster.clock.run(60);
  const target = cluster.ids.find((other) => other !== id) ?? "";
  const transferred = cluster.node(id).transferLeadership(target);
  await cluster.clock.run(10);
  expect(await transferred).toEqual({ leaderId: target, term: 2 });
  expect(cluster.node(target).currentStatus().role).toBe("leader");
});

test("proposals during a transfer are refused as certainly without effect", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  cluster.isolate(id);
  const leader = cluster.node(id);
  const aborted = rejectionOf(leader.transferLeadership());
  expect(await rejectionOf(leader.propose(word("x")))).toMatchObject({ code: "QUORATE_NO_LEADER", outcome: "none" });
  await cluster.clock.run(1_000);
  expect(await aborted).toMatchObject({ outcome: expect.stringMatching(/none|unknown/) });
});

test("a transfer that cannot be is refused with the reason", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const other = cluster.ids.find((one) => one !== id) ?? "";
  await cluster.clock.run(60);
  expect(await rejectionOf(cluster.node(id).transferLeadership("n9"))).toMatchObject({
    code: "QUORATE_TRANSFER_REFUSED",
    message: "leadership cannot be handed to n9: it is not a voter of the configuration",
  });
  expect(await rejectionOf(cluster.node(other).transferLeadership())).toMatchObject({ code: "QUORATE_NOT_LEADER" });
});

test("a leader that hands over before it closes is not missed: the next write is committed at once", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  await cluster.clock.run(60);
  const leaving = cluster.node(id);
  const closed = leaving
    .transferLeadership()
    .catch(() => {})
    .then(() => leaving.close());
  await cluster.clock.run(10);
  await closed;
  const written = cluster.node(otherLeader(id) ?? "").propose(word("x"));
  await cluster.clock.run(10);
  expect((await written).result).toBe(1);
});

test("a leader that is only closed is missed until an election timeout has passed", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  await cluster.clock.run(60);
  await cluster.node(id).close();
  await cluster.clock.run(90);
  expect(otherLeader(id)).toBeUndefined();
  await cluster.clock.run(1_000);
  expect(otherLeader(id)).toBeDefined();
});

function otherLeader(id: string): string | undefined {
  return cluster.ids.find((other) => other !== id && cluster.node(other).currentStatus().role === "leader");
}

test("a target that does not take over: the transfer is given up and the leader goes on", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const target = cluster.ids.find((other) => other !== id) ?? "";
  await cluster.node(target).close();
  const aborted = rejectionOf(cluster.node(id).transferLeadership(target));
  await cluster.clock.run(400);
  expect(await aborted).toMatchObject({ code: "QUORATE_TRANSFER_ABORTED", details: { to: target } });
  const written = cluster.node(id).propose(word("x"));
  await cluster.clock.run(10);
  expect((await written).result).toBe(1);
});
