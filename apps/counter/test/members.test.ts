// The membership of real nodes changes through their HTTP interface: growing, shrinking, moving, and lost disks.

import { expect, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { MemoryCluster } from "./support/memory-cluster.ts";

const increments = "/v1/counters/hits/increments";
const members = "/v1/cluster/members";

type Listed = {
  readonly id: string;
  readonly role: string;
  readonly http: string;
  readonly store: string;
  readonly lastContactMs?: number;
};

async function listed(cluster: MemoryCluster): Promise<readonly Listed[]> {
  const reply = await cluster.request(await cluster.leader(), "GET", members);
  return reply.json["members"] as readonly Listed[]; // the shape that the tests of the routes check
}

/** Waits until the leader lists exactly these voters. */
function voters(cluster: MemoryCluster, ids: readonly string[]): Promise<readonly Listed[]> {
  return eventually(`the voters are ${ids.join(", ")}`, async () => {
    const list = await listed(cluster);
    const found = list.filter(({ role }) => role === "voter").map(({ id }) => id);
    return found.join() === ids.join() ? list : undefined;
  });
}

test("a node that joins says so and does nothing until it is added, then votes when it has caught up, and finds the addresses in the log", async () => {
  await using cluster = await MemoryCluster.start(3);
  await cluster.request(await cluster.leader(), "POST", increments, { body: { by: 5 } });
  await cluster.startNewNode("n4");
  expect(cluster.noticesOf("n4")).toEqual([
    {
      type: "joining",
      detail: "n4 waits to be added to the cluster: quorate members add n4 --http n4.test --client n4.test:1",
    },
  ]);
  const ready = await cluster.request("n4", "GET", "/readyz");
  expect(ready.json["reasons"]).toContain(cluster.noticesOf("n4")[0]?.detail);
  const added = await cluster.request(await cluster.leader(), "POST", members, {
    body: { id: "n4", http: "http://n4.test" },
  });
  expect(added.status).toBe(200);
  await voters(cluster, ["n1", "n2", "n3", "n4"]);
  const read = await eventually("the new node has the state", async () => {
    const reply = await cluster.request("n4", "GET", "/v1/counters/hits?forward=true");
    return reply.status === 200 ? reply : undefined;
  });
  expect(read.json).toMatchObject({ value: 5 });
  expect(read.headers.get("raft-consistency")).toBe("linearizable");
  expect(cluster.noticesOf("n4").map(({ type }) => type)).toContain("joined");
  const list = (await cluster.request("n4", "GET", `${members}?consistency=stale`)).json["members"];
  const fromLog = cluster.ids.map((id) => expect.objectContaining({ id, http: `http://${id}.test` }));
  expect(list).toEqual(fromLog);
});

test("a learner stays one until it is promoted, and a voter can be demoted", async () => {
  await using cluster = await MemoryCluster.start(3);
  await cluster.startNewNode("n4");
  const leader = await cluster.leader();
  await cluster.request(leader, "POST", members, { body: { id: "n4", http: "http://n4.test", role: "learner" } });
  const promoted = await eventually("n4 is promoted", async () => {
    const reply = await cluster.request(leader, "PATCH", `${members}/n4`, { body: { role: "voter" } });
    return reply.status === 200 ? reply : undefined;
  });
  expect(promoted.json["members"]).toContainEqual(expect.objectContaining({ id: "n4", role: "voter" }));
  const demoted = await cluster.request(leader, "PATCH", `${members}/n4`, { body: { role: "learner" } });
  expect(demoted.json["members"]).toContainEqual(
    expect.objectContaining({ id: "n4", role: "learner", promotes: false }),
  );
});

test("a leader that removes itself commits that and hands over", async () => {
  await using cluster = await MemoryCluster.start(3);
  const old = await cluster.leader();
  const removed = await cluster.request(old, "DELETE", `${members}/${old}`);
  expect(removed.status).toBe(200);
  const notice = await eventually("the old leader says that it was removed", () =>
    cluster.noticesOf(old).find(({ type }) => type === "removed"),
  );
  expect(notice.detail).toContain(`${old} was removed from the cluster: its members are `);
  await cluster.stopNode(old);
  expect(await cluster.leader()).not.toBe(old);
  await voters(
    cluster,
    cluster.ids.filter((id) => id !== old),
  );
});

test("a follower that was removed and that nobody turns away finds out nevertheless", { timeout: 30_000 }, async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const removed = cluster.ids.find((id) => id !== leader) ?? "";
  for (const other of cluster.ids.filter((id) => id !== removed)) {
    cluster.network.cut({ from: other, to: removed });
    cluster.network.cut({ from: removed, to: other });
  }
  expect((await cluster.request(leader, "DELETE", `${members}/${removed}`)).status).toBe(200);
  const notice = await eventually("it says that it was removed", () =>
    cluster.noticesOf(removed).find(({ type }) => type === "removed"),
  );
  expect(notice.detail).toContain(`${removed} was removed from the cluster: according to http://`);
});

