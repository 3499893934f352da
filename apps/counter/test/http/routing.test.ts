// The way to the leader, levels of reading, and errors of the cluster.

import { QuorateError } from "@quorate/contracts";
import { beforeEach, expect, test } from "vitest";
import { noLeader, notLeader, timedOut } from "./errors.ts";
import { FakeService } from "./fake-node.ts";

let service: FakeService;

beforeEach(() => {
  service = new FakeService();
});

function becomeFollower(): void {
  service.failure = notLeader;
  service.status = { role: "follower", leaderId: "n3", leaderHeardMsAgo: 40, stateAgeMs: 40, peers: [] };
}

function facts({ code, message, hint }: QuorateError) {
  return { code, message, hint };
}

const leaderRequests = [
  { method: "POST", path: "/v1/counters/a%2Fb/increments?x=%20", options: { body: { by: 1 } } },
  { method: "GET", path: "/v1/counters/a", options: {} },
  { method: "GET", path: "/v1/counters/a?consistency=lease", options: {} },
  { method: "PUT", path: "/v1/registers/a", options: { body: { value: 1 } } },
  { method: "POST", path: "/v1/registers/a/compare-and-set", options: { body: { value: 1 } } },
  { method: "GET", path: "/v1/registers/a", options: {} },
  { method: "DELETE", path: "/v1/registers/a", options: {} },
  { method: "POST", path: "/v1/cluster/leader-transfer", options: { body: { to: "n2" } } },
] as const;

test.each(leaderRequests)("$method $path at a follower is 307 to the leader", async ({ method, path, options }) => {
  becomeFollower();
  const reply = await service.request(method, path, options);
  expect(reply.status).toBe(307);
  expect(reply.headers.get("location")).toBe(`http://127.0.0.1:8103${path}`);
  expect(reply.headers.get("raft-leader")).toBe("n3");
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(reply.json).toMatchObject({
    status: 307,
    code: "QUORATE_NOT_LEADER",
    leader: { id: "n3", http: "http://127.0.0.1:8103" },
    outcome: "none",
    instance: path,
  });
});

test.each([
  { path: "/v1/counters/a?redirect=never", headers: {} },
  { path: "/v1/counters/a", headers: { prefer: "redirect=never" } },
  { path: "/v1/counters/a", headers: { prefer: 'return=minimal, Redirect="never"; x=1' } },
])("$path with $headers is 421 instead", async ({ path, headers }) => {
  becomeFollower();
  const reply = await service.request("GET", path, { headers });
  expect(reply.status).toBe(421);
  expect(reply.headers.get("raft-leader")).toBe("n3");
  expect(reply.json).toMatchObject({ status: 421, code: "QUORATE_NOT_LEADER", leader: { id: "n3" } });
});

test("without a leader it is 503 with Retry-After, and a promise that nothing happened", async () => {
  service.failure = noLeader;
  service.status = { role: "candidate", leaderId: undefined };
  const reply = await service.request("POST", "/v1/counters/a/increments");
  expect(reply).toMatchObject({
    status: 503,
    json: { code: "QUORATE_NO_LEADER", outcome: "none", retryable: true, leader: null },
  });
  expect(reply.headers.get("retry-after")).toBe("1");
});

test("a node that refuses although it leads by now does not redirect to itself", async () => {
  service.failure = new QuorateError({ ...facts(notLeader), details: { leaderId: "n1" } });
  const reply = await service.request("GET", "/v1/counters/a");
  expect(reply).toMatchObject({ status: 503, json: { code: "QUORATE_NO_LEADER", retryable: true } });
});

