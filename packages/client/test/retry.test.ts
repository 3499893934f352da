// What the client does with failures: which it repeats, which it passes on, and how it ends when time is up.
import { describe, expect, test } from "vitest";
import { a, b, c, counterAt, fakeCluster, hang, inTurn, noLeader, problem, redirectTo, reset } from "./fake-cluster.ts";

const unknown504 = () => problem(504, { code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown", retryable: true });
const precondition = () => problem(412, { code: "QUORATE_PRECONDITION", outcome: "none", value: "old", revision: 6 });

describe("repeating", () => {
  test("a write whose connection was reset is repeated with the same key", async () => {
    const { client, clock, requests } = fakeCluster({
      [a]: reset,
      [b]: counterAt(1, { "Idempotency-Replayed": "true" }),
    });
    const result = await clock.settle(client.counter("hits").add());
    const keys = requests.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys).toEqual([result.idempotencyKey, result.idempotencyKey]);
    expect(result.replayed).toBe(true);
  });

  test("a write whose outcome the node does not know is repeated", async () => {
    const { client, clock } = fakeCluster({ [a]: inTurn(unknown504, counterAt(1)) });
    await expect(clock.settle(client.counter("hits").add())).resolves.toMatchObject({ value: 1 });
  });

  test("a bare 502 of a proxy is repeated", async () => {
    const badGateway = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
    const { client, clock } = fakeCluster({ [a]: inTurn(badGateway, counterAt(1)) });
    await expect(clock.settle(client.counter("hits").add())).resolves.toMatchObject({ value: 1 });
  });

  test("a success that is not JSON is repeated, because the write may have happened", async () => {
    const { client, clock } = fakeCluster({ [a]: inTurn(() => new Response("hello"), counterAt(1)) });
    await expect(clock.settle(client.counter("hits").add())).resolves.toMatchObject({ value: 1 });
  });

  test("a node that shuts down or has failed is no reason to give up", async () => {
    const closed = () => problem(503, { code: "QUORATE_CLOSED", outcome: "none", retryable: false });
    const { client, clock } = fakeCluster({ [a]: closed, [b]: counterAt(2) });
    await expect(clock.settle(client.counter("hits").add())).resolves.toMatchObject({ value: 2 });
  });

  test("different calls carry different keys", async () => {
    const { client, clock } = fakeCluster({ [a]: counterAt(1) });
    const first = await clock.settle(client.counter("hits").add());
    const second = await clock.settle(client.counter("hits").add());
    expect(first.idempotencyKey).not.toBe(second.idempotencyKey);
  });

  test("a busy leader is asked again after the pause that it asks for, and nobody else", async () => {
    const busy = () => problem(429, { code: "QUORATE_BUSY", outcome: "none", retryable: true }, { "retry-after": "2" });
    const { client, clock, requests } = fakeCluster({ [a]: inTurn(busy, counterAt(1)), [b]: counterAt(9) });
    await clock.settle(client.counter("hits").add());
    expect(requests.map(({ endpoint }) => endpoint)).toEqual([a, a]);
    expect(clock.now()).toBe(2000);
  });

  test("a leader without space is what a call that finds no other end tells of, not that there is no leader", async () => {
    const full = () => problem(503, { code: "QUORATE_STORAGE_FULL", outcome: "none", retryable: true });
    const { client, clock } = fakeCluster({ [a]: full, [b]: redirectTo(a) }, { endpoints: [b, a] });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_STORAGE_FULL",
      outcome: "none",
    });
  });

  test("pauses double from round to round up to their bound", async () => {
    const startedMs: number[] = [];
    const cluster = fakeCluster(
      {
        [a]: (request) => {
          startedMs.push(cluster.clock.now());
          return noLeader(request);
        },
      },
      { endpoints: [a], retry: { budgetMs: 2000, firstPauseMs: 100, maxPauseMs: 500 } },
    );
    await expect(cluster.clock.settle(cluster.client.counter("hits").get())).rejects.toMatchObject({
      code: "QUORATE_NO_LEADER",
    });
    const pauses = startedMs.slice(1).map((ms, each) => Math.round((ms - (startedMs[each] ?? 0)) / 10) * 10);
    expect(pauses).toEqual([100, 200, 400, 500, 500]);
  });
});

