// Watching over the binary protocol: the current state first, then changes, across slow readers and lost nodes.
import { expect, test } from "vitest";
import type { CounterState } from "../../src/index.ts";
import { FakeService } from "./fake-service.ts";

async function turns(count = 60): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The next state of a watch, in virtual time. */
function next(service: FakeService, watch: AsyncIterator<CounterState>): Promise<IteratorResult<CounterState>> {
  return service.clock.settle(watch.next());
}

test("the first event is the current state, and each change is another", async () => {
  const service = new FakeService();
  const { client, clock } = service;
  await clock.settle(client.counter("hits").add(5));
  const watch = client.counter("hits").watch();
  expect(await next(service, watch)).toMatchObject({ value: { name: "hits", value: 5, index: 2 } });
  await clock.settle(client.counter("other").add());
  await clock.settle(client.counter("hits").add());
  expect(await next(service, watch)).toMatchObject({ value: { value: 6, index: 4 } });
  await watch.return?.();
  await turns();
  expect(service.ports.get("a")?.watches).toBe(0);
});

test("a reader that comes late gets the latest state, not every one", async () => {
  const service = new FakeService();
  const { client, clock } = service;
  const watch = client.counter("hits").watch();
  await next(service, watch);
  for (let each = 0; each < 10; each += 1) await clock.settle(client.counter("hits").add());
  await turns();
  expect(await next(service, watch)).toMatchObject({ value: { value: 10 } });
  await watch.return?.();
});

test("a client that does not read its socket gets one event when it reads again", async () => {
  const service = new FakeService();
  const { client, clock } = service;
  const watch = client.counter("hits").watch();
  await next(service, watch);
  const port = service.ports.get("a");
  const before = service.serverEnds[0]?.writes.length ?? 0;
  for (const end of service.serverEnds) end.stalled = true;
  for (let each = 0; each < 10; each += 1) {
    service.machine.apply([{ index: 100 + each, term: 1, data: service.plainAdd("hits") }]);
    await turns(5);
  }
  expect(port?.watches).toBe(1);
  expect((service.serverEnds[0]?.writes.length ?? 0) - before).toBe(1);
  expect(clock.now()).toBe(0);
  await client.close();
  await expect(watch.next()).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
});

test("a watch moves to another node when its own is lost, and repeats nothing", async () => {
  const service = new FakeService();
  const { client, clock } = service;
  await clock.settle(client.counter("hits").add(3));
  const watch = client.counter("hits").watch();
  expect(await next(service, watch)).toMatchObject({ value: { value: 3 } });
  service.down.add("a");
  service.leader = "b";
  for (const end of service.serverEnds) end.cut("ECONNRESET");
  const pending = watch.next();
  await clock.settle(client.counter("hits").add());
  expect(await clock.settle(pending)).toMatchObject({ value: { value: 4 } });
  await watch.return?.();
});

test("a node that has not heard of a leader for 5 s ends its watches", async () => {
  const service = new FakeService();
  const { client, clock } = service;
  const watch = client.counter("hits").watch();
  await next(service, watch);
  service.stateAgeMs = 6000;
  const pending = watch.next();
  pending.catch(() => {});
  await clock.settle(new Promise((resolve) => void clock.schedule(2000, () => resolve(undefined))));
  await turns();
  expect(service.ports.get("a")?.watches).toBe(0);
  await client.close();
  await expect(pending).rejects.toMatchObject({ code: "QUORATE_CLOSED" });
});

test("an aborted watch ends with the signal's reason", async () => {
  const service = new FakeService();
  const controller = new AbortController();
  const watch = service.client.counter("hits").watch({ signal: controller.signal });
  await next(service, watch);
  const pending = watch.next();
  controller.abort("enough");
  await expect(pending).rejects.toBe("enough");
  await expect(service.client.counter("hits").watch({ signal: controller.signal }).next()).rejects.toBe("enough");
});

test("a watch that no node serves gives up after a budget without a word", async () => {
  const service = new FakeService({ client: { retry: { budgetMs: 500 } } });
  for (const node of ["a", "b", "c"]) service.down.add(node);
  const watch = service.client.counter("hits").watch();
  await expect(next(service, watch)).rejects.toMatchObject({
    code: "QUORATE_UNREACHABLE",
    message: expect.stringContaining("tcp://b:1: ECONNREFUSED b"),
  });
});

test("watches beyond the bound are refused, and served elsewhere", async () => {
  const service = new FakeService({ limits: { maxWatches: 1 } });
  const first = service.client.counter("x").watch();
  await next(service, first);
  const second = service.client.counter("y").watch();
  expect(await next(service, second)).toMatchObject({ value: { name: "y", value: 0 } });
  expect([...service.ports.values()].map(({ watches }) => watches)).toEqual([1, 1, 0]);
  await first.return?.();
  await second.return?.();
});
