// One client, two wires: every operation has the same outcome over HTTP and over the binary protocol.

import { type Client, createClient } from "@quorate/client";
import { codeOf } from "@quorate/contracts";
import { describe, expect, onTestFinished, test } from "vitest";
import { MemoryCluster } from "../support/memory-cluster.ts";

const wires = ["http", "binary"] as const;

async function start(wire: (typeof wires)[number], size = 3): Promise<{ cluster: MemoryCluster; client: Client }> {
  const cluster = await MemoryCluster.start(size);
  const client = clientOf(cluster, wire, cluster.ids);
  onTestFinished(async () => {
    await client.close();
    await cluster[Symbol.asyncDispose]();
  });
  await cluster.leader();
  return { cluster, client };
}

/** A client of some nodes; `onAsked` hears every host that it turns to. */
function clientOf(
  cluster: MemoryCluster,
  wire: (typeof wires)[number],
  ids: readonly string[],
  onAsked: (id: string) => void = () => {},
  budgetMs = 20_000,
): Client {
  const asks = (url: string): void => onAsked(new URL(url).hostname.replace(".test", ""));
  return createClient({
    endpoints: ids.map((id) => (wire === "http" ? `http://${id}.test` : `tcp://${id}.test:1`)),
    fetch(url, init) {
      asks(url);
      return cluster.fetch(url, init);
    },
    dial(endpoint, events) {
      asks(endpoint);
      return cluster.dial(endpoint, events);
    },
    retry: { budgetMs },
  });
}

type Step = readonly [what: string, run: (client: Client) => Promise<object>];

/** Facts that depend on the wire or on the moment. */
const beside = new Set([
  "index",
  "term",
  "revision",
  "idempotencyKey",
  "endpoint",
  "status",
  "title",
  "instance",
  "leader",
  "node",
  "firstIndex",
  "limitBytes",
]);

const steps: readonly Step[] = [
  ["an addition", (client) => client.counter("hits").add(5)],
  ["a negative addition", (client) => client.counter("hits").add(-7)],
  ["the value after it", (client) => client.counter("hits").get()],
  ["a stale read", (client) => client.counter("hits").get({ consistency: "stale", maxAgeMs: 60_000 })],
  ["a lease read", (client) => client.counter("hits").get({ consistency: "lease" })],
  ["a forwarded read", (client) => client.counter("hits").get({ forward: true })],
  [
    "a stale read of one's own write",
    async (client) => {
      const { index } = await client.counter("own").add();
      return client.counter("own").get({ consistency: "stale", minIndex: index });
    },
  ],
  ["a counter that does not exist", (client) => client.counter("none").get()],
  ["the largest counter", (client) => client.counter("large").add(Number.MAX_SAFE_INTEGER)],
  ["one beyond the largest counter", (client) => client.counter("large").add(1)],
  ["a name of 256 bytes", (client) => client.counter("ü".repeat(128)).add()],
  ["a register", (client) => client.register("r").set({ b: [1, null, "ü"], a: 1.5 })],
  ["its value", (client) => client.register("r").get()],
  ["a register that must not exist and does", (client) => client.register("r").set(1, { ifNoneMatch: "*" })],
  ["a register that must not exist and does not", (client) => client.register("new").set(0, { ifNoneMatch: "*" })],
  ["a revision that is not the current one", (client) => client.register("r").set(1, { ifMatch: 1 })],
  [
    "a compare-and-set that holds",
    (client) => client.register("r").compareAndSet({ expected: { a: 1.5, b: [1, null, "ü"] }, value: 2 }),
  ],
  ["a compare-and-set that does not hold", (client) => client.register("r").compareAndSet({ expected: 3, value: 4 })],
  ["a compare-and-set that expects nothing", (client) => client.register("r").compareAndSet({ value: 4 })],
  [
    "a compare-and-set of a register that does not exist",
    (client) => client.register("x").compareAndSet({ expected: 3, value: 4 }),
  ],
  ["a deletion at another revision", (client) => client.register("r").delete({ ifMatch: 1 })],
  ["a deletion", (client) => client.register("r").delete()],
  ["a deletion of nothing", (client) => client.register("r").delete()],
  ["a register that does not exist", (client) => client.register("r").get()],
  ["a write with a key", (client) => client.counter("keyed").add(1, { idempotencyKey: "k" })],
  ["the same write with the same key", (client) => client.counter("keyed").add(1, { idempotencyKey: "k" })],
  ["another write with the same key", (client) => client.counter("keyed").add(2, { idempotencyKey: "k" })],
  ["a value of 1.2 MB", (client) => client.register("large").set("x".repeat(1_200_000))],
  ["a transfer to a node that is no voter", (client) => client.transferLeadership("n9")],
];

/** Their hints speak of bodies, and of the voters that only the HTTP interface lists. */
const otherHints: ReadonlySet<string | undefined> = new Set(["QUORATE_TOO_LARGE", "QUORATE_TRANSFER_REFUSED"]);

