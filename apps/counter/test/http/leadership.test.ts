// Moving leadership over HTTP: what is passed on to the node, and how each of its refusals looks.

import { beforeEach, expect, test } from "vitest";
import { noLeader, notLeader, timedOut, transferAborted, transferRefused } from "./errors.ts";
import { FakeService } from "./fake-node.ts";

const path = "/v1/cluster/leader-transfer";
let service: FakeService;

beforeEach(() => {
  service = new FakeService();
});

test("a transfer to a named node answers with the new leader, its address and its term", async () => {
  const reply = await service.request("POST", path, { body: { to: "n3" } });
  expect(reply.status).toBe(200);
  expect(reply.json).toEqual({ leader: { id: "n3", http: "http://127.0.0.1:8103" }, term: 3 });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    "content-type": "application/json",
    "raft-index": "1",
    "raft-term": "3",
    "raft-consistency": "stale",
  });
  expect(service.transfers).toEqual(["n3"]);
});

test.each([{ body: undefined }, { body: {} }, { body: "{}" }])(
  "with the body $body the node chooses",
  async (options) => {
    const reply = await service.request("POST", path, options.body === undefined ? {} : { body: options.body });
    expect(reply).toMatchObject({ status: 200, json: { leader: { id: "n2" } } });
    expect(service.transfers).toEqual([undefined]);
  },
);

test("a follower that is asked not to redirect answers 421", async () => {
  service.failure = notLeader;
  service.status = { role: "follower", leaderId: "n3", peers: [] };
  const reply = await service.request("POST", `${path}?redirect=never`);
  expect(reply).toMatchObject({ status: 421, json: { code: "QUORATE_NOT_LEADER", leader: { id: "n3" } } });
  expect(reply.headers.get("location")).toBe(`http://127.0.0.1:8103${path}?redirect=never`);
});

test("without a leader it is 503", async () => {
  service.failure = noLeader;
  expect(await service.request("POST", path)).toMatchObject({ status: 503, json: { code: "QUORATE_NO_LEADER" } });
});

test.each([
  { reason: "inProgress", status: 409, retryable: true, hint: /^Wait until the other transfer has ended/ },
  { reason: "alreadyLeader", status: 409, retryable: false, hint: /^The voters are n1, n2, n3: choose one that/ },
  { reason: "notAVoter", status: 422, retryable: false, hint: /^The voters are n1, n2, n3: choose one that/ },
  { reason: "noOtherVoter", status: 422, retryable: false, hint: /^The voters are/ },
])("a transfer that is refused as $reason is $status", async ({ reason, status, retryable, hint }) => {
  service.failure = transferRefused(reason);
  const reply = await service.request("POST", path, { body: { to: "n9" } });
  expect(reply).toMatchObject({
    status,
    json: { status, code: "QUORATE_TRANSFER_REFUSED", reason, to: "n9", outcome: "none", retryable },
  });
  expect(reply.json["hint"]).toMatch(hint);
});

test("a target that does not take over is 504, and the old leader is named", async () => {
  service.failure = transferAborted;
  const reply = await service.request("POST", path, { body: { to: "n2" } });
  expect(reply).toMatchObject({
    status: 504,
    json: { code: "QUORATE_TRANSFER_ABORTED", outcome: "none", leader: { id: "n1" } },
  });
  expect(reply.headers.has("retry-after")).toBe(false);
});

test("a transfer whose end nobody saw is 504 with an unknown outcome", async () => {
  service.failure = timedOut;
  expect(await service.request("POST", path)).toMatchObject({
    status: 504,
    json: { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown", hint: "See who leads before you ask again." },
  });
});

test.each(["idempotency-key", "if-match", "if-none-match"])(
  "the header %s is refused: it has no meaning here",
  async (name) => {
    const reply = await service.request("POST", path, { headers: { [name]: "*" } });
    expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field: name } });
    expect(service.transfers).toEqual([]);
  },
);

test.each([
  { to: 7, detail: 'The member "to" must be the id of a node, as a string.' },
  { to: null, detail: 'The member "to" must be the id of a node, as a string.' },
  { to: "", detail: 'The member "to" has 0 bytes; ids have 1 to 256.' },
  { to: "ü".repeat(129), detail: 'The member "to" has 258 bytes; ids have 1 to 256.' },
])("the target $to is 400", async ({ to, detail }) => {
  const reply = await service.request("POST", path, { body: { to } });
  expect(reply).toMatchObject({ status: 400, json: { code: "QUORATE_REQUEST_INVALID", field: "to", detail } });
  expect(service.transfers).toEqual([]);
});
