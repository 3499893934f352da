// A disk that has hardly any space left: no new commands at a leader that has it, and everything else goes on.
import { type LogStorage, QuorateError, type SnapshotStore } from "@quorate/contracts";
import { memorySnapshotStore } from "@quorate/memory";
import { afterEach, expect, test } from "vitest";
import type { NodeEvent } from "../src/index.ts";
import { rejectionOf, TestCluster, type TestNode, word } from "./support/cluster.ts";

let cluster: TestCluster;
/** Who is short of space. */
const short = new Set<string>();
afterEach(async () => {
  await cluster.close();
  short.clear();
});

function storageOf(id: string): LogStorage {
  const disk = cluster.storage(id);
  return {
    supports: { ...disk.supports, reservesSpace: true },
    get isShortOfSpace() {
      return short.has(id);
    },
    load: () => disk.load(),
    initialise: (identity) => disk.initialise(identity),
    write: (write) => disk.write(write),
    read: (range) => disk.read(range),
    compact: (base) => disk.compact(base),
    close: () => disk.close(),
  };
}

async function startAll(size = 3): Promise<string> {
  cluster = new TestCluster(size);
  for (const id of cluster.ids) await cluster.start(id, { storage: storageOf(id) });
  return cluster.elect();
}

async function proposed(id: string, text: string): Promise<unknown> {
  const proposing = cluster.node(id).propose(word(text));
  await cluster.clock.run(20);
  return proposing;
}

/** All that a node tells from now on. */
function eventsOf(node: TestNode): NodeEvent[] {
  const events: NodeEvent[] = [];
  void (async () => {
    for await (const event of node.events()) events.push(event);
  })();
  return events;
}

test("a leader that is short of space refuses commands, certainly without effect, and hands over", async () => {
  const leaderId = await startAll();
  const events = eventsOf(cluster.node(leaderId));
  short.add(leaderId);
  expect(await rejectionOf(cluster.node(leaderId).propose(word("no room")))).toMatchObject({
    code: "QUORATE_STORAGE_FULL",
    outcome: "none",
    retryable: true,
    hint: expect.stringContaining("free space"),
  });
  expect(cluster.node(leaderId).explain()).toContain("hardly any space left");
  await cluster.clock.run(500);
  const next = await cluster.elect();
  expect(next).not.toBe(leaderId);
  expect(await proposed(next, "room")).toMatchObject({ result: 1 });
  expect(events).toContainEqual({ type: "spaceChanged", isShort: true });
});

test("where all are short of space one of them leads on: reads are answered, and elections are won", async () => {
  await startAll();
  for (const id of cluster.ids) short.add(id);
  await cluster.clock.run(3_000);
  const leaderId = await cluster.elect();
  const { term } = cluster.node(leaderId).currentStatus();
  await cluster.clock.run(10_000);
  expect(cluster.node(leaderId).currentStatus(), "leadership does not go round").toMatchObject({
    role: "leader",
    term,
  });
  const reading = cluster.node(leaderId).query("all");
  await cluster.clock.run(100);
  expect((await reading).consistency).toBe("linearizable");

  await cluster.node(leaderId).close();
  await cluster.clock.run(3_000);
  const next = await cluster.elect();
  expect(await rejectionOf(cluster.node(next).propose(word("no room")))).toMatchObject({
    code: "QUORATE_STORAGE_FULL",
  });
});

test("a node that has space again takes commands again, without a restart", async () => {
  const leaderId = await startAll(1);
  const events = eventsOf(cluster.node(leaderId));
  short.add(leaderId);
  await rejectionOf(cluster.node(leaderId).propose(word("no room")));
  const reading = cluster.node(leaderId).query("all");
  await cluster.clock.run(20);
  expect((await reading).answer).toEqual([]);
  short.clear();
  expect(await proposed(leaderId, "room")).toMatchObject({ result: 1 });
  expect(events.filter(({ type }) => type === "spaceChanged")).toEqual([
    { type: "spaceChanged", isShort: true },
    { type: "spaceChanged", isShort: false },
  ]);
});

test("a snapshot for which there is no space is postponed, and the node goes on", async () => {
  cluster = new TestCluster(1);
  let attempts = 0;
  let isFull = true;
  const inner = memorySnapshotStore(cluster.disks.get("n1"));
  const store: SnapshotStore = {
    load: () => inner.load(),
    openLatest: () => inner.openLatest(),
    close: () => inner.close(),
    create: (position) => {
      attempts += 1;
      if (!isFull) return inner.create(position);
      return Promise.reject(
        new QuorateError({ code: "QUORATE_STORAGE_FULL", message: "no space", hint: "free some", retryable: true }),
      );
    },
  };
  await cluster.start("n1", { snapshots: { store, everyEntries: 5, retainEntries: 1 } });
  const id = await cluster.elect();
  const events = eventsOf(cluster.node(id));
  for (let count = 0; count < 20; count += 1) await proposed(id, `word ${count}`);
  expect(attempts, "not at every command").toBe(1);
  expect(events).toContainEqual({ type: "snapshotPostponed", detail: "no space", retryInMs: 10_000 });
  isFull = false;
  await cluster.clock.run(10_000);
  await proposed(id, "one more");
  expect(attempts).toBe(2);
  expect(cluster.disks.get("n1")?.snapshot?.stored.index).toBeGreaterThan(20);
});
