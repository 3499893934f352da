// What calls put on the wire and what they make of successful answers.
import { describe, expect, test } from "vitest";
import { createClient } from "../src/index.ts";
import { a, b, c, counterAt, type FakeNode, fakeCluster, noLeader, problem, redirectTo } from "./fake-cluster.ts";

const registerAnswer: FakeNode = () =>
  Response.json(
    { key: "x", value: { deep: [1] }, revision: 12, index: 12, term: 3 },
    { headers: { "Raft-Consistency": "lease", ETag: '"12"' } },
  );

describe("counters", () => {
  test("add sends the increment and returns the value with its position in the log", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(41) });
    const result = await clock.settle(client.counter("hits").add(-3, { idempotencyKey: "k" }));
    expect(result).toEqual({ name: "hits", value: 41, index: 7, term: 2, replayed: false, idempotencyKey: "k" });
    expect(requests[0]).toMatchObject({ method: "POST", path: "/v1/counters/hits/increments", body: { by: -3 } });
    expect(requests[0]?.headers.get("prefer")).toBe("redirect=never");
  });

  test("get asks for a linearizable answer by default", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(41) });
    const result = await clock.settle(client.counter("hits").get());
    expect(result).toEqual({ name: "hits", value: 41, index: 7, term: 2, consistency: "linearizable" });
    expect(requests[0]).toMatchObject({ method: "GET", path: "/v1/counters/hits?consistency=linearizable" });
    expect(requests[0]?.headers.has("idempotency-key")).toBe(false);
  });

  test("get with an index sends it, and tells the node to give up before the attempt ends", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(41) }, { retry: { attemptTimeoutMs: 400 } });
    await clock.settle(client.counter("hits").get({ consistency: "stale", maxAgeMs: 9, minIndex: 7 }));
    expect(requests[0]?.path).toBe("/v1/counters/hits?consistency=stale&max_age_ms=9&max_wait_ms=300");
    expect(requests[0]?.headers.get("raft-min-index")).toBe("7");
  });

  test("a node that has not reached the index is left for the next one", async () => {
    const behind: FakeNode = () =>
      problem(503, { code: "QUORATE_INDEX_NOT_REACHED", outcome: "none", retryable: true, lastApplied: 6 });
    const { client, clock, nodes } = fakeCluster({ [a]: behind, [b]: counterAt(41), [c]: redirectTo(a) });
    const options = { consistency: "stale", minIndex: 7 } as const;
    expect(await clock.settle(client.counter("hits").get(options))).toMatchObject({ value: 41 });
    nodes.set(b, behind);
    const error = { code: "QUORATE_INDEX_NOT_REACHED", details: { lastApplied: 6 } };
    await expect(clock.settle(client.counter("hits").get(options))).rejects.toMatchObject(error);
  });

  test("get with forward asks the nodes in turn, not the leader alone", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(1), [b]: counterAt(1), [c]: counterAt(1) });
    for (const consistency of ["linearizable", "lease", "linearizable"] as const) {
      await clock.settle(client.counter("hits").get({ consistency, forward: true }));
    }
    expect(requests.map(({ endpoint }) => endpoint)).toEqual([a, b, c]);
    expect(requests[1]?.path).toBe("/v1/counters/hits?consistency=lease&forward=true");
  });

  test("names are percent-encoded", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(1) });
    await clock.settle(client.counter("a/b?ü").get());
    expect(requests[0]?.path).toBe("/v1/counters/a%2Fb%3F%C3%BC?consistency=linearizable");
  });
});

