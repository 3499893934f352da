// Moving leadership: how the leader is found, what is believed, and when a transfer is not sent again.
import { expect, test } from "vitest";
import {
  a,
  b,
  c,
  counterAt,
  fakeCluster,
  type FakeNode,
  hang,
  inTurn,
  noLeader,
  problem,
  redirectTo,
  reset,
} from "./fake-cluster.ts";

const asked = (requests: readonly { readonly endpoint: string }[]): readonly string[] =>
  requests.map(({ endpoint }) => endpoint);

const handedTo =
  (id: string, http: string): FakeNode =>
  () =>
    Response.json({ leader: { id, http }, term: 8 });

const refused =
  (status: number, body: Readonly<Record<string, unknown>>): FakeNode =>
  () =>
    problem(status, { outcome: "none", ...body });

test("asks the leader, wherever it is, and resolves with the next one", async () => {
  const { client, clock, requests } = fakeCluster({ [a]: redirectTo(c), [c]: handedTo("n2", b) });
  const result = await clock.settle(client.transferLeadership("n2"));
  expect(result).toEqual({ leader: { id: "n2", http: b }, term: 8 });
  expect(asked(requests)).toEqual([a, c]);
  expect(requests[1]).toMatchObject({ method: "POST", path: "/v1/cluster/leader-transfer", body: { to: "n2" } });
  expect(requests[1]?.headers.has("idempotency-key")).toBe(false);
});

test("leaves the choice to the leader when no node is named", async () => {
  const { client, clock, requests } = fakeCluster({ [a]: handedTo("n2", b) });
  await clock.settle(client.transferLeadership());
  expect(requests[0]?.body).toEqual({});
});

test("later calls go to the new leader at once", async () => {
  const { client, clock, requests } = fakeCluster({ [a]: handedTo("n2", b), [b]: counterAt(1) });
  await clock.settle(client.transferLeadership());
  await clock.settle(client.counter("hits").add());
  expect(asked(requests)).toEqual([a, b]);
});

test("waits for a leader, and tries again where nothing can have been received", async () => {
  const { client, clock, requests } = fakeCluster({
    [b]: inTurn(noLeader, redirectTo(c)),
    [c]: inTurn(noLeader, handedTo("n1", a)),
  });
  await expect(clock.settle(client.transferLeadership("n1"))).resolves.toMatchObject({ leader: { id: "n1" } });
  expect(asked(requests)).toEqual([a, b, c, b, c]);
});

test.each([
  { what: "is cut off", node: reset },
  { what: "is answered by something in between", node: () => new Response("bad gateway", { status: 502 }) },
  {
    what: "has an unknown outcome",
    node: refused(504, { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown", retryable: true }),
  },
])("a transfer that $what is not sent again", async ({ node }) => {
  const { client, clock, requests } = fakeCluster({ [a]: node, [b]: handedTo("n3", c) });
  await expect(clock.settle(client.transferLeadership())).rejects.toMatchObject({ outcome: "unknown" });
  expect(asked(requests)).toEqual([a]);
});

test("a transfer that is not answered uses the budget, because a second one would help nobody", async () => {
  const { client, clock, requests } = fakeCluster({ [a]: hang, [b]: handedTo("n3", c) }, { retry: { budgetMs: 4000 } });
  const ended = clock.settle(client.transferLeadership());
  await expect(ended).rejects.toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" });
  await expect(ended).rejects.toThrow(
    /was sent, but not answered; its outcome is unknown\. http:\/\/a:1: no answer within/,
  );
  expect(clock.now()).toBe(4000);
  expect(asked(requests)).toEqual([a]);
});

test.each([
  { status: 409, code: "QUORATE_TRANSFER_REFUSED", retryable: true, reason: "inProgress" },
  { status: 409, code: "QUORATE_TRANSFER_REFUSED", retryable: false, reason: "alreadyLeader" },
  { status: 422, code: "QUORATE_TRANSFER_REFUSED", retryable: false, reason: "notAVoter" },
  { status: 504, code: "QUORATE_TRANSFER_ABORTED", retryable: true, reason: undefined },
])("$status $code $reason is final", async ({ status, code, retryable, reason }) => {
  const { client, clock, requests } = fakeCluster({
    [a]: refused(status, { code, retryable, reason }),
    [b]: redirectTo(a),
  });
  const ended = clock.settle(client.transferLeadership("n2"));
  await expect(ended).rejects.toMatchObject({ code, retryable, outcome: "none", details: { status } });
  expect(asked(requests)).toEqual([a]);
});

test.each([
  { what: "names no leader", body: { leader: null, term: 8 } },
  { what: "gives no address", body: { leader: { id: "n2" }, term: 8 } },
  { what: "gives no term", body: { leader: { id: "n2", http: b } } },
])("an answer that $what is not believed", async ({ body }) => {
  const { client, clock } = fakeCluster({ [a]: () => Response.json(body) });
  await expect(clock.settle(client.transferLeadership())).rejects.toMatchObject({
    code: "QUORATE_ANSWER_INVALID",
    outcome: "unknown",
  });
});

test.each(["", "x".repeat(257), "\ud800"])("the id %j is refused before anything is sent", async (id) => {
  const { client, requests } = fakeCluster({});
  await expect(client.transferLeadership(id)).rejects.toMatchObject({ code: "QUORATE_COMMAND_INVALID" });
  expect(requests).toEqual([]);
});

test("an aborted transfer rejects with the signal's reason", async () => {
  const { client, clock } = fakeCluster({ [a]: hang });
  const controller = new AbortController();
  const ended = client.transferLeadership("n2", { signal: controller.signal });
  controller.abort(new Error("changed my mind"));
  await expect(clock.settle(ended)).rejects.toThrow("changed my mind");
});