describe("passing on", () => {
  test("a definite refusal arrives with code, hint, and what the node said about the current state", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: precondition });
    await expect(clock.settle(client.register("x").set("new", { ifMatch: 5 }))).rejects.toMatchObject({
      name: "QuorateError",
      code: "QUORATE_PRECONDITION",
      message: "what happened",
      hint: "what to do",
      outcome: "none",
      details: { status: 412, endpoint: a, value: "old", revision: 6 },
    });
    expect(requests.length).toBe(1);
  });

  test("a decision of the state machine settles earlier attempts whose outcome was unknown", async () => {
    const { client, clock } = fakeCluster({ [a]: reset, [b]: precondition });
    await expect(clock.settle(client.register("x").set(1, { ifMatch: 5 }))).rejects.toMatchObject({
      code: "QUORATE_PRECONDITION",
      outcome: "none",
    });
  });

  test("a refusal that says nothing about an earlier attempt keeps its outcome unknown", async () => {
    const forbidden = () => problem(403, { code: "QUORATE_FORBIDDEN", outcome: "none" });
    const { client, clock } = fakeCluster({ [a]: reset, [b]: forbidden });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_FORBIDDEN",
      outcome: "unknown",
    });
  });

  test("another service's 404 page is an error about the endpoint", async () => {
    const { client, clock } = fakeCluster({ [a]: () => new Response("not here", { status: 404 }) });
    await expect(clock.settle(client.counter("hits").get())).rejects.toMatchObject({ code: "QUORATE_ANSWER_INVALID" });
  });

  test("JSON of another shape is an error, not a result", async () => {
    const { client, clock } = fakeCluster({ [a]: () => Response.json({ hello: "world" }) });
    await expect(clock.settle(client.counter("hits").get())).rejects.toMatchObject({ code: "QUORATE_ANSWER_INVALID" });
  });
});

describe("giving up", () => {
  test("a write with an attempt that may have taken effect ends with an unknown outcome and its key", async () => {
    const { client, clock } = fakeCluster({ [a]: inTurn(reset, noLeader), [b]: noLeader, [c]: noLeader });
    await expect(clock.settle(client.counter("hits").add(1, { idempotencyKey: "k1" }))).rejects.toMatchObject({
      code: "QUORATE_PROPOSAL_TIMEOUT",
      outcome: "unknown",
      retryable: true,
      hint: expect.stringContaining("k1"),
      details: { idempotencyKey: "k1" },
    });
    expect(clock.now()).toBeLessThanOrEqual(10_000);
  });

  test("a write to a node that hangs ends with an unknown outcome when the budget is spent, not later", async () => {
    const { client, clock } = fakeCluster({ [a]: hang }, { endpoints: [a], retry: { budgetMs: 2500 } });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({ outcome: "unknown" });
    expect(clock.now()).toBeLessThanOrEqual(2500);
  });

  test("a write that never reached a node is certainly not done, and each endpoint's cause is listed", async () => {
    const { client, clock } = fakeCluster({});
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_UNREACHABLE",
      outcome: "none",
      message: expect.stringMatching(/http:\/\/a:1: .*ECONNREFUSED.*http:\/\/b:1: .*ECONNREFUSED.*http:\/\/c:1: /),
      details: { endpoints: { [c]: expect.stringContaining("ECONNREFUSED") } },
    });
  });

  test("a cluster without leader is named as such", async () => {
    const { client, clock } = fakeCluster({ [b]: noLeader });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_NO_LEADER",
      outcome: "none",
    });
  });

  test("a read never has an unknown outcome", async () => {
    const { client, clock } = fakeCluster({ [a]: reset, [b]: unknown504, [c]: hang });
    await expect(clock.settle(client.counter("hits").get())).rejects.toMatchObject({ outcome: "none" });
  });
});

describe("stopping", () => {
  test("an aborted call rejects with the signal's reason", async () => {
    const { client, clock } = fakeCluster({ [a]: hang });
    const controller = new AbortController();
    clock.schedule(300, () => controller.abort(new Error("enough")));
    await expect(clock.settle(client.counter("hits").add(1, { signal: controller.signal }))).rejects.toThrow("enough");
    expect(clock.now()).toBe(300);
  });

  test("a call can be aborted during a pause", async () => {
    const { client, clock } = fakeCluster({}, { retry: { firstPauseMs: 500 } });
    const controller = new AbortController();
    clock.schedule(100, () => controller.abort(new Error("enough")));
    await expect(clock.settle(client.counter("hits").get({ signal: controller.signal }))).rejects.toThrow("enough");
    expect(clock.now()).toBe(100);
  });

  test("a signal that is aborted already sends nothing", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(1) });
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(clock.settle(client.counter("hits").add(1, { signal }))).rejects.toThrow("never mind");
    expect(requests).toEqual([]);
  });

  test("close ends calls that are under way and refuses later ones", async () => {
    const { client, clock } = fakeCluster({ [a]: hang });
    const running = clock.settle(client.counter("hits").add());
    await client.close();
    await client.close();
    await expect(running).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown" });
    await expect(clock.settle(client.counter("hits").get())).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
  });

  test("no timer is left when a call has ended, however it ended", async () => {
    const { client, clock, nodes } = fakeCluster({ [a]: hang, [b]: counterAt(1) });
    await clock.settle(client.counter("hits").add());
    nodes.set(b, hang);
    const controller = new AbortController();
    const aborted = client.counter("hits").add(1, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(clock.pendingTimers).toBe(0);
  });
});
