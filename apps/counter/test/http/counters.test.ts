// Counters over HTTP: every answer of the interface's table.

import { beforeEach, expect, test } from "vitest";
import { FakeService } from "./fake-node.ts";

let service: FakeService;
const increments = "/v1/counters/hits/increments";

beforeEach(() => {
  service = new FakeService();
});

test("an increment answers 200 with the value after it and the position in the log", async () => {
  const reply = await service.request("POST", increments, { body: { by: 5 } });
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({ name: "hits", value: 5, index: 2, term: 2 });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    "content-type": "application/json",
    "raft-index": "2",
    "raft-term": "2",
    "raft-consistency": "linearizable",
  });
});

test.each([{}, undefined])("by is 1 if the body is %j", async (body) => {
  const reply = await service.request("POST", increments, body === undefined ? {} : { body });
  expect(reply).toMatchObject({ status: 200, json: { value: 1 } });
});

test("by may be negative", async () => {
  expect((await service.request("POST", increments, { body: { by: -3 } })).json).toMatchObject({ value: -3 });
});

test("reading answers the value, and 404 before the first increment", async () => {
  expect(await service.request("GET", "/v1/counters/hits")).toMatchObject({
    status: 404,
    json: { code: "QUORATE_NOT_FOUND", outcome: "none" },
  });
  await service.request("POST", increments, { body: { by: 4 } });
  const reply = await service.request("GET", "/v1/counters/hits");
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({ name: "hits", value: 4, index: 2, term: 2 });
  expect(reply.headers.get("raft-consistency")).toBe("linearizable");
});

test("HEAD answers like GET without the body", async () => {
  await service.request("POST", increments);
  const reply = await service.request("HEAD", "/v1/counters/hits");
  expect(reply.status).toBe(200);
  expect(reply.text).toBe("");
  expect(reply.headers.get("raft-index")).toBe("2");
});

test("a sum out of range is 422 and changes nothing", async () => {
  await service.request("POST", increments, { body: { by: Number.MAX_SAFE_INTEGER } });
  const reply = await service.request("POST", increments, { body: { by: 1 } });
  expect(reply).toMatchObject({
    status: 422,
    json: { code: "QUORATE_COUNTER_RANGE", outcome: "none", value: Number.MAX_SAFE_INTEGER },
  });
});

test.each(["9007199254740992", "-9007199254740992", "1e300", "1e999"])(
  "by = %s is out of range before it reaches the log",
  async (by) => {
    const reply = await service.request("POST", increments, { body: `{"by":${by}}` });
    expect(reply).toMatchObject({ status: 422, json: { code: "QUORATE_COUNTER_RANGE" } });
    expect(service.proposals).toBe(0);
  },
);

test.each([
  { by: '"1"', found: "a string" },
  { by: "1.5", found: "1.5" },
  { by: "null", found: "null" },
  { by: "[1]", found: "an array" },
  { by: "{}", found: "an object" },
  { by: "true", found: "a boolean" },
])("by = $by is 400 and names the member", async ({ by, found }) => {
  const reply = await service.request("POST", increments, { body: `{"by":${by}}` });
  expect(reply).toMatchObject({
    status: 400,
    json: {
      code: "QUORATE_REQUEST_INVALID",
      detail: `The member "by" must be an integer, found ${found}.`,
      field: "by",
    },
  });
});

test("an unknown member is 400: a typing mistake must not add 1", async () => {
  const reply = await service.request("POST", increments, { body: { By: 5 } });
  expect(reply).toMatchObject({
    status: 400,
    json: { detail: 'The member "By" is unknown; known: "by".', field: "By" },
  });
  expect(service.proposals).toBe(0);
});

test("conditions are refused, because a counter cannot check them", async () => {
  const reply = await service.request("POST", increments, { headers: { "if-match": '"1"' } });
  expect(reply).toMatchObject({ status: 400, json: { detail: "The header if-match is not supported here." } });
});

test("an empty request that a browser sends for another site is refused", async () => {
  const reply = await service.request("POST", increments, { headers: { origin: "http://evil.test" } });
  expect(reply).toMatchObject({ status: 415, json: { code: "QUORATE_CONTENT_TYPE" } });
  expect(service.proposals).toBe(0);
});
