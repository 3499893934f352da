// A thousand malformed requests from one seed: every one is answered as a problem of the client's, and none changes anything.

import { expect, test } from "vitest";
import { FakeService, replyOf } from "./fake-node.ts";

const seed = Number(process.env["QUORATE_TEST_SEED"] ?? 20_261_122);
const count = 1000;

type Malformed = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
};

test(`${count} malformed requests (seed ${seed}) are 4xx problems and change nothing`, async () => {
  const service = new FakeService();
  await service.request("PUT", "/v1/registers/r", { body: { value: 1 } });
  await service.request("POST", "/v1/counters/c/increments", { body: { by: 1 } });
  const before = service.machine.stateHash();
  const random = generator(seed);
  const wrong: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const malformed = malformedRequest(random);
    const verdict = await verdictOn(service, malformed);
    if (verdict !== undefined) wrong.push(`#${i} ${malformed.method} ${malformed.path} ${verdict}`);
  }
  expect(wrong).toEqual([]);
  expect(service.defects).toEqual([]);
  expect(service.transfers).toEqual([]);
  expect(service.machine.stateHash()).toBe(before);
});

/** What is wrong with the answer; undefined if it is as it should be. */
async function verdictOn(
  service: FakeService,
  { method, path, headers, body }: Malformed,
): Promise<string | undefined> {
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const reply = await replyOf(await service.handle(new Request(`http://node.test${path}`, init)));
  const isProblem = reply.headers.get("content-type") === "application/problem+json";
  if (method === "HEAD") return reply.status >= 400 && reply.status < 500 ? undefined : `${reply.status}`;
  const members = ["type", "title", "status", "detail", "instance", "code", "hint", "retryable", "outcome", "term"];
  const missing = members.filter((member) => !(member in reply.json));
  if (reply.status < 400 || reply.status >= 500 || !isProblem || missing.length > 0) {
    return `${reply.status} ${reply.text} missing ${missing.join()} for ${new TextDecoder().decode(body)}`;
  }
  return reply.json["outcome"] === "none" ? undefined : "outcome is not none";
}

type Draw = (below: number) => number;

function malformedRequest(random: Draw): Malformed {
  const kinds = [brokenBody, wrongMembers, brokenName, brokenHeader, brokenQuery, wrongRoute, wrongContentType];
  const kind = pick(random, kinds);
  return kind(random);
}

const writes = [
  { method: "POST", path: "/v1/counters/c/increments", body: '{"by":1}' },
  { method: "PUT", path: "/v1/registers/r", body: '{"value":{"a":[1,2,"x"]}}' },
  { method: "POST", path: "/v1/registers/r/compare-and-set", body: '{"expected":1,"value":2}' },
  { method: "POST", path: "/v1/cluster/leader-transfer", body: '{"to":"n2"}' },
] as const;

const json = { "content-type": "application/json" };

/** Valid JSON with bytes removed, inserted or changed until it is no JSON any more. */
function brokenBody(random: Draw): Malformed {
  const { method, path, body } = pick(random, writes);
  const bytes = [...new TextEncoder().encode(body)];
  do {
    const at = random(bytes.length + 1);
    const edits = [() => bytes.splice(at, 1 + random(4)), () => bytes.splice(at, random(2), random(256))];
    pick(random, edits)();
  } while (isJson(Uint8Array.from(bytes)));
  // An empty body is a valid increment; a brace alone is not.
  return { method, path, headers: json, body: Uint8Array.from(bytes.length === 0 ? [0x7b] : bytes) };
}

/** Valid JSON of the wrong shape. */
function wrongMembers(random: Draw): Malformed {
  const scalars = ["null", "1", '"x"', "[]", "[{}]", "true"];
  const bodies = {
    "/v1/counters/c/increments": [
      '{"by":"1"}',
      '{"by":1.5}',
      '{"by":null}',
      '{"by":[]}',
      '{"BY":1}',
      '{"by":1,"x":2}',
      '{"by":1e400}',
    ],
    "/v1/registers/r": ["{}", '{"Value":1}', '{"value":1,"expected":2}', '{"value":1e999}', '{"__proto__":1}'],
    "/v1/registers/r/compare-and-set": ['{"expected":1}', "{}", '{"expected":1,"value":2,"x":3}', '{"value":[-1e999]}'],
    "/v1/cluster/leader-transfer": [
      '{"to":1}',
      '{"to":null}',
      '{"to":""}',
      '{"to":["n2"]}',
      '{"TO":"n2"}',
      '{"to":"n2","x":1}',
      `{"to":"${"x".repeat(257)}"}`,
    ],
  };
  const { method, path } = pick(random, writes);
  return { method, path, headers: json, body: bytesOf(pick(random, [...scalars, ...bodies[path]])) };
}

