// How the client finds the leader and keeps up with changes of it.
import { describe, expect, test } from "vitest";
import { a, b, c, counterAt, fakeCluster, hang, inTurn, noLeader, redirectTo } from "./fake-cluster.ts";

const asked = (requests: readonly { readonly endpoint: string }[]): readonly string[] =>
  requests.map(({ endpoint }) => endpoint);

describe("finding the leader", () => {
  test("follows the address that a follower names, without waiting", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: redirectTo(c), [c]: counterAt(1) });
    await clock.settle(client.counter("hits").add());
    expect(asked(requests)).toEqual([a, c]);
    expect(clock.now()).toBe(0);
  });

  test("follows a 307 with the method, the body and the key unchanged", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: redirectTo(c, 307), [c]: counterAt(5) });
    await clock.settle(client.counter("hits").add(5, { idempotencyKey: "k" }));
    const [first, second] = requests;
    expect(second).toMatchObject({ method: "POST", path: first?.path, body: { by: 5 } });
    expect(second?.headers.get("idempotency-key")).toBe("k");
  });

  test("asks the remembered leader first in later calls", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: redirectTo(c), [c]: counterAt(1) });
    await clock.settle(client.counter("hits").add());
    await clock.settle(client.counter("hits").get());
    expect(asked(requests)).toEqual([a, c, c]);
  });

  test("goes to a leader that is not among its endpoints", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: redirectTo("http://d:1"), "http://d:1": counterAt(1) });
    await clock.settle(client.counter("hits").add());
    expect(asked(requests)).toEqual([a, "http://d:1"]);
  });

  test("asks the other nodes when the remembered leader refuses connections", async () => {
    const { client, clock, requests, nodes } = fakeCluster({ [a]: counterAt(1), [b]: counterAt(2) });
    await clock.settle(client.counter("hits").add());
    nodes.delete(a);
    const { value } = await clock.settle(client.counter("hits").add());
    expect(value).toBe(2);
    expect(asked(requests)).toEqual([a, a, b]);
  });

  test("does not return to a dead leader that the followers still name, and pauses until they know a new one", async () => {
    const { client, clock, requests } = fakeCluster({
      [b]: inTurn(redirectTo(a), counterAt(3)),
      [c]: inTurn(redirectTo(a), redirectTo(b)),
    });
    const { value } = await clock.settle(client.counter("hits").add());
    expect(value).toBe(3);
    expect(asked(requests)).toEqual([a, b, c, b]);
    expect(clock.now()).toBeCloseTo(25, 0);
  });

  test("two nodes that name each other end the round instead of looping", async () => {
    const { client, clock, requests } = fakeCluster(
      { [a]: inTurn(redirectTo(b), counterAt(1)), [b]: redirectTo(a) },
      { endpoints: [a, b] },
    );
    await clock.settle(client.counter("hits").add());
    expect(asked(requests)).toEqual([a, b, a]);
  });

  test("a chain of ever new leaders is cut off", async () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 50 }, (_, each) => [`http://n${each}:1`, redirectTo(`http://n${each + 1}:1`)]),
    );
    const { client, clock, requests } = fakeCluster(nodes, { endpoints: ["http://n0:1"], retry: { budgetMs: 20 } });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({ code: "QUORATE_NO_LEADER" });
    expect(requests.length).toBe(6);
  });

  test("a node that hangs costs one attempt's time, then another answers", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: hang, [b]: counterAt(4) });
    const { value } = await clock.settle(client.counter("hits").add());
    expect(value).toBe(4);
    expect(clock.now()).toBe(1000);
    expect(requests[0]?.headers.get("idempotency-key")).toBe(requests[1]?.headers.get("idempotency-key"));
  });

  test("a node that hung is asked last afterwards", async () => {
    const { client, clock, requests } = fakeCluster({
      [a]: hang,
      [b]: inTurn(noLeader, noLeader, counterAt(1)),
      [c]: noLeader,
    });
    await clock.settle(client.counter("hits").add());
    expect(asked(requests).slice(0, 5)).toEqual([a, b, c, b, c]);
  });

  test("attempts at a slow node get twice the time each", async () => {
    const { client, clock } = fakeCluster({ [a]: inTurn(hang, hang, counterAt(1)) }, { endpoints: [a] });
    await clock.settle(client.counter("hits").add());
    expect(clock.now()).toBeGreaterThan(3000);
    expect(clock.now()).toBeLessThan(3100);
  });

  test("stale reads go round all nodes", async () => {
    const { client, clock, requests } = fakeCluster({ [a]: counterAt(1), [b]: counterAt(1), [c]: counterAt(1) });
    const read = () => clock.settle(client.counter("hits").get({ consistency: "stale", maxAgeMs: 500 }));
    await read();
    await read();
    await read();
    expect(asked(requests)).toEqual([a, b, c]);
    expect(requests[0]?.path).toBe("/v1/counters/hits?consistency=stale&max_age_ms=500");
  });
});
