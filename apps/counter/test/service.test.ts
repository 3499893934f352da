// The service over real Raft nodes: what one node acknowledged is true for all of them and survives them.

import { type LogStorage, QuorateError } from "@quorate/contracts";
import { expect, test } from "vitest";
import { eventually } from "./support/eventually.ts";
import { MemoryCluster } from "./support/memory-cluster.ts";

const increments = "/v1/counters/hits/increments";

test("one node alone elects itself, counts and reads its own writes", async () => {
  await using cluster = await MemoryCluster.start(1);
  const leader = await cluster.leader();
  expect(await cluster.request(leader, "POST", increments, { body: { by: 5 } })).toMatchObject({
    status: 200,
    json: { value: 5, term: 1 },
  });
  expect((await cluster.request(leader, "GET", "/v1/counters/hits")).json).toMatchObject({ value: 5 });
  expect((await cluster.request(leader, "GET", "/readyz")).status).toBe(200);
  expect(cluster.defects).toEqual([]);
});

test("a follower sends writes and reads to the leader, and answers stale reads itself", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const follower = cluster.ids.find((id) => id !== leader) ?? "";
  const write = await cluster.request(follower, "POST", increments);
  expect(write.status).toBe(307);
  expect(write.headers.get("location")).toBe(`http://${leader}.test${increments}`);
  await cluster.request(leader, "POST", increments, { body: { by: 3 } });
  const stale = await eventually("the follower applies the write", async () => {
    const reply = await cluster.request(follower, "GET", "/v1/counters/hits?consistency=stale");
    return reply.status === 200 ? reply : undefined;
  });
  expect(stale.json).toMatchObject({ value: 3 });
  expect(stale.headers.get("raft-consistency")).toBe("stale");
});

test("P74 a request that is repeated at the next leader gets its first answer", async () => {
  await using cluster = await MemoryCluster.start(3);
  const first = await cluster.leader();
  const request = { body: { by: 7 }, headers: { "idempotency-key": "only-once" } };
  const answer = await cluster.request(first, "POST", increments, request);
  expect(answer.status).toBe(200);
  await cluster.stopNode(first);
  const next = await cluster.leader();
  expect(next).not.toBe(first);
  const again = await cluster.request(next, "POST", increments, request);
  expect(again.text).toBe(answer.text);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect((await cluster.request(next, "GET", "/v1/counters/hits")).json).toMatchObject({ value: 7 });
});

test("all nodes come to the same state, also those that were away", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const away = cluster.ids.find((id) => id !== leader) ?? "";
  await cluster.stopNode(away);
  await cluster.request(leader, "PUT", "/v1/registers/r", { body: { value: { a: 1 } } });
  await cluster.request(leader, "POST", increments, { headers: { "idempotency-key": "k" } });
  await cluster.startNode(away);
  const expected = (await cluster.request(leader, "GET", "/v1/status")).json["stateHash"];
  const hashes = await eventually("all nodes have the leader's state", async () => {
    const statuses = await Promise.all(cluster.ids.map((id) => cluster.request(id, "GET", "/v1/status")));
    const found = statuses.map(({ json }) => json["stateHash"]);
    return found.every((hash) => hash === expected) ? found : undefined;
  });
  expect(hashes).toHaveLength(3);
});

test("without a majority a write is refused or unknown, never acknowledged", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  await Promise.all(cluster.ids.filter((id) => id !== leader).map((id) => cluster.stopNode(id)));
  const during = await cluster.request(leader, "POST", increments);
  expect(during.status).toBeOneOf([503, 504]);
  const after = await eventually("the leader steps down", async () => {
    const reply = await cluster.request(leader, "POST", increments);
    return reply.json["code"] === "QUORATE_NO_LEADER" ? reply : undefined;
  });
  expect(after).toMatchObject({ status: 503, json: { outcome: "none", leader: null } });
  expect((await cluster.request(leader, "GET", "/readyz")).status).toBe(503);
  expect((await cluster.request(leader, "GET", "/livez")).status).toBe(200);
});

