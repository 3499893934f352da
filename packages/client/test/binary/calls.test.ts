// The client over the binary protocol, against real client ports with fake nodes behind them, in virtual time.
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEnvelope } from "../../src/sessions/index.ts";
import { type Fault, FakeService } from "./fake-service.ts";

const retry = { budgetMs: 1_000_000, attemptTimeoutMs: 10 };

/** The kinds of all proposals of a service, in order. */
function kinds(service: FakeService): readonly string[] {
  return service.proposals.map(({ data }) => decodeEnvelope(data)?.type ?? "malformed");
}

describe("calls", () => {
  test("a write opens a session first and takes a place in it; later writes use the same session", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    expect(await clock.settle(client.counter("hits").add(5))).toEqual({
      name: "hits",
      value: 5,
      index: 2,
      term: 1,
      replayed: false,
      idempotencyKey: undefined,
    });
    await clock.settle(client.counter("hits").add(2));
    expect(kinds(service)).toEqual(["open", "command", "command"]);
    expect(service.proposals.map(({ data }) => decodeEnvelope(data))[2]).toMatchObject({
      session: 1,
      sequence: 2,
      acknowledgedBelow: 2,
    });
  });

  test("a write with a key of the caller carries it instead of a place in a session", async () => {
    const service = new FakeService();
    const result = await service.clock.settle(service.client.counter("hits").add(1, { idempotencyKey: "k" }));
    expect(result).toMatchObject({ value: 1, idempotencyKey: "k" });
    expect(kinds(service)).toEqual(["plain"]);
  });

  test("a read opens no session", async () => {
    const service = new FakeService();
    const read = await service.clock.settle(service.client.counter("hits").get());
    expect(read).toMatchObject({ value: 0, consistency: "linearizable" });
    expect(service.proposals).toEqual([]);
  });

  test("a read with conditions carries them, and is answered by whichever node is asked", async () => {
    const service = new FakeService({ client: { retry: { attemptTimeoutMs: 400 } } });
    const { client, clock } = service;
    const { index } = await clock.settle(client.counter("hits").add());
    await clock.settle(client.counter("hits").get({ consistency: "lease", forward: true }));
    await clock.settle(client.counter("hits").get({ consistency: "stale", minIndex: index }));
    await clock.settle(client.counter("hits").get());
    expect(service.queries).toEqual([
      { node: "a", consistency: "lease", minIndex: 0, forward: true },
      { node: "b", consistency: "stale", minIndex: index, forward: false, timeoutMs: 300 },
      { node: "a", consistency: "linearizable" },
    ]);
  });

  test("an index that no node reaches is an error of that name when the budget is spent, also at the leader", async () => {
    const service = new FakeService({ client: { retry: { budgetMs: 1000 } } });
    const { client, clock } = service;
    for (const consistency of ["stale", "linearizable"] as const) {
      const read = clock.settle(client.counter("hits").get({ consistency, minIndex: 99 }));
      await expect(read).rejects.toMatchObject({ code: "QUORATE_INDEX_NOT_REACHED", outcome: "none" });
    }
    expect(new Set(service.queries.map(({ node }) => node))).toEqual(new Set(["a", "b", "c"]));
  });

  test("status comes from the node that is asked, over its client port", async () => {
    const service = new FakeService();
    await expect(service.clock.settle(service.client.status("tcp://b:1"))).resolves.toMatchObject({ lastApplied: 0 });
  });

  test("a transfer of leadership names the new leader, and the next write goes there", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    expect(await clock.settle(client.transferLeadership("c"))).toEqual({
      leader: { id: "c", http: "http://c:2" },
      term: 2,
    });
    await clock.settle(client.counter("hits").add());
    expect(service.proposals.map(({ node }) => node)).toEqual(["c", "c"]);
  });

  test("100 writes at once leave in a few writes to the socket, and so do their answers", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    const writesBefore = { client: count(service.clientEnds), server: count(service.serverEnds) };
    await clock.settle(Promise.all(Array.from({ length: 100 }, () => client.counter("hits").add())));
    expect(service.counters.query("hits")).toBe(101);
    expect(count(service.clientEnds) - writesBefore.client).toBe(1);
    expect(count(service.serverEnds) - writesBefore.server).toBe(1);
  });

  test("more requests than a connection may have open wait for their turn instead of being refused", async () => {
    let pauses = 0;
    const random = (): number => (pauses += 1);
    const service = new FakeService({ limits: { maxInFlight: 8 }, client: { random } });
    const { client, clock } = service;
    const keys = Array.from({ length: 50 }, (_, each) => `k${each}`);
    const writes = keys.map((idempotencyKey) => client.counter("hits").add(1, { idempotencyKey }));
    const results = await clock.settle(Promise.all(writes));
    expect(results.map(({ value }) => value)).toEqual(keys.map((_, each) => each + 1));
    // What the server refuses is repeated after a pause of random length.
    expect(pauses).toBe(0);
  });

  test("more writes than a session has room for use several sessions", async () => {
    const service = new FakeService({ sessions: { maxInFlight: 4 } });
    const { client, clock } = service;
    await clock.settle(Promise.all(Array.from({ length: 12 }, () => client.counter("hits").add())));
    expect(service.counters.query("hits")).toBe(12);
    expect(kinds(service).filter((kind) => kind === "open").length).toBeGreaterThan(1);
    expect(kinds(service).filter((kind) => kind === "command").length).toBe(12);
  });
});

function count(ends: readonly { readonly writes: readonly number[] }[]): number {
  return ends.reduce((sum, { writes }) => sum + writes.length, 0);
}

