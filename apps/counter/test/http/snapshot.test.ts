// The route of backups: what it says, how it reads, and that only one at a time is given away.

import { expect, test } from "vitest";
import { notLeader } from "./errors.ts";
import { FakeService } from "./fake-node.ts";

const path = "/v1/cluster/snapshot";
const configuration = { voters: ["n1"], learners: [] };
const facts = { index: 8, term: 2, configuration, sizeBytes: 6, checksum: 99 };

function withSnapshot(): FakeService {
  const service = new FakeService();
  const chunks = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from("sta");
    yield Buffer.from("te!");
  };
  service.snapshot = { snapshot: facts, chunks };
  return service;
}

async function get(service: FakeService, method = "GET"): Promise<Response> {
  return service.handle(new Request(`http://node.test${path}`, { method }));
}

test("a line of facts comes first, then the state", async () => {
  const response = await get(withSnapshot());
  expect(response.status).toBe(200);
  expect(response.headers.get("raft-index")).toBe("8");
  expect(response.headers.get("raft-consistency")).toBe("linearizable");
  const text = await response.text();
  expect(response.headers.get("content-length")).toBe(String(text.length));
  const [header = "", state] = text.split("\n");
  expect(JSON.parse(header)).toEqual({ format: "quorate-snapshot", version: 1, cluster: "demo", node: "n1", ...facts });
  expect(state).toBe("state!");
});

test("one is given away at a time; the next may come when it was read, left, or never wanted", async () => {
  const service = withSnapshot();
  const first = await get(service);
  expect(await (await get(service)).json()).toMatchObject({ code: "QUORATE_BUSY", retryable: true });
  await first.text();
  expect((await get(service, "HEAD")).status).toBe(200);
  const second = await get(service);
  expect(second.status).toBe(200);
  await second.body?.cancel();
  expect((await get(service)).status).toBe(200);
});

test("a follower stores one too when it is asked to, and says what it holds", async () => {
  const service = withSnapshot();
  service.status = { role: "follower", leaderId: "n3", firstIndex: 9 };
  const reply = await service.request("POST", path);
  expect(reply).toMatchObject({ status: 200, json: { node: "n1", index: 8, term: 2, sizeBytes: 6, firstIndex: 9 } });
  expect(reply.headers.get("raft-index")).toBe("8");
  expect((await service.request("POST", path, { body: { now: true } })).json["field"]).toBe("now");
  expect((await new FakeService().request("POST", path)).json).toMatchObject({ detail: "n1 has no snapshot." });
});

test("a node without snapshots says so, and a follower points to the leader", async () => {
  const none = await get(new FakeService());
  expect(await none.json()).toMatchObject({ code: "QUORATE_NOT_FOUND", detail: "n1 has no snapshot." });
  const service = withSnapshot();
  service.failure = notLeader;
  service.status = { role: "follower", leaderId: "n3" };
  expect((await get(service)).status).toBe(307);
});
