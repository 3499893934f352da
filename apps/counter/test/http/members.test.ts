// The routes of the membership: what they make of requests, and how refusals look to a script.

import { QuorateError } from "@quorate/contracts";
import { beforeEach, expect, test } from "vitest";
import { notLeader, timedOut } from "./errors.ts";
import { FakeService } from "./fake-node.ts";

let service: FakeService;
const members = "/v1/cluster/members";
const n4 = { id: "n4", peer: "127.0.0.1:7104", http: "127.0.0.1:8104" };

beforeEach(() => {
  service = new FakeService();
});

function refused(reason: string, code = "QUORATE_CHANGE_REFUSED"): QuorateError {
  return new QuorateError({ code, message: `refused: ${reason}`, hint: "look again", details: { reason } });
}

test("the leader lists every member with role, addresses, and how far behind it is", async () => {
  service.status = {
    lastIndex: 5,
    commitIndex: 5,
    configuration: { voters: ["n1", "n2"], learners: ["n3"], records: [{ id: "n3", promotes: true, priority: 7 }] },
  };
  const reply = await service.request("GET", members);
  expect(reply.status).toBe(200);
  expect(reply.headers.get("etag")).toBe('"0"');
  expect(reply.json).toMatchObject({ cluster: "demo", leader: { id: "n1" }, configurationIndex: 0, committed: true });
  expect(reply.json["members"]).toContainEqual({
    id: "n3",
    role: "learner",
    promotes: true,
    priority: 7,
    leaving: false,
    store: "current",
    peer: "127.0.0.1:7103",
    http: "http://127.0.0.1:8103",
    client: null,
    matchIndex: 1,
    lagEntries: 4,
    lagMs: 70,
    lastContactMs: 480,
  });
});

test("addresses in the log go before those that the node was started with", async () => {
  const address = JSON.stringify({ peer: "10.0.0.2:1", http: "http://10.0.0.2:2", client: "10.0.0.2:3" });
  service.status = { configuration: { voters: ["n1", "n2"], learners: [], records: [{ id: "n2", address }] } };
  const reply = await service.request("GET", members);
  const moved = { id: "n2", peer: "10.0.0.2:1", http: "http://10.0.0.2:2", client: "10.0.0.2:3" };
  expect(reply.json["members"]).toContainEqual(expect.objectContaining(moved));
  service.status = { ...service.status, role: "follower", leaderId: "n2" };
  const redirected = await service.request("DELETE", `${members}/n1`);
  expect(redirected.headers.get("location")).toBe(`http://10.0.0.2:2${members}/n1`);
});

test("a voter is added as a learner that is promoted, with its addresses for the log", async () => {
  const reply = await service.request("POST", members, { body: n4, headers: { "if-match": '"17"' } });
  expect(reply.status).toBe(200);
  const address = JSON.stringify({ peer: "127.0.0.1:7104", http: "http://127.0.0.1:8104" });
  expect(service.changes).toEqual([
    { changes: [{ type: "addLearner", id: "n4", address, promotes: true }], options: { expectedIndex: 17 } },
  ]);
});

test.each([
  [{ role: "learner" }, [{ type: "demote", id: "n2" }]],
  [{ role: "voter" }, []],
  [{ priority: 7 }, [{ type: "prioritize", id: "n2", priority: 7 }]],
])("%j for a voter makes the changes %j", async (body, changes) => {
  expect((await service.request("PATCH", `${members}/n2`, { body })).status).toBe(200);
  expect(service.changes.flatMap((one) => one.changes)).toEqual(changes);
});

test.each([
  [{}, "promote"],
  [{ demote: "n2" }, "demote"],
  [{ remove: ["n2", 7] }, "remove"],
  [{ promote: ["n 2"] }, "promote"],
  [{ add: ["n2"] }, "add"],
])("%j is no change of several members because of %s", async (body, field) => {
  const reply = await service.request("PATCH", members, { body });
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field } });
  expect(service.changes).toEqual([]);
});

test("a move keeps the addresses that are not given", async () => {
  await service.request("PATCH", `${members}/n2`, { body: { peer: "127.0.0.1:9999" } });
  const address = JSON.stringify({ peer: "127.0.0.1:9999", http: "http://127.0.0.1:8102" });
  expect(service.changes[0]?.changes).toEqual([{ type: "move", id: "n2", address }]);
});

test.each([-1, 101, 1.5, "7", null])("%j is no priority", async (priority) => {
  const reply = await service.request("PATCH", `${members}/n2`, { body: { priority } });
  expect(reply).toMatchObject({ status: 400, json: { detail: expect.stringContaining("0 to 100") } });
  expect(service.changes).toEqual([]);
});

test("force is passed on with a removal", async () => {
  await service.request("DELETE", `${members}/n2?force=true`);
  expect(service.changes).toEqual([{ changes: [{ type: "remove", id: "n2" }], options: { force: true } }]);
});

