// Requests that are wrong in themselves: routes, methods, names, content types, bodies.

import { beforeEach, expect, test } from "vitest";
import { FakeService, replyOf } from "./fake-node.ts";

let service: FakeService;
const increments = "/v1/counters/hits/increments";

beforeEach(() => {
  service = new FakeService();
});

test.each(["/", "/v1", "/v1/counters", "/v1/counters/", "/v2/counters/a", "/v1/counters/a/", "/v1/counters/a/b/c"])(
  "%s is 404 as a problem",
  async (path) => {
    const reply = await service.request("GET", path);
    expect(reply).toMatchObject({ status: 404, json: { code: "QUORATE_ROUTE_NOT_FOUND", instance: path } });
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
  },
);

test.each([
  { method: "PUT", path: "/v1/counters/a", allow: "GET, HEAD" },
  { method: "GET", path: increments, allow: "POST" },
  { method: "POST", path: "/v1/registers/a", allow: "DELETE, GET, HEAD, PUT" },
  { method: "PUT", path: "/v1/registers/a/compare-and-set", allow: "POST" },
  { method: "GET", path: "/v1/cluster/leader-transfer", allow: "POST" },
  { method: "DELETE", path: "/v1/status", allow: "GET, HEAD" },
  { method: "OPTIONS", path: "/v1/status", allow: "GET, HEAD" },
  { method: "POST", path: "/livez", allow: "GET, HEAD" },
  { method: "PATCH", path: "/readyz", allow: "GET, HEAD" },
])("$method $path is 405 with Allow: $allow", async ({ method, path, allow }) => {
  const reply = await service.request(method, path);
  expect(reply).toMatchObject({ status: 405, json: { code: "QUORATE_METHOD_NOT_ALLOWED" } });
  expect(reply.headers.get("allow")).toBe(allow);
});

test.each([
  { segment: "a%2Fb", name: "a/b" },
  { segment: "100%25", name: "100%" },
  { segment: "%3Fx%23", name: "?x#" },
  { segment: "a%252Fb", name: "a%2Fb" },
  { segment: "%F0%9F%8E%89", name: "🎉" },
  { segment: "%00", name: "\u0000" },
  { segment: "a+b", name: "a+b" },
  { segment: "%EF%BB%BFx", name: "\uFEFFx" },
  { segment: "__proto__", name: "__proto__" },
  { segment: "...", name: "..." },
  { segment: "x".repeat(256), name: "x".repeat(256) },
  { segment: "%C3%BC".repeat(128), name: "ü".repeat(128) },
])("the name $segment is taken as $name", async ({ segment, name }) => {
  const reply = await service.request("POST", `/v1/counters/${segment}/increments`);
  expect(reply).toMatchObject({ status: 200, json: { name, value: 1 } });
  expect((await service.request("GET", `/v1/counters/${segment}`)).json).toMatchObject({ name, value: 1 });
});

test.each(["%", "%zz", "%E4%A2", "%C3%28", "%ED%A0%80", "a%2", "x".repeat(257), "%C3%BC".repeat(129)])(
  "the name %s is 400",
  async (segment) => {
    const reply = await service.request("GET", `/v1/registers/${segment}`);
    expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_NAME_INVALID" } });
  },
);

test.each([".", ".."])("the name %s is 400 if it arrives at all", async (name) => {
  const request = { url: `http://node.test/v1/counters/${name}`, method: "GET", headers: new Headers() };
  // A Request would drop such segments; a raw HTTP request need not.
  const reply = await replyOf(await service.handle(request as unknown as Request));
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_NAME_INVALID" } });
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/jsonp",
  "application/json; charset=latin1",
  "multipart/form-data; boundary=x",
  "",
])("the content type %j is 415", async (type) => {
  const reply = await service.request("PUT", "/v1/registers/a", {
    body: { value: 1 },
    headers: { "content-type": type },
  });
  expect(reply).toMatchObject({ status: 415, json: { code: "QUORATE_CONTENT_TYPE" } });
  expect(service.proposals).toBe(0);
});