describe("finding the leader", () => {
  test("a follower names the leader's client port, and the client goes there at once", async () => {
    const service = new FakeService();
    service.leader = "c";
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    expect(service.proposals.map(({ node }) => node)).toEqual(["a", "c", "c"]);
    expect(clock.now()).toBe(0);
  });

  test("a dead leader costs a connection, not the call", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    service.down.add("a");
    service.leader = "b";
    for (const end of service.serverEnds) end.cut("ECONNRESET");
    expect(await clock.settle(client.counter("hits").add())).toMatchObject({ value: 2 });
  });

  test("with every node down the error says why for each, and that nothing was done", async () => {
    const service = new FakeService({ client: { retry: { budgetMs: 100 } } });
    for (const node of ["a", "b", "c"]) service.down.add(node);
    await expect(service.clock.settle(service.client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_UNREACHABLE",
      outcome: "none",
      message: expect.stringMatching(/tcp:\/\/a:1: ECONNREFUSED a.*tcp:\/\/b:1: .*tcp:\/\/c:1: /),
    });
  });
});

const faults = ["none", "lostRequest", "lostAnswer", "hang", "lateHang", "unknown", "noLeader"] as const;

describe("exactly once", () => {
  test("after any sequence of faults the values of acknowledged additions are distinct and have no gaps", async () => {
    await assert(
      asyncProperty(array(constantFrom<Fault>(...faults), { maxLength: 30 }), async (script) => {
        const service = new FakeService({ client: { retry } });
        service.faults.push(...script);
        const values: number[] = [];
        for (let call = 0; call < 5; call += 1) {
          values.push((await service.clock.settle(service.client.counter("hits").add())).value);
        }
        expect(values).toEqual([1, 2, 3, 4, 5]);
        expect(service.counters.query("hits")).toBe(5);
        expect(service.defects).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("an answer that was lost comes again from the session's table, marked as replayed", async () => {
    const service = new FakeService({ client: { retry } });
    service.faults.push("none", "lostAnswer");
    const result = await service.clock.settle(service.client.counter("hits").add(7));
    expect(result).toMatchObject({ value: 7, replayed: true, index: 2 });
    expect(service.counters.applied).toBe(1);
  });

  test("a write that meets an expired session goes on in a new one if it was not sent before", async () => {
    const service = new FakeService({ sessions: { maxSessions: 1 } });
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    service.machine.apply([{ index: 1000, term: 1, data: openEntry(service) }]);
    expect(await clock.settle(client.counter("hits").add())).toMatchObject({ value: 2, replayed: false });
  });

  test("a write whose first attempt was lost together with its session has an unknown outcome", async () => {
    const service = new FakeService({ client: { retry }, sessions: { maxSessions: 1 } });
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    service.faults.push("lateHang");
    const write = client.counter("hits").add();
    write.catch(() => {});
    while (service.counters.query("hits") < 2) await new Promise((resolve) => setImmediate(resolve));
    service.machine.apply([{ index: 1000, term: 1, data: openEntry(service) }]);
    await expect(clock.settle(write)).rejects.toMatchObject({ code: "QUORATE_SESSION_UNKNOWN", outcome: "unknown" });
    expect(service.counters.query("hits")).toBe(2);
    expect(await clock.settle(client.counter("hits").add())).toMatchObject({ value: 3 });
  });

  test("an idle session is kept alive, and the client's end ends it", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    await clock.settle(new Promise((resolve) => void clock.schedule(95_000, () => resolve(undefined))));
    expect(kinds(service).filter((kind) => kind === "keepAlive").length).toBe(2);
    expect(service.machine.sessions().count).toBe(1);
    await client.close();
    await clock.settle(new Promise((resolve) => void clock.schedule(clock.now() + 1, () => resolve(undefined))));
    expect(service.machine.sessions().count).toBe(0);
  });
});

/** The bytes with which this service's first session was opened. */
function openEntry(service: FakeService): Uint8Array {
  const data = service.proposals[0]?.data;
  if (data === undefined) throw new Error("no session was opened");
  return data;
}

describe("giving up", () => {
  test("an aborted write rejects with the signal's reason, and its late answer hurts nobody", async () => {
    const service = new FakeService();
    const { client, clock } = service;
    await clock.settle(client.counter("hits").add());
    const gate = Promise.withResolvers<void>();
    service.gate = gate.promise;
    const controller = new AbortController();
    const write = client.counter("hits").add(1, { signal: controller.signal });
    const other = client.counter("other").add();
    controller.abort("enough");
    await expect(write).rejects.toBe("enough");
    gate.resolve();
    expect(await clock.settle(other)).toMatchObject({ value: 1 });
  });

  test("closing the client ends calls under way with QUORATE_CLOSED, and later ones at once", async () => {
    const service = new FakeService();
    service.faults.push("none", "hang");
    const { client, clock } = service;
    const write = client.counter("hits").add();
    write.catch(() => {});
    while (service.proposals.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await client.close();
    await expect(write).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown" });
    await expect(clock.settle(client.counter("hits").add())).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
  });

  test("a write that no node confirms in time has an unknown outcome and names no key", async () => {
    const service = new FakeService({ client: { retry: { budgetMs: 300, attemptTimeoutMs: 50 } } });
    service.faults.push("none", ...Array.from({ length: 50 }, () => "hang" as const));
    await expect(service.clock.settle(service.client.counter("hits").add())).rejects.toMatchObject({
      code: "QUORATE_PROPOSAL_TIMEOUT",
      outcome: "unknown",
      hint: expect.stringContaining("idempotencyKey"),
    });
  });
});