test("a member with another store is readmitted with that store, others are not", async () => {
  const { peers } = service.leaderStatus();
  service.status = { peers: peers.map((peer) => (peer.id === "n2" ? { ...peer, stranger: "new" } : peer)) };
  expect((await service.request("GET", members)).json["members"]).toContainEqual(
    expect.objectContaining({ id: "n2", store: "replaced" }),
  );
  expect((await service.request("POST", `${members}/n2/readmission`)).status).toBe(200);
  expect(service.changes[0]?.changes).toEqual([{ type: "readmit", id: "n2", incarnation: "new" }]);
  const reply = await service.request("POST", `${members}/n3/readmission`);
  expect(reply).toMatchObject({ status: 409, json: { code: "QUORATE_CHANGE_REFUSED", reason: "notReplaced" } });
});

test.each([
  {
    failure: refused("changeInProgress", "QUORATE_CHANGE_IN_PROGRESS"),
    status: 409,
    code: "QUORATE_CHANGE_IN_PROGRESS",
  },
  { failure: refused("wouldLoseQuorum", "QUORATE_WOULD_LOSE_QUORUM"), status: 422, code: "QUORATE_WOULD_LOSE_QUORUM" },
  { failure: refused("configurationChanged"), status: 412, code: "QUORATE_PRECONDITION" },
  { failure: refused("unknownServer"), status: 404, code: "QUORATE_CHANGE_REFUSED" },
  { failure: refused("noVotersLeft"), status: 422, code: "QUORATE_CHANGE_REFUSED" },
  { failure: refused("notCaughtUp"), status: 409, code: "QUORATE_CHANGE_REFUSED" },
  { failure: timedOut, status: 504, code: "QUORATE_PROPOSAL_TIMEOUT" },
])("a change that fails because of $failure.message is answered with $status $code", async (expected) => {
  service.failure = expected.failure;
  const reply = await service.request("DELETE", `${members}/n2`);
  expect(reply).toMatchObject({ status: expected.status, json: { code: expected.code } });
});

test("a follower sends whoever wants a change to the leader", async () => {
  service.status = { role: "follower", leaderId: "n3", peers: [] };
  service.failure = notLeader;
  for (const [method, path, body] of [
    ["POST", members, n4],
    ["PATCH", `${members}/n2`, { role: "learner" }],
    ["PATCH", `${members}/n2`, { role: "voter" }],
    ["DELETE", `${members}/n2`, undefined],
    ["POST", `${members}/n2/readmission`, undefined],
    ["GET", members, undefined],
  ] as const) {
    const reply = await service.request(method, path, body === undefined ? {} : { body });
    expect(reply.status).toBe(307);
    expect(reply.headers.get("location")).toBe(`http://127.0.0.1:8103${path}`);
  }
  const stale = await service.request("GET", `${members}?consistency=stale`);
  expect(stale).toMatchObject({ status: 200, json: { committed: true } });
  expect(stale.headers.get("raft-consistency")).toBe("stale");
});

test.each([
  ["POST", members, { ...n4, id: "no good" }, "id"],
  ["POST", members, { id: "n4", peer: n4.peer }, "http"],
  ["POST", members, { id: "n4", http: n4.http }, "peer"],
  ["POST", members, { ...n4, http: "ftp://x" }, "http"],
  ["POST", members, { ...n4, peer: "0.0.0.0:7104" }, "peer"],
  ["POST", members, { ...n4, peer: "127.0.0.1:7102" }, "peer"],
  ["POST", members, { ...n4, role: "king" }, "role"],
  ["POST", members, { ...n4, more: 1 }, "more"],
  ["PATCH", `${members}/n2`, {}, "role"],
  ["PATCH", `${members}/n2`, { http: "127.0.0.1:8103" }, "http"],
  ["DELETE", `${members}/n2?force=yes`, undefined, "force"],
])("%s %s with %j is refused because of %s", async (method, path, body, field) => {
  const reply = await service.request(method, path, body === undefined ? {} : { body });
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field } });
  expect(service.changes).toEqual([]);
});

test("a member that does not exist cannot be changed", async () => {
  const reply = await service.request("PATCH", `${members}/n9`, { body: { role: "voter" } });
  expect(reply).toMatchObject({ status: 404, json: { code: "QUORATE_CHANGE_REFUSED", reason: "unknownServer" } });
  expect((await service.request("DELETE", `${members}/%20`)).json["code"]).toBe("QUORATE_NAME_INVALID");
});

test("a read may ask a follower to answer itself", async () => {
  await service.request("POST", "/v1/counters/a/increments");
  const reply = await service.request("GET", "/v1/counters/a?forward=true");
  expect(service.lastQuery).toEqual({ consistency: "linearizable", forward: true });
  expect(reply.headers.get("raft-consistency")).toBe("linearizable");
  expect((await service.request("GET", "/v1/counters/a?forward=maybe")).json["field"]).toBe("forward");
  expect((await service.request("GET", "/v1/counters/a?forward=true&consistency=stale")).status).toBe(400);
});