test("an unknown outcome is 504 and says so", async () => {
  service.failure = timedOut;
  const reply = await service.request("POST", "/v1/counters/a/increments");
  expect(reply).toMatchObject({
    status: 504,
    json: { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown", type: "urn:quorate:error:proposal-timeout" },
  });
});

test("every member of a problem is there", async () => {
  service.failure = timedOut;
  const reply = await service.request("POST", "/v1/counters/a/increments");
  expect(reply.json).toEqual({
    type: "urn:quorate:error:proposal-timeout",
    title: "The outcome of the write is unknown",
    status: 504,
    detail: "index 9 (term 2) was not committed in time; the outcome is unknown",
    instance: "/v1/counters/a/increments",
    code: "QUORATE_PROPOSAL_TIMEOUT",
    hint: "retry with the same idempotency key",
    retryable: true,
    outcome: "unknown",
    leader: { id: "n1", http: "http://127.0.0.1:8101" },
    term: 2,
    node: "n1",
  });
});

test("a defect is 500 with an unknown outcome, and is reported", async () => {
  service.failure = new Error("secret detail");
  const reply = await service.request("POST", "/v1/counters/a/increments");
  expect(reply).toMatchObject({ status: 500, json: { code: "QUORATE_INTERNAL", outcome: "unknown" } });
  expect(reply.text).not.toContain("secret detail");
  expect(service.defects).toHaveLength(1);
});

test("a stale read is answered by any node and labelled with its age", async () => {
  await service.request("POST", "/v1/counters/a/increments");
  becomeFollower();
  const reply = await service.request("GET", "/v1/counters/a?consistency=stale");
  expect(reply).toMatchObject({ status: 200, json: { value: 1 } });
  expect(reply.headers.get("raft-consistency")).toBe("stale");
  expect(reply.headers.get("raft-age-ms")).toBe("40");
});

test("a stale read works without a leader too", async () => {
  service.failure = noLeader;
  service.status = { role: "follower", leaderId: undefined, leaderHeardMsAgo: undefined, stateAgeMs: undefined };
  expect((await service.request("GET", "/v1/registers/a?consistency=stale")).status).toBe(404);
});

test.each([
  {
    name: "a follower that heard a leader 40 ms ago",
    status: { role: "follower", stateAgeMs: 40 },
    ok: 40,
    no: 39,
  },
  { name: "a leader that heard its majority 12 ms ago", status: {}, ok: 12, no: 11 },
] as const)("max_age_ms is enforced at $name", async ({ status, ok, no }) => {
  service.status = status;
  await service.request("POST", "/v1/counters/a/increments");
  expect((await service.request("GET", `/v1/counters/a?consistency=stale&max_age_ms=${ok}`)).status).toBe(200);
  expect(await service.request("GET", `/v1/counters/a?consistency=stale&max_age_ms=${no}`)).toMatchObject({
    status: 503,
    json: { code: "QUORATE_STALE_TOO_OLD", ageMs: ok, maxAgeMs: no, retryable: true },
  });
});

test("a node that never heard a leader is too old for any bound", async () => {
  service.status = { role: "follower", leaderId: undefined, leaderHeardMsAgo: undefined, stateAgeMs: undefined };
  const reply = await service.request("GET", "/v1/counters/a?consistency=stale&max_age_ms=99999");
  expect(reply).toMatchObject({ status: 503, json: { code: "QUORATE_STALE_TOO_OLD", ageMs: null } });
});

test("a lease read is labelled with the level that the node really used", async () => {
  await service.request("POST", "/v1/counters/a/increments");
  service.hasLease = true;
  const underLease = await service.request("GET", "/v1/counters/a?consistency=lease");
  expect(underLease.headers.get("raft-consistency")).toBe("lease");
  service.hasLease = false;
  const reply = await service.request("GET", "/v1/counters/a?consistency=lease");
  expect(reply.status).toBe(200);
  expect(reply.headers.get("raft-consistency")).toBe("linearizable");
});

test.each(["stale", "lease", "linearizable"])(
  "a %s read may ask for an index and for how long to wait",
  async (level) => {
    await service.request("POST", "/v1/counters/a/increments");
    const path = `/v1/counters/a?consistency=${level}&max_wait_ms=250`;
    const reply = await service.request("GET", path, { headers: { "raft-min-index": "2" } });
    expect(reply).toMatchObject({ status: 200, json: { value: 1, index: 2 } });
    expect(service.lastQuery).toMatchObject({ consistency: level, minIndex: 2, timeoutMs: 250 });
  },
);

test("an index that the node does not reach in time is 503 with both indexes and what to do", async () => {
  const reply = await service.request("GET", "/v1/counters/a?consistency=stale", {
    headers: { "raft-min-index": "99" },
  });
  expect(reply).toMatchObject({
    status: 503,
    json: { code: "QUORATE_INDEX_NOT_REACHED", minIndex: 99, lastApplied: 1, retryable: true, outcome: "none" },
  });
  expect(reply.json["hint"]).not.toBe("");
});

test("the age of a stale answer is that of the moment in which it is given", async () => {
  service.status = { role: "follower", leaderId: "n3", stateAgeMs: 400 };
  service.onQuery = () => (service.status = { ...service.status, stateAgeMs: 7 });
  const reply = await service.request("GET", "/v1/registers/a?consistency=stale&max_age_ms=10");
  expect(reply.status).toBe(404);
  service.onQuery = () => (service.status = { ...service.status, stateAgeMs: 11 });
  expect((await service.request("GET", "/v1/registers/a?consistency=stale&max_age_ms=10")).json).toMatchObject({
    code: "QUORATE_STALE_TOO_OLD",
    ageMs: 11,
  });
});

test.each(["", "-1", "1.5", "0x10", "1, 2", '"7"', "9007199254740993"])(
  "Raft-Min-Index: %s is 400 and named",
  async (value) => {
    const reply = await service.request("GET", "/v1/counters/a", { headers: { "raft-min-index": value } });
    expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field: "Raft-Min-Index" } });
  },
);

test.each([
  { query: "max_wait_ms=0", field: "max_wait_ms" },
  { query: "max_wait_ms=60001", field: "max_wait_ms" },
  { query: "consistency=stale&max_wait_ms=", field: "max_wait_ms" },
  { query: "consistency=eventual", field: "consistency" },
  { query: "consistency=", field: "consistency" },
  { query: "consistency=stale&consistency=lease", field: "consistency" },
  { query: "consistency=stale&max_age_ms=-1", field: "max_age_ms" },
  { query: "consistency=stale&max_age_ms=1.5", field: "max_age_ms" },
  { query: "consistency=stale&max_age_ms=", field: "max_age_ms" },
  { query: "max_age_ms=5", field: "max_age_ms" },
  { query: "consistency=linearizable&max_age_ms=5", field: "max_age_ms" },
])("?$query is 400", async ({ query, field }) => {
  const reply = await service.request("GET", `/v1/counters/a?${query}`);
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field } });
});

test("more requests than allowed at once are 503 QUORATE_BUSY, and probes are still answered", async () => {
  service = new FakeService({ limits: { maxInFlight: 1, maxUrlLength: 8192 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  service.gate = promise;
  const waiting = service.request("POST", "/v1/counters/a/increments");
  const refused = await service.request("GET", "/v1/counters/a");
  expect(refused).toMatchObject({ status: 503, json: { code: "QUORATE_BUSY", outcome: "none", retryable: true } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await service.request("GET", "/v1/status")).status).toBe(200);
  expect((await service.request("GET", "/livez")).status).toBe(200);
  resolve();
  expect((await waiting).status).toBe(200);
  expect((await service.request("GET", "/v1/counters/a")).status).toBe(200);
});