test("a restarted node still has what it acknowledged, idempotency keys included", async () => {
  await using cluster = await MemoryCluster.start(1);
  const request = { body: { by: 2 }, headers: { "idempotency-key": "k" } };
  const answer = await cluster.request(await cluster.leader(), "POST", increments, request);
  await cluster.stopNode("n1");
  await cluster.startNode("n1");
  await cluster.leader();
  const again = await cluster.request("n1", "POST", increments, request);
  expect(again.text).toBe(answer.text);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("a node whose storage fails stops answering, says so, and is no longer alive", async () => {
  await using cluster = new MemoryCluster(1);
  const disk = { failing: false };
  await cluster.startNode("n1", (storage) => failingStorage(storage, disk));
  await cluster.leader();
  disk.failing = true;
  const write = await cluster.request("n1", "POST", increments);
  expect(write).toMatchObject({ status: 504, json: { code: "QUORATE_STORAGE_FAILED", outcome: "unknown" } });
  expect(await cluster.request("n1", "GET", "/livez")).toMatchObject({ status: 503 });
  expect(await cluster.request("n1", "GET", "/readyz")).toMatchObject({ status: 503 });
  expect((await cluster.request("n1", "GET", "/v1/status")).status).toBe(200);
  expect(await cluster.request("n1", "POST", increments)).toMatchObject({ status: 503, json: { outcome: "none" } });
});

/** Storage whose writes fail while `disk.failing`. */
function failingStorage(storage: LogStorage, disk: { readonly failing: boolean }): LogStorage {
  return {
    supports: storage.supports,
    load: () => storage.load(),
    initialise: (identity) => storage.initialise(identity),
    read: (range) => storage.read(range),
    compact: (base) => storage.compact(base),
    close: () => storage.close(),
    write: (write) => (disk.failing ? Promise.reject(diskFull()) : storage.write(write)),
  };
}

function diskFull(): QuorateError {
  return new QuorateError({ code: "QUORATE_STORAGE_FAILED", message: "no space is left", hint: "Free some space." });
}

test("a leader that is told to stop hands over first, so that nobody waits for an election timeout", async () => {
  await using cluster = await MemoryCluster.start(3);
  const first = await cluster.leader();
  const events = cluster.eventsOf(first);
  await cluster.drainNode(first);
  const types: string[] = [];
  for await (const event of events) {
    types.push(event.type);
    if (event.type === "leaderChanged" && event.leaderId !== undefined) break;
  }
  expect(types).toContain("transferStarted");
  expect(types).not.toContain("transferAborted");
  await cluster.stopNode(first);
  expect(await cluster.leader()).not.toBe(first);
});

const leaderTransfer = "/v1/cluster/leader-transfer";

test("a transfer to a named node makes that node the leader, and the old one points to it", async () => {
  await using cluster = await MemoryCluster.start(3);
  const old = await cluster.leader();
  const target = cluster.ids.findLast((id) => id !== old) ?? "";
  const before = (await cluster.request(old, "GET", "/v1/status")).json["term"];
  const reply = await cluster.request(old, "POST", leaderTransfer, { body: { to: target } });
  expect(reply).toMatchObject({ status: 200, json: { leader: { id: target, http: `http://${target}.test` } } });
  expect(reply.json["term"]).toBeGreaterThan(Number(before));
  expect(await cluster.leader()).toBe(target);
  const write = await cluster.request(old, "POST", increments);
  expect(write.headers.get("location")).toBe(`http://${target}.test${increments}`);
});

test("a node that leads already and a node that nobody knows cannot be made leader", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const already = await cluster.request(leader, "POST", leaderTransfer, { body: { to: leader } });
  expect(already).toMatchObject({ status: 409, json: { code: "QUORATE_TRANSFER_REFUSED", reason: "alreadyLeader" } });
  const unknown = await cluster.request(leader, "POST", leaderTransfer, { body: { to: "n9" } });
  expect(unknown).toMatchObject({ status: 422, json: { code: "QUORATE_TRANSFER_REFUSED", reason: "notAVoter" } });
});

test("a node alone has nobody to hand its leadership to", async () => {
  await using cluster = await MemoryCluster.start(1);
  const reply = await cluster.request(await cluster.leader(), "POST", leaderTransfer);
  expect(reply).toMatchObject({ status: 422, json: { code: "QUORATE_TRANSFER_REFUSED", reason: "noOtherVoter" } });
});

test("a target that does not answer is given up, and the old leader goes on", async () => {
  await using cluster = await MemoryCluster.start(3);
  const leader = await cluster.leader();
  const target = cluster.ids.find((id) => id !== leader) ?? "";
  await cluster.stopNode(target);
  const reply = await cluster.request(leader, "POST", leaderTransfer, { body: { to: target } });
  expect(reply).toMatchObject({ status: 504, json: { code: "QUORATE_TRANSFER_ABORTED", outcome: "none" } });
  expect(await cluster.leader()).toBe(leader);
});

test.each([
  { leaseReads: true, label: "lease" },
  { leaseReads: false, label: "linearizable" },
])("with leaseReads $leaseReads a lease read is labelled $label", async ({ leaseReads, label }) => {
  await using cluster = await MemoryCluster.start(3, { leaseReads });
  const leader = await cluster.leader();
  await cluster.request(leader, "POST", increments, { body: { by: 4 } });
  const reply = await eventually(`a read labelled ${label}`, async () => {
    const read = await cluster.request(leader, "GET", "/v1/counters/hits?consistency=lease");
    return read.headers.get("raft-consistency") === label ? read : undefined;
  });
  expect(reply).toMatchObject({ status: 200, json: { value: 4 } });
});
