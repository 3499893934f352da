// Idempotency keys over HTTP: the same request may be sent again and again.

import { beforeEach, expect, test } from "vitest";
import { FakeService } from "./fake-node.ts";

let service: FakeService;
const increments = "/v1/counters/hits/increments";
const register = "/v1/registers/r";

beforeEach(() => {
  service = new FakeService();
});

function withKey(key: string): { headers: Record<string, string> } {
  return { headers: { "idempotency-key": key } };
}

test("a repeated increment gets the first answer and is marked", async () => {
  const first = await service.request("POST", increments, { body: { by: 5 }, ...withKey("k") });
  await service.request("POST", increments);
  const again = await service.request("POST", increments, { body: { by: 5 }, ...withKey("k") });
  expect(again.text).toBe(first.text);
  expect(again.status).toBe(200);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.headers.get("raft-index")).toBe(first.headers.get("raft-index"));
  expect(first.headers.has("idempotency-replayed")).toBe(false);
  expect((await service.request("GET", "/v1/counters/hits")).json).toMatchObject({ value: 6 });
});

test("the default increment is the same request as by = 1", async () => {
  await service.request("POST", increments, withKey("k"));
  const again = await service.request("POST", increments, { body: { by: 1 }, ...withKey("k") });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("a repeated creation stays 201, a repeated deletion stays 204", async () => {
  const set = { body: { value: [1] }, ...withKey("set") };
  const created = await service.request("PUT", register, set);
  const removed = await service.request("DELETE", register, withKey("delete"));
  const createdAgain = await service.request("PUT", register, set);
  const removedAgain = await service.request("DELETE", register, withKey("delete"));
  expect([created.status, createdAgain.status]).toEqual([201, 201]);
  expect(createdAgain.text).toBe(created.text);
  expect([removed.status, removedAgain.status]).toEqual([204, 204]);
  expect(removedAgain.headers.get("idempotency-replayed")).toBe("true");
});

test("a refusal is repeated as well, marked", async () => {
  const cas = { body: { expected: 1, value: 2 }, ...withKey("k") };
  expect((await service.request("POST", `${register}/compare-and-set`, cas)).status).toBe(412);
  await service.request("PUT", register, { body: { value: 1 } });
  const again = await service.request("POST", `${register}/compare-and-set`, cas);
  expect(again).toMatchObject({ status: 412, json: { exists: false } });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

test("the same key with another request is 422", async () => {
  await service.request("POST", increments, { body: { by: 5 }, ...withKey("k") });
  const reply = await service.request("POST", increments, { body: { by: 6 }, ...withKey("k") });
  expect(reply).toMatchObject({ status: 422, json: { code: "QUORATE_KEY_REUSED", outcome: "none", firstIndex: 2 } });
});

test.each([["two words"], [""], ["x".repeat(129)], ["schlüssel"], ["\t"]])("the key %j is 400", async (key) => {
  const reply = await service.request("POST", increments, withKey(key));
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_KEY_INVALID" } });
  expect(service.proposals).toBe(0);
});

test("128 visible characters are a key", async () => {
  expect((await service.request("POST", increments, withKey("~".repeat(128)))).status).toBe(200);
});
