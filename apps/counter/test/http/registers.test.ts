// Registers over HTTP: every answer of the interface's table.

import { beforeEach, expect, test } from "vitest";
import { FakeService } from "./fake-node.ts";

let service: FakeService;
const path = "/v1/registers/config";

beforeEach(() => {
  service = new FakeService();
});

function put(value: unknown, headers: Readonly<Record<string, string>> = {}) {
  return service.request("PUT", path, { body: { value }, headers });
}

test("setting answers 201 for a new register and 200 afterwards", async () => {
  const created = await put({ b: 1, a: [null] });
  expect(created.status).toBe(201);
  expect(created.json).toEqual({ key: "config", value: { a: [null], b: 1 }, revision: 2, index: 2, term: 2 });
  expect(created.headers.get("etag")).toBe('"2"');
  const changed = await put("x");
  expect(changed).toMatchObject({ status: 200, json: { value: "x", revision: 3 } });
});

test.each([null, false, 0, "", [], {}, "\u0000é🎉", { __proto__x: 1 }])("%j is a value", async (value) => {
  expect((await put(value)).json["value"]).toEqual(value);
  expect((await service.request("GET", path)).json["value"]).toEqual(value);
});

test("reading answers the value with its revision as ETag, and 404 if there is none", async () => {
  expect(await service.request("GET", path)).toMatchObject({ status: 404, json: { code: "QUORATE_NOT_FOUND" } });
  await put(1);
  const reply = await service.request("GET", path);
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({ key: "config", value: 1, revision: 2, index: 2, term: 2 });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    etag: '"2"',
    "raft-index": "2",
    "raft-term": "2",
    "raft-consistency": "linearizable",
  });
});

test("If-Match lets only the current revision through", async () => {
  await put(1);
  const refused = await put(2, { "if-match": '"9"' });
  expect(refused).toMatchObject({
    status: 412,
    json: { code: "QUORATE_PRECONDITION", outcome: "none", exists: true, revision: 2 },
  });
  expect(refused.headers.get("etag")).toBe('"2"');
  expect(await put(2, { "if-match": '"2"' })).toMatchObject({ status: 200, json: { revision: 4 } });
  expect(await put(3, { "if-match": "*" })).toMatchObject({ status: 200 });
});

test("If-Match on a register that does not exist is 412", async () => {
  expect(await put(1, { "if-match": '"1"' })).toMatchObject({ status: 412, json: { exists: false, revision: null } });
  expect(await put(1, { "if-match": "*" })).toMatchObject({ status: 412 });
});

test("If-None-Match: * only creates", async () => {
  expect(await put(1, { "if-none-match": "*" })).toMatchObject({ status: 201 });
  expect(await put(2, { "if-none-match": "*" })).toMatchObject({ status: 412, json: { revision: 2 } });
});

test.each([
  { headers: { "if-match": "2" }, field: "If-Match" },
  { headers: { "if-match": 'W/"2"' }, field: "If-Match" },
  { headers: { "if-match": '"1", "2"' }, field: "If-Match" },
  { headers: { "if-match": '"01"' }, field: "If-Match" },
  { headers: { "if-match": "" }, field: "If-Match" },
  { headers: { "if-none-match": '"2"' }, field: "If-None-Match" },
])("$headers is 400", async ({ headers, field }) => {
  const reply = await put(1, headers);
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field } });
  expect(service.proposals).toBe(0);
});

test("both conditions at once are 400", async () => {
  expect(await put(1, { "if-match": '"1"', "if-none-match": "*" })).toMatchObject({ status: 400 });
});

test("compare-and-set writes over the expected value, compared deeply", async () => {
  await put({ a: 1, b: [2] });
  const body = '{"expected":{"b":[2],"a":1},"value":"next"}';
  const reply = await service.request("POST", `${path}/compare-and-set`, { body });
  expect(reply).toMatchObject({ status: 200, json: { key: "config", value: "next", revision: 3 } });
  expect(reply.headers.get("etag")).toBe('"3"');
});

test("a failed compare-and-set is 412 with the current value", async () => {
  await put({ a: 1 });
  const body = { expected: { a: 2 }, value: 0 };
  const reply = await service.request("POST", `${path}/compare-and-set`, { body });
  expect(reply).toMatchObject({
    status: 412,
    json: { code: "QUORATE_PRECONDITION", exists: true, revision: 2, value: { a: 1 } },
  });
});

test("without expected, compare-and-set only creates; expected null is a value", async () => {
  const cas = (body: object) => service.request("POST", `${path}/compare-and-set`, { body });
  expect(await cas({ expected: null, value: 1 })).toMatchObject({ status: 412, json: { exists: false } });
  expect(await cas({ value: null })).toMatchObject({ status: 201 });
  expect(await cas({ value: 2 })).toMatchObject({ status: 412, json: { value: null } });
  expect(await cas({ expected: null, value: 2 })).toMatchObject({ status: 200 });
});

test("deleting is 204 without a body, then 404", async () => {
  await put(1);
  const reply = await service.request("DELETE", path);
  expect(reply.status).toBe(204);
  expect(reply.text).toBe("");
  expect(Object.fromEntries(reply.headers)).toMatchObject({ "raft-index": "3", "raft-term": "2" });
  expect(await service.request("DELETE", path)).toMatchObject({ status: 404, json: { code: "QUORATE_NOT_FOUND" } });
  expect(await service.request("GET", path)).toMatchObject({ status: 404 });
});

test("deleting with If-Match needs the current revision", async () => {
  await put(1);
  expect(await service.request("DELETE", path, { headers: { "if-match": '"7"' } })).toMatchObject({ status: 412 });
  expect(await service.request("DELETE", path, { headers: { "if-match": '"2"' } })).toMatchObject({ status: 204 });
});

test("a value is needed", async () => {
  expect(await service.request("PUT", path, { body: {} })).toMatchObject({
    status: 400,
    json: { detail: 'The member "value" is missing.', field: "value" },
  });
});

test("a number that JSON.parse turns into infinity is refused", async () => {
  const reply = await service.request("PUT", path, { body: '{"value":[1e999]}' });
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field: "value" } });
});

test("deep nesting is a value like any other", async () => {
  const text = "[".repeat(200_000) + "]".repeat(200_000);
  expect(await service.request("PUT", path, { body: `{"value":${text}}` })).toMatchObject({ status: 201 });
  const reply = await service.request("GET", path);
  expect(reply.text).toContain(text);
  const refused = await service.request("POST", `${path}/compare-and-set`, { body: { expected: 1, value: 1 } });
  expect(refused.status).toBe(412);
});

test("a value that grows beyond the limit when written out is 413", async () => {
  const body = `{"value":[${Array(200_000).fill("1e20").join(",")}]}`;
  expect(await service.request("PUT", path, { body })).toMatchObject({
    status: 413,
    json: { code: "QUORATE_TOO_LARGE" },
  });
});