function brokenName(random: Draw): Malformed {
  const broken = [
    "%",
    "%f",
    "%zz",
    "%ff",
    "%c3",
    "%c3%28",
    "%ed%a0%80",
    "%f8%80%80%80",
    `%${random(256).toString(16)}%`,
  ];
  const long = "x".repeat(257 + random(1000));
  const segment = pick(random, [...broken, long]) + (random(2) === 0 ? "" : "%ff");
  const method = pick(random, ["GET", "PUT", "DELETE", "HEAD"]);
  const body = method === "PUT" ? bytesOf('{"value":1}') : undefined;
  return { method, path: `/v1/registers/${segment}`, headers: json, body };
}

function brokenHeader(random: Draw): Malformed {
  const { method, path, body } = pick(random, writes);
  const headers = pick(random, [
    { "idempotency-key": "" },
    { "idempotency-key": "a b" },
    { "idempotency-key": "k".repeat(129 + random(100)) },
    { "idempotency-key": `k${String.fromCharCode(0x80 + random(0x80))}` },
    { "if-match": "1", "if-none-match": "*" },
    { "if-match": `W/"${random(99)}"` },
    { "if-match": `${random(99)}` },
    { "if-match": `"${random(99)}` },
    { "if-match": '"-1"' },
    { "if-match": '"99999999999999999999"' },
    { "if-none-match": `"${random(99)}"` },
    { "content-length": `${1_048_577 + random(1_000_000)}` },
  ]);
  return { method, path, headers: { ...json, ...headers }, body: bytesOf(body) };
}

function brokenQuery(random: Draw): Malformed {
  const path = pick(random, ["/v1/counters/c", "/v1/registers/r"]);
  const query = pick(random, [
    `consistency=${pick(random, ["", "STALE", "eventual", "%00", "linearizable%20", "x".repeat(random(500))])}`,
    "consistency=stale&consistency=stale",
    `consistency=stale&max_age_ms=${pick(random, ["", "-1", "1e3", "NaN", "0x10", "%20", "9".repeat(20)])}`,
    `max_age_ms=${random(1000)}`,
    `consistency=linearizable&max_age_ms=${random(1000)}`,
    `x=${"y".repeat(8192)}`,
  ]);
  return { method: "GET", path: `${path}?${query}`, headers: {}, body: undefined };
}

function wrongRoute(random: Draw): Malformed {
  const segment = () =>
    pick(random, ["v1", "counters", "registers", "increments", "%2e", "..", "", "status", "%", "é", "\\"]);
  const path = `/${Array.from({ length: random(6) }, segment).join("/")}/nowhere`;
  const route = pick(random, [path, "/v1/counters/c/increments/", "//v1/status", "/v1/status/x", "/V1/status"]);
  const method = pick(random, ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]);
  return pick(random, [
    { method, path: route, headers: {}, body: undefined },
    { method: "PATCH", path: "/v1/registers/r", headers: {}, body: undefined },
    { method: "DELETE", path: "/v1/counters/c", headers: {}, body: undefined },
  ]);
}

function wrongContentType(random: Draw): Malformed {
  const { method, path, body } = pick(random, writes);
  const type = pick(random, [
    "text/plain",
    "application/xml",
    "application/json; charset=utf-16",
    "json",
    "",
    "a/b; c",
  ]);
  return { method, path, headers: { "content-type": type }, body: bytesOf(body) };
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function pick<T>(random: Draw, list: readonly T[]): T {
  const item = list[random(list.length)];
  if (item === undefined) throw new Error("picked from an empty list");
  return item;
}

/** mulberry32: small, and good enough to choose mistakes. */
function generator(start: number): Draw {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