/** What a step came to: its result, or its error with what a program would look at. */
async function outcomeOf(client: Client, [, run]: Step): Promise<object> {
  try {
    return facts(await run(client));
  } catch (error) {
    if (codeOf(error) === undefined || !(error instanceof Error) || !("details" in error)) throw error;
    const { hint, retryable, outcome } = error as unknown as Readonly<Record<string, unknown>>; // a QuorateError
    const details = facts(error.details as object);
    return {
      code: codeOf(error),
      retryable,
      outcome,
      details,
      hint: otherHints.has(codeOf(error)) ? "" : hint,
    };
  }
}

function facts(all: object): object {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !beside.has(name)));
}

test("every operation has the same result, or the same error, on both wires", async () => {
  const { client: overHttp } = await start("http");
  const { client: overBinary } = await start("binary");
  for (const step of steps) {
    const expected = await outcomeOf(overHttp, step);
    expect([step[0], await outcomeOf(overBinary, step)]).toEqual([step[0], expected]);
  }
}, 30_000);

describe.each(wires)("over %s", (wire) => {
  test("positions and revisions are those of the log", async () => {
    const { client } = await start(wire);
    const first = await client.register("r").set(1);
    const second = await client.register("r").set(2, { ifMatch: first.revision });
    expect(first.revision).toBe(first.index);
    expect(second.index).toBeGreaterThan(first.index);
    expect(await client.register("r").get()).toMatchObject({ value: 2, revision: second.revision, term: second.term });
  });

  test("status and transfer of leadership", async () => {
    const { client, cluster } = await start(wire);
    const old = await cluster.leader();
    const { leader } = await client.transferLeadership();
    expect(leader).toEqual({ id: expect.stringMatching(/^n[123]$/), http: `http://${leader.id}.test` });
    expect(leader.id).not.toBe(old);
    await client.counter("hits").add();
    const endpoint = wire === "http" ? `http://${old}.test` : `tcp://${old}.test:1`;
    expect(await client.status(endpoint)).toMatchObject({ id: old, cluster: "test", version: expect.any(String) });
  });

  test("a follower alone answers linearizable reads that are forwarded, and they see every earlier write", async () => {
    const { client, cluster } = await start(wire);
    const leader = await cluster.leader();
    const asked = new Set<string>();
    for (const follower of cluster.ids.filter((id) => id !== leader)) {
      const { value } = await client.counter("hits").add();
      const one = clientOf(cluster, wire, [follower], (host) => asked.add(host));
      expect(await one.counter("hits").get({ forward: true })).toMatchObject({ value, consistency: "linearizable" });
      await one.close();
    }
    expect(asked).toEqual(new Set(cluster.ids.filter((id) => id !== leader)));
  });

  test("a follower that is behind answers an at-least-index read when it has caught up, not before", async () => {
    const { client, cluster } = await start(wire);
    await client.counter("hits").add();
    const leader = await cluster.leader();
    const behind = cluster.ids.find((id) => id !== leader) ?? "";
    for (const id of cluster.ids) cluster.network.cut({ from: id, to: behind });
    const { index } = await client.counter("hits").add();

    const impatient = clientOf(cluster, wire, [behind], () => {}, 120);
    const tooEarly = impatient.counter("hits").get({ consistency: "stale", minIndex: index });
    await expect(tooEarly).rejects.toMatchObject({ code: "QUORATE_INDEX_NOT_REACHED", retryable: true });
    const patient = clientOf(cluster, wire, [behind]);
    const read = patient.counter("hits").get({ consistency: "stale", minIndex: index });
    cluster.network.heal();
    expect(await read).toMatchObject({ value: 2, consistency: "stale" });
    await Promise.all([impatient.close(), patient.close()]);
  });

  test("a watch shows the current state, every kind of change, and nothing twice", async () => {
    const { client } = await start(wire);
    const seen: unknown[] = [];
    const changes: readonly (() => Promise<unknown>)[] = [
      () => client.register("r").set("first"),
      () => client.register("other").set("nothing to see"),
      () => client.register("r").set({ second: true }),
      () => client.register("r").delete(),
      () => client.register("r").set("again"),
    ];
    const remaining = changes.values();
    for await (const { value } of client.register("r").watch()) {
      seen.push(value);
      if (value === "again") break;
      if (value === "first") await remaining.next().value?.();
      await remaining.next().value?.();
    }
    expect(seen).toEqual([undefined, "first", { second: true }, undefined, "again"]);
  });

  test("a watch of a counter survives the loss of its node", async () => {
    const { client, cluster } = await start(wire);
    await client.counter("hits").add(3);
    const watch = client.counter("hits").watch();
    expect((await watch.next()).value).toMatchObject({ name: "hits", value: 3 });
    await cluster.stopNode("n1");
    await client.counter("hits").add();
    expect((await watch.next()).value).toMatchObject({ value: 4 });
    await watch.return?.();
  });

  test("writes that are under way while leadership moves take effect once each", async () => {
    const { client, cluster } = await start(wire);
    const writes = Promise.all(Array.from({ length: 40 }, () => client.counter("hits").add()));
    await cluster.drainNode(await cluster.leader());
    const values = (await writes).map(({ value }) => value);
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, each) => each + 1));
    expect(cluster.defects).toEqual([]);
  });
});
