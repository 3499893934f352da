// S01 and S02: why there is something to agree on.
import { expect, test } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { LoneServer, bytes } from "../support/lone-server.ts";

test("S01 a cluster of one elects itself, commits without messages and reads its own writes", () => {
  const server = new LoneServer({ members: ["n1"] });
  const messages = [...server.wait(301)];
  expect(server.raft.status().role).toBe("leader");

  const proposed = server.raft.propose(bytes("x = 1"));
  const read = server.raft.readIndex();
  messages.push(...server.ready().messages);
  expect(
    server.applied.map(({ kind }) => kind),
    "nothing is committed before it is durable",
  ).toEqual(["empty"]);

  messages.push(...server.completeWrites());
  expect(proposed).toMatchObject({ accepted: true, index: 2 });
  expect(read).toMatchObject({ accepted: true });
  expect(server.applied.map(({ kind }) => kind)).toEqual(["empty", "command"]);
  expect(messages).toEqual([]);
});

test("S01 a read at a cluster of one is confirmed without waiting for anybody", () => {
  const server = new LoneServer({ members: ["n1"] });
  server.wait(301);
  server.raft.propose(bytes("x = 1"));
  server.messages();
  const read = server.raft.readIndex();
  expect(server.ready().confirmedReads).toEqual([{ readId: read.accepted ? read.readId : 0, index: 2 }]);
});

test("S02 a stale replica answers old until quiet time; a linearizable read never does, on any node", () => {
  const cluster = new Cluster({ size: 3 });
  const leader = cluster.elect();
  const [follower = "", other = ""] = cluster.ids.filter((id) => id !== leader);
  cluster.cut(leader, follower);
  cluster.propose(leader, "x = 1");
  cluster.run(10);

  expect(cluster.applied(leader)).toEqual(["x = 1"]);
  expect(cluster.applied(follower), "a stale read here would see the old value").toEqual([]);
  expect(cluster.readIndex(follower), "a linearizable read here is refused").toMatchObject({ reason: "notLeader" });
  expect(cluster.readIndex(other)).toMatchObject({ accepted: false, leaderId: leader });
  const read = cluster.readIndex(leader);
  cluster.run(5);
  const { index } = cluster.confirmedReads(leader)[0] ?? { index: 0 };
  expect(read.accepted).toBe(true);
  expect(cluster.status(leader).lastApplied, "the read waits for the write").toBeGreaterThanOrEqual(index);
  expect(index).toBe(cluster.status(leader).commitIndex);

  cluster.heal();
  cluster.run(1_000);
  for (const id of cluster.ids) expect(cluster.applied(id), `${id} after quiet time`).toEqual(["x = 1"]);
});
