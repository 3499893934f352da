// Snapshots: the log stays short, a restart begins from one, and a node that lags too far gets one.
import type { SnapshotStore, Transport } from "@quorate/contracts";
import { memorySnapshotStore } from "@quorate/memory";
import { afterEach, expect, test } from "vitest";
import type { NodeEvent } from "../src/index.ts";
import { rejectionOf, TestCluster, type TestNode, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
const machines = new Map<string, WordList>();
afterEach(() => cluster.close());

type Settings = {
  readonly everyEntries?: number;
  readonly retainEntries?: number;
  readonly pinnedBytes?: number;
  readonly founders?: readonly string[];
  readonly transport?: (id: string) => Transport;
  /** Puts something between the node and its snapshots. */
  readonly decorate?: (store: SnapshotStore) => SnapshotStore;
};

/** Starts a node with a new state machine and the snapshots of its disk. */
async function start(id: string, settings: Settings = {}): Promise<TestNode> {
  const { everyEntries = 20, retainEntries = 5, pinnedBytes = 2 ** 30 } = settings;
  const { founders = cluster.ids, decorate = (store) => store } = settings;
  const store = decorate(memorySnapshotStore(cluster.disks.get(id)));
  const machine = new WordList();
  machines.set(id, machine);
  return cluster.start(id, {
    stateMachine: machine,
    configuration: { voters: founders, learners: [] },
    snapshots: { store, everyEntries, retainEntries, pinnedBytes },
    ...(settings.transport && { transport: settings.transport(id) }),
  });
}

async function startAll(size: number, settings: Settings = {}): Promise<TestNode> {
  cluster = new TestCluster(size);
  for (const id of cluster.ids) await start(id, settings);
  return cluster.node(await cluster.elect());
}

/** Has these many words committed, numbered from `from`. */
async function write(leader: TestNode, count: number, text = "word"): Promise<void> {
  for (let done = 0; done < count; done += 10) {
    const batch = Array.from({ length: Math.min(10, count - done) }, (_, at) =>
      leader.propose(word(`${text} ${done + at}`)),
    );
    await cluster.clock.run(4);
    await Promise.all(batch);
  }
  await cluster.clock.run(60);
}

test("the log is cut behind each snapshot, on every node, and a short tail stays", async () => {
  const leader = await startAll(3);
  await write(leader, 100);
  for (const id of cluster.ids) {
    const { firstIndex, lastIndex } = cluster.node(id).currentStatus();
    expect(lastIndex).toBe(101);
    expect(firstIndex).toBeGreaterThan(60);
    expect(cluster.disks.get(id)?.entries.length, "on disk too").toBe(lastIndex - firstIndex + 1);
    expect(cluster.disks.get(id)?.snapshot?.stored.index).toBeGreaterThan(firstIndex);
  }
});

test("a restart begins from the snapshot and goes on with the log behind it", async () => {
  const leader = await startAll(1);
  await write(leader, 90);
  await leader.close();
  const again = await start("n1");
  expect(machines.get("n1")?.words.length, "the snapshot alone").toBeGreaterThan(70);
  await cluster.elect();
  const read = again.query("all");
  await cluster.clock.run(5);
  expect((await read).answer).toHaveLength(90);
});

test("a follower that was down for longer than the log reaches back gets a snapshot and catches up", async () => {
  const leader = await startAll(3);
  const [down = ""] = cluster.ids.filter((id) => id !== leader.currentStatus().id);
  await cluster.node(down).close();
  await write(leader, 200);
  expect(leader.currentStatus().firstIndex).toBeGreaterThan(100);
  await start(down);
  const events = cluster.node(down).events();
  await cluster.clock.run(2_000);
  expect(machines.get(down)?.words).toEqual(machines.get(leader.currentStatus().id)?.words);
  const seen: string[] = [];
  for await (const { type } of events) {
    seen.push(type);
    if (type === "snapshotInstalled") break;
  }
  expect(seen).toContain("snapshotInstalled");
  await cluster.node(down).close();
  await start(down);
  expect(machines.get(down)?.words.length, "it is durable there").toBeGreaterThan(150);
});

test("a read that waits for an index is answered from the snapshot that brings it", async () => {
  const leader = await startAll(3);
  const [down = ""] = cluster.ids.filter((id) => id !== leader.currentStatus().id);
  await cluster.node(down).close();
  await write(leader, 200);
  const { lastApplied: minIndex } = leader.currentStatus();
  await start(down);
  const behind = cluster.node(down);
  const events = behind.events();
  const read = behind.query("all", { consistency: "stale", minIndex });
  await cluster.clock.run(2_000);
  expect((await read).answer).toHaveLength(200);
  for await (const { type } of events) if (type === "snapshotInstalled") break;
});

test("P73 a proposal whose place lies in a snapshot that the next leader sent ends as unknown", async () => {
  const leader = await startAll(3);
  const { id } = leader.currentStatus();
  cluster.isolate(id);
  const events = leader.events();
  const swallowed = rejectionOf(leader.propose(word("mine"), { timeoutMs: 60_000 }));
  await cluster.clock.run(400);
  const next = cluster.node(await cluster.elect());
  await write(next, 200);
  cluster.network.heal();
  await cluster.clock.run(2_000);
  expect(await swallowed).toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" });
  for await (const { type } of events) if (type === "snapshotInstalled") break;
  expect(machines.get(id)?.words).not.toContain("mine");
});

test("a transport that carries only small messages carries snapshots in small chunks", async () => {
  const maxMessageBytes = 8 * 1024;
  const chunks: number[] = [];
  const small = (id: string): Transport => {
    const transport = cluster.network.transport(id);
    return {
      maxMessageBytes,
      start: (receiver) => transport.start(receiver),
      setPeers: (peers) => transport.setPeers(peers),
      close: () => transport.close(),
      send: (message) => {
        if (message.type === "snapshotRequest") chunks.push(message.data.length);
        transport.send(message);
      },
    };
  };
  const leader = await startAll(3, { transport: small });
  const [down = ""] = cluster.ids.filter((id) => id !== leader.currentStatus().id);
  await cluster.node(down).close();
  await write(leader, 60, "x".repeat(1_000));
  await start(down, { transport: small });
  await cluster.clock.run(3_000);
  expect(machines.get(down)?.words).toHaveLength(60);
  expect(Math.max(...chunks)).toBe(maxMessageBytes / 2);
});

test("a large snapshot travels in chunks and goes on where a cut link stopped it", async () => {
  const leader = await startAll(3, { everyEntries: 40 });
  const [down = ""] = cluster.ids.filter((id) => id !== leader.currentStatus().id);
  await cluster.node(down).close();
  await write(leader, 60, "x".repeat(40_000));
  await start(down, { everyEntries: 40 });
  for (let attempt = 0; attempt < 5; attempt++) {
    await cluster.clock.run(15);
    cluster.network.cut({ from: leader.currentStatus().id, to: down });
    await cluster.clock.run(100);
    cluster.network.heal();
  }
  await cluster.clock.run(3_000);
  expect(machines.get(down)?.words.length).toBe(60);
  expect(machines.get(down)?.words).toEqual(machines.get(leader.currentStatus().id)?.words);
});

test("P51 a new member that joins by snapshot learns the configuration with it", async () => {
  cluster = new TestCluster(4);
  const founders = ["n1", "n2", "n3"];
  for (const id of founders) await start(id, { founders });
  const leader = cluster.node(await cluster.elect());
  await write(leader, 100);
  await start("n4", { founders });
  const added = leader.changeMembership([{ type: "addLearner", id: "n4" }]);
  await cluster.clock.run(1_500);
  await added;
  expect(machines.get("n4")?.words).toHaveLength(100);
  expect(cluster.node("n4").currentStatus().configuration).toMatchObject({ voters: founders, learners: ["n4"] });
});

test("a snapshot can be asked for, and is refused after the node was closed", async () => {
  const leader = await startAll(1, { everyEntries: 1_000, retainEntries: 2 });
  await write(leader, 30);
  expect(await leader.takeSnapshot()).toEqual({ index: 31, term: 1 });
  await cluster.clock.run(5);
  expect(leader.currentStatus().firstIndex).toBe(30);
  await leader.close();
  expect(await rejectionOf(leader.takeSnapshot())).toMatchObject({ code: "QUORATE_CLOSED" });
});

test("a log that begins after its snapshots end is refused", async () => {
  const leader = await startAll(1);
  await write(leader, 60);
  await leader.close();
  const disk = cluster.disks.get("n1");
  if (disk !== undefined) disk.snapshot = undefined;
  expect(await rejectionOf(start("n1"))).toMatchObject({
    code: "QUORATE_LOG_CORRUPT",
    message: expect.stringMatching(/a snapshot up to there is needed, but there is none/),
  });
});

test("a node that stopped between storing a snapshot and cutting its log goes on from the snapshot", async () => {
  const leader = await startAll(3);
  const [down = ""] = cluster.ids.filter((id) => id !== leader.currentStatus().id);
  await cluster.node(down).close();
  await write(leader, 100);
  const source = cluster.disks.get(leader.currentStatus().id);
  const disk = cluster.disks.get(down);
  if (disk !== undefined) disk.snapshot = source?.snapshot;
  await start(down);
  await cluster.clock.run(1_000);
  expect(machines.get(down)?.words).toHaveLength(100);
});

test("P62 a snapshot that becomes due while another one is stored is taken right after it", async () => {
  cluster = new TestCluster(1);
  const store = memorySnapshotStore(cluster.disks.get("n1"));
  const commits: number[] = [];
  let finish: (() => void) | undefined;
  const slow: SnapshotStore = {
    load: () => store.load(),
    openLatest: () => store.openLatest(),
    close: () => store.close(),
    create: async (position) => {
      const writer = await store.create(position);
      commits.push(position.index);
      if (commits.length === 1) await new Promise<void>((resolve) => (finish = resolve));
      return writer;
    },
  };
  await cluster.start("n1", { snapshots: { store: slow, everyEntries: 20, retainEntries: 5 } });
  const leader = cluster.node(await cluster.elect());
  await write(leader, 60);
  expect(commits, "one at a time").toHaveLength(1);
  finish?.();
  await cluster.clock.run(10);
  expect(commits).toHaveLength(2);
  expect(leader.currentStatus().firstIndex).toBeGreaterThan(50);
});

test("P61 the log that a peer will need right behind its snapshot stays while that is being sent", async () => {
  const { leader, down, sentIndex, release } = await stalledTransfer();
  const outruns = reportsOf(leader, "snapshotOutrun");
  await write(leader, 100);
  expect(outruns).toEqual([]);
  expect(modeOf(leader, down), "the disk has not delivered a piece yet").toBe("snapshot");
  expect(latestIndex(leader), "newer snapshots are taken").toBeGreaterThan(sentIndex);
  expect(leader.currentStatus().firstIndex).toBeLessThanOrEqual(sentIndex + 1);
  release();
  await cluster.clock.run(2_000);
  expect(machines.get(down)?.words).toHaveLength(200);
});

test("P61 a peer that takes too long does not keep the log growing, and is sent a newer snapshot as well", async () => {
  const { leader, down, sentIndex, release } = await stalledTransfer({ pinnedBytes: 2 ** 18 });
  const outruns = reportsOf(leader, "snapshotOutrun");
  await write(leader, 100, "x".repeat(2 ** 13));
  expect(modeOf(leader, down), "the disk has not delivered a piece yet").toBe("snapshot");
  const { firstIndex, lastIndex } = leader.currentStatus();
  expect(firstIndex).toBeGreaterThan(sentIndex + 1);
  expect(outruns.at(-1)).toMatchObject({ sendingIndex: sentIndex, firstIndex, pinnedBytes: 2 ** 18 });
  expect((lastIndex - firstIndex) * 2 ** 13, "since the latest snapshot more may have come").toBeLessThan(2 ** 19);
  release();
  await cluster.clock.run(3_000);
  expect(machines.get(down)?.words).toHaveLength(200);
});

/** What the node reports of this type, as it happens. */
function reportsOf(node: TestNode, type: NodeEvent["type"]): readonly NodeEvent[] {
  const reports: NodeEvent[] = [];
  const collect = async () => {
    for await (const event of node.events()) if (event.type === type) reports.push(event);
  };
  void collect();
  return reports;
}

/** A leader that sends a snapshot to a peer, of which no piece comes from the disk before it is released. */
async function stalledTransfer(settings: Settings = {}) {
  let release = (): void => {};
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  const slow = (store: SnapshotStore): SnapshotStore => ({
    load: () => store.load(),
    create: (position) => store.create(position),
    close: () => store.close(),
    openLatest: async () => {
      const reader = await store.openLatest();
      if (reader === undefined) return undefined;
      const read: typeof reader.read = (...range) => isReleased.then(() => reader.read(...range));
      return { snapshot: reader.snapshot, read, close: () => reader.close() };
    },
  });
  const leader = await startAll(3, { decorate: slow, ...settings });
  const { id } = leader.currentStatus();
  const [down = ""] = cluster.ids.filter((one) => one !== id);
  await cluster.node(down).close();
  await write(leader, 100);
  await start(down);
  for (let ms = 0; ms < 1_000 && modeOf(leader, down) !== "snapshot"; ms++) await cluster.clock.run(1);
  return { leader, down, sentIndex: latestIndex(leader), release: () => release() };
}

function modeOf(leader: TestNode, peer: string): string | undefined {
  return leader.currentStatus().peers.find(({ id }) => id === peer)?.mode;
}

function latestIndex(node: TestNode): number {
  return cluster.disks.get(node.currentStatus().id)?.snapshot?.stored.index ?? 0;
}