describe("registers", () => {
  test("set sends the value and its condition", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: registerAnswer });
    const result = await clock.settle(client.register("x").set({ deep: [1] }, { ifMatch: 11 }));
    expect(result).toMatchObject({ key: "x", value: { deep: [1] }, revision: 12, index: 12, term: 3 });
    expect(requests[0]).toMatchObject({ method: "PUT", path: "/v1/registers/x", body: { value: { deep: [1] } } });
    expect(requests[0]?.headers.get("if-match")).toBe('"11"');
  });

  test("set only if absent sends If-None-Match", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: registerAnswer });
    await clock.settle(client.register("x").set(null, { ifNoneMatch: "*" }));
    expect(requests[0]?.headers.get("if-none-match")).toBe("*");
  });

  test("compareAndSet sends what it expects, even null, and leaves it out when it expects nothing", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: registerAnswer });
    await clock.settle(client.register("x").compareAndSet({ expected: null, value: 2 }));
    await clock.settle(client.register("x").compareAndSet({ value: 2 }));
    expect(requests.map(({ body }) => body)).toEqual([{ expected: null, value: 2 }, { value: 2 }]);
    expect(requests[0]?.path).toBe("/v1/registers/x/compare-and-set");
  });

  test("delete takes its position from the headers", async () => {
    const deleted: FakeNode = () =>
      new Response(null, { status: 204, headers: { "Raft-Index": "15", "Raft-Term": "3" } });
    const { client, clock } = fakeCluster({ [a]: deleted });
    const result = await clock.settle(client.register("x").delete({ idempotencyKey: "k" }));
    expect(result).toEqual({ index: 15, term: 3, replayed: false, idempotencyKey: "k" });
  });

  test("get names the consistency that the node really used", async () => {
    const { client, clock } = fakeCluster({ [a]: registerAnswer });
    const result = await clock.settle(client.register("x").get({ consistency: "linearizable" }));
    expect(result.consistency).toBe("lease");
  });
});

describe("status", () => {
  const status = { cluster: "demo", id: "n1", role: "follower", term: 1, lastApplied: 4, members: [] };

  test("asks exactly the node that is named", async () => {
    const { client, clock, requests } = fakeCluster({ "http://d:1": () => Response.json(status) });
    await expect(clock.settle(client.status("http://d:1/"))).resolves.toMatchObject({ id: "n1", role: "follower" });
    expect(requests.map(({ path }) => path)).toEqual(["/v1/status"]);
  });

  test("a node that does not answer is unreachable, at once", async () => {
    const { client, clock } = fakeCluster({});
    await expect(clock.settle(client.status(a))).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
    expect(clock.now()).toBe(0);
  });

  test("an error and a redirect are errors", async () => {
    const { client, clock, nodes } = fakeCluster({ [a]: noLeader });
    await expect(clock.settle(client.status(a))).rejects.toMatchObject({ code: "QUORATE_NO_LEADER" });
    nodes.set(a, redirectTo("http://d:1"));
    await expect(clock.settle(client.status(a))).rejects.toMatchObject({ code: "QUORATE_UNREACHABLE" });
  });
});

describe("arguments", () => {
  const { client, requests } = fakeCluster({});

  test.each([
    ["a name that addresses drop", () => client.counter("..")],
    ["an empty name", () => client.register("")],
    ["a name of 257 bytes", () => client.register("x".repeat(257))],
    ["half of a surrogate pair", () => client.register("\ud800")],
  ])("%s is refused", (_what, use) => {
    expect(use).toThrow(expect.objectContaining({ code: "QUORATE_COMMAND_INVALID" }));
  });

  test.each([
    ["a fraction", () => client.counter("x").add(0.5)],
    ["a key with a space", () => client.counter("x").add(1, { idempotencyKey: "a b" })],
    ["a key of 129 characters", () => client.counter("x").add(1, { idempotencyKey: "k".repeat(129) })],
    ["an age for a read that is not stale", () => client.counter("x").get({ maxAgeMs: 5 })],
    ["a negative age", () => client.counter("x").get({ consistency: "stale", maxAgeMs: -1 })],
    ["a negative index", () => client.counter("x").get({ minIndex: -1 })],
    ["an index that is no integer", () => client.register("x").get({ consistency: "stale", minIndex: 1.5 })],
    ["forwarding a stale read", () => client.counter("x").get({ consistency: "stale", forward: true })],
    ["two conditions at once", () => client.register("x").set(1, { ifMatch: 1, ifNoneMatch: "*" })],
    ["a revision that is not an integer", () => client.register("x").delete({ ifMatch: Number.NaN })],
  ])("%s is refused before anything is sent", async (_what, use) => {
    await expect(use()).rejects.toMatchObject({ code: "QUORATE_COMMAND_INVALID", outcome: "none" });
    expect(requests).toEqual([]);
  });

  test.each([
    ["no endpoint", { endpoints: [] }],
    ["an address without scheme", { endpoints: ["127.0.0.1:8101"] }],
    ["an address with a path", { endpoints: ["http://a:1/v1"] }],
    ["a budget of zero", { endpoints: [a], retry: { budgetMs: 0 } }],
  ])("a client with %s is refused", (_what, options) => {
    expect(() => createClient(options)).toThrow(expect.objectContaining({ code: "QUORATE_CONFIG_INVALID" }));
  });
});