test("a change under the condition of an older list is refused", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const other = cluster.ids.find((id) => id !== leader) ?? "";
  const etag = (await cluster.request(leader, "GET", members)).headers.get("etag") ?? "";
  const first = await cluster.request(leader, "PATCH", `${members}/${other}`, {
    body: { http: "http://moved.test" },
    headers: { "if-match": etag },
  });
  expect(first.status).toBe(200);
  const second = await cluster.request(leader, "DELETE", `${members}/${other}`, { headers: { "if-match": etag } });
  expect(second).toMatchObject({ status: 412, json: { code: "QUORATE_PRECONDITION", outcome: "none" } });
  expect(second.json["configurationIndex"]).toBe(first.json["configurationIndex"]);
});

test("two voters are replaced by two others in one step, through a joint configuration", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const leaving = cluster.ids.filter((id) => id !== leader);
  for (const id of ["n4", "n5"]) {
    await cluster.startNewNode(id);
    const body = { id, http: `http://${id}.test`, role: "learner" };
    await eventually(`${id} is added`, async () => {
      const reply = await cluster.request(leader, "POST", members, { body });
      return reply.status === 200 ? true : undefined;
    });
  }
  const events = cluster.eventsOf(leader)[Symbol.asyncIterator]();
  await eventually("both have caught up", async () => {
    const reply = await cluster.request(leader, "PATCH", members, {
      body: { promote: ["n4", "n5"], remove: leaving },
    });
    return reply.status === 200 ? true : undefined;
  });
  await voters(cluster, [leader, "n4", "n5"]);
  const outgoing: unknown[] = [];
  while (outgoing.length < 2) {
    const { value } = await events.next();
    if (value?.type === "configurationChanged") outgoing.push(value.configuration.outgoing?.toSorted());
  }
  expect(outgoing, "the joint configuration, then the new one").toEqual([["n1", "n2", "n3"], undefined]);
});

test("what would leave no majority that answers is refused unless it is forced", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const [dead = "", alive = ""] = cluster.ids.filter((id) => id !== leader);
  await cluster.stopNode(dead);
  await eventually("the leader notices", async () => {
    const silent = (await listed(cluster)).find(({ id }) => id === dead);
    return (silent?.lastContactMs ?? 0) > 300 ? true : undefined;
  });
  const refused = await cluster.request(leader, "DELETE", `${members}/${alive}`);
  expect(refused).toMatchObject({ status: 422, json: { code: "QUORATE_WOULD_LOSE_QUORUM" } });
  expect(await cluster.request(leader, "DELETE", `${members}/${dead}`)).toMatchObject({ status: 200 });
});

test("a node whose disk is gone comes back by itself, as a learner first", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const victim = cluster.ids.find((id) => id !== leader) ?? "";
  await cluster.request(leader, "POST", increments, { body: { by: 2 } });
  await cluster.wipeNode(victim);
  const before = (await cluster.request(leader, "GET", members)).json["configurationIndex"];
  await eventually("the members have changed twice", async () => {
    const { json } = await cluster.request(leader, "GET", members);
    return Number(json["configurationIndex"]) >= Number(before) + 2 ? true : undefined;
  });
  await voters(cluster, cluster.ids);
  const value = await eventually("the state is back", async () => {
    const reply = await cluster.request(victim, "GET", "/v1/counters/hits?consistency=stale");
    return reply.status === 200 ? reply.json["value"] : undefined;
  });
  expect(value).toBe(2);
});

test("where readmission is manual, a node whose disk is gone stays out until somebody takes it back", async () => {
  await using cluster = await MemoryCluster.start(3, { readmission: "manual" });
  const leader = await cluster.leader();
  const victim = cluster.ids.find((id) => id !== leader) ?? "";
  await cluster.wipeNode(victim);
  const storeOf = async () => (await listed(cluster)).find(({ id }) => id === victim)?.store;
  await eventually("the leader has noticed", async () => ((await storeOf()) === "replaced" ? true : undefined));
  expect(await cluster.request(leader, "POST", `${members}/${victim}/readmission`)).toMatchObject({ status: 200 });
  await voters(cluster, cluster.ids);
  await eventually("it counts again", async () => ((await storeOf()) === "current" ? true : undefined));
});

test("two of three founders form no cluster, and say whom they wait for", { timeout: 20_000 }, async () => {
  await using cluster = new MemoryCluster(3);
  await cluster.startNode("n1");
  await cluster.startNode("n2");
  const notice = await eventually("somebody complains", () =>
    cluster.noticesOf("n1").find(({ type, detail }) => type === "noLeader" && detail.includes("No answer: n3")),
  );
  expect(notice.detail).toContain("a cluster is formed by all of its 3 voters together");
  const diagnosis = await eventually("the status says so", async () => {
    const { json } = await cluster.request("n1", "GET", "/v1/status");
    return String(json["diagnosis"]).includes("No answer: n3") ? json : undefined;
  });
  expect(diagnosis).toMatchObject({ term: 0, lastIndex: 0, leader: null });
  await cluster.startNode("n3");
  await cluster.leader();
});
