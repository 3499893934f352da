// What a node says of itself, as leader, as follower, and when it is in trouble.

import { beforeEach, expect, test } from "vitest";
import { FakeService } from "./fake-node.ts";

let service: FakeService;

beforeEach(() => {
  service = new FakeService();
});

test("a leader's status names every member with its progress", async () => {
  const reply = await service.request("GET", "/v1/status");
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({
    cluster: "demo",
    id: "n1",
    role: "leader",
    term: 2,
    leader: { id: "n1", http: "http://127.0.0.1:8101" },
    commitIndex: 1,
    lastApplied: 1,
    lastIndex: 1,
    firstIndex: 1,
    stateHash: service.machine.stateHash(),
    members: [
      { id: "n1", voter: true, http: "http://127.0.0.1:8101", matchIndex: 1, lastContactMs: 0 },
      { id: "n2", voter: true, http: "http://127.0.0.1:8102", matchIndex: 1, lastContactMs: 12 },
      { id: "n3", voter: true, http: "http://127.0.0.1:8103", matchIndex: 1, lastContactMs: 480 },
    ],
    version: "1.2.3",
  });
  expect(Object.fromEntries(reply.headers)).toMatchObject({ "raft-index": "1", "raft-term": "2" });
});

test("a follower's status works without a leader", async () => {
  service.status = { role: "follower", leaderId: undefined, peers: [] };
  const reply = await service.request("GET", "/v1/status");
  expect(reply).toMatchObject({ status: 200, json: { role: "follower", leader: null } });
  expect(reply.json["members"]).toContainEqual({ id: "n2", voter: true, http: "http://127.0.0.1:8102" });
});

test("the state's hash changes with the state", async () => {
  const before = (await service.request("GET", "/v1/status")).json["stateHash"];
  await service.request("POST", "/v1/counters/a/increments");
  expect((await service.request("GET", "/v1/status")).json["stateHash"]).not.toBe(before);
});

test("a node without a leader is alive and not ready", async () => {
  service.status = { role: "follower", leaderId: undefined };
  expect(await service.request("GET", "/livez")).toMatchObject({ status: 200, json: { status: "ok" } });
  const reply = await service.request("GET", "/readyz");
  expect(reply).toMatchObject({ status: 503, json: { code: "QUORATE_NOT_READY", reasons: ["no leader is known"] } });
  expect(reply.headers.get("retry-after")).toBe("1");
});

test("a node with a leader is ready", async () => {
  expect(await service.request("GET", "/readyz")).toMatchObject({ status: 200, json: { status: "ok" } });
});

test("a node that is shutting down is alive and not ready", async () => {
  service.draining = true;
  expect((await service.request("GET", "/livez")).status).toBe(200);
  expect(await service.request("GET", "/readyz")).toMatchObject({
    status: 503,
    json: { reasons: ["the node is shutting down"] },
  });
});

test("a node that has stopped because of an error is not alive", async () => {
  service.status = { state: "failed" };
  expect((await service.request("GET", "/livez")).status).toBe(503);
  expect((await service.request("GET", "/readyz")).status).toBe(503);
  expect((await service.request("GET", "/v1/status")).status).toBe(200);
});