test.each(["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
  "the content type %s is accepted",
  async (type) => {
    const reply = await service.request("PUT", "/v1/registers/a", {
      body: { value: 1 },
      headers: { "content-type": type },
    });
    expect(reply.status).toBe(201);
  },
);

test("a body without a content type is 415", async () => {
  const body = new TextEncoder().encode('{"value":1}');
  const request = new Request("http://node.test/v1/registers/a", { method: "PUT", body });
  expect(await replyOf(await service.handle(request))).toMatchObject({ status: 415 });
});

test.each([
  { body: "{", position: 1, found: "the text ends too early" },
  { body: '{"value":}', position: 9, found: 'unexpected "}"' },
  { body: "nope", position: 0, found: 'unexpected "n"' },
  { body: '{"value":1}x', position: 11, found: 'unexpected "x"' },
  { body: '{"value":1,}', position: 11, found: 'unexpected "}"' },
])("the body $body is 400 at position $position", async ({ body, position, found }) => {
  const reply = await service.request("PUT", "/v1/registers/a", { body });
  expect(reply).toMatchObject({
    status: 400,
    json: {
      code: "QUORATE_JSON_INVALID",
      position,
      detail: `The body is not JSON: ${found} at position ${position}.`,
    },
  });
});

test("an empty body is 400 where one is needed", async () => {
  const reply = await service.request("PUT", "/v1/registers/a", { body: "" });
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_JSON_INVALID", position: 0 } });
});

test.each(["[]", "null", "1", '"x"'])("the body %s is 400: it must be an object", async (body) => {
  const reply = await service.request("POST", increments, { body });
  expect(reply).toMatchObject({ status: 400, json: { detail: "The body must be a JSON object." } });
});

test("a body that is not UTF-8 is 400", async () => {
  const request = new Request("http://node.test/v1/registers/a", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: Uint8Array.of(0x7b, 0xff, 0x7d),
  });
  expect(await replyOf(await service.handle(request))).toMatchObject({
    status: 400,
    json: { code: "QUORATE_JSON_INVALID", detail: "The body is not UTF-8." },
  });
});

test("an announced body over 1 MiB is 413 before it is read", async () => {
  const reply = await service.request("PUT", "/v1/registers/a", {
    body: "{}",
    headers: { "content-length": "1048577" },
  });
  expect(reply).toMatchObject({ status: 413, json: { code: "QUORATE_TOO_LARGE", limitBytes: 1_048_576 } });
});

test("a body that is longer than announced is 413 all the same", async () => {
  const body = `{"value":"${"x".repeat(1024 * 1024)}"}`;
  const reply = await service.request("PUT", "/v1/registers/a", { body, headers: { "content-length": "7" } });
  expect(reply).toMatchObject({ status: 413, json: { code: "QUORATE_TOO_LARGE" } });
});

test("an endless body is 413 after 1 MiB, and no more of it is read", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
    },
  });
  const init = { method: "PUT", headers: { "content-type": "application/json" }, body: endless, duplex: "half" };
  const request = new Request("http://node.test/v1/registers/a", init as RequestInit);
  expect((await replyOf(await service.handle(request))).status).toBe(413);
  expect(pulled).toBeLessThan(25);
});

test("a body of exactly 1 MiB is accepted", async () => {
  const body = `{"value":"${"x".repeat(1024 * 1024 - 12)}"}`;
  expect(body.length).toBe(1024 * 1024);
  expect((await service.request("PUT", "/v1/registers/a", { body })).status).toBe(201);
});

test("an address over 8 KiB is 414", async () => {
  const reply = await service.request("GET", `/v1/counters/a?x=${"y".repeat(8192)}`);
  expect(reply).toMatchObject({ status: 414, json: { code: "QUORATE_URI_TOO_LONG" } });
});
