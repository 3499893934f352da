// How proposals end: committed, refused, certainly lost, or unknown; and that every one of them ends.
import type { CommittedCommand, LogStorage } from "@quorate/contracts";
import { afterEach, expect, test } from "vitest";
import { rejectionOf, TestCluster, word, WordList } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

test("a proposal resolves with the state machine's result and its place, and reaches every node", async () => {
  cluster = await TestCluster.started(3);
  const leader = cluster.node(await cluster.elect());
  const first = leader.propose(word("hello"));
  const second = leader.propose(word("world"));
  await cluster.clock.run(5);
  expect(await first).toEqual({ index: 2, term: 1, result: 1 });
  expect(await second).toEqual({ index: 3, term: 1, result: 2 });

  await cluster.clock.run(60);
  for (const id of cluster.ids) {
    const { answer } = await cluster.node(id).query("all", { consistency: "stale" });
    expect(answer).toEqual(["hello", "world"]);
  }
});

test("a follower refuses and names the leader", async () => {
  cluster = await TestCluster.started(3);
  const leader = await cluster.elect();
  await cluster.clock.run(60);
  const follower = cluster.node(cluster.ids.find((id) => id !== leader) ?? "");
  const refusal = { code: "QUORATE_NOT_LEADER", outcome: "none", details: { leaderId: leader, term: 1 } };
  await expect(follower.propose(word("x"))).rejects.toMatchObject(refusal);
  await expect(follower.query("all")).rejects.toMatchObject(refusal);
});

test("without a known leader a proposal is refused at once", async () => {
  cluster = await TestCluster.started(3);
  await expect(cluster.node("n1").propose(word("x"))).rejects.toMatchObject({
    code: "QUORATE_NO_LEADER",
    retryable: true,
    outcome: "none",
  });
});

test("S21 a proposal whose place was taken by another leader's entry is reported as certainly lost", async () => {
  cluster = await TestCluster.started(3);
  const old = await cluster.elect();
  cluster.isolate(old);
  const lost = rejectionOf(cluster.node(old).propose(word("b")));
  await cluster.clock.run(700);
  cluster.network.heal();
  await cluster.clock.run(300);
  expect(await lost).toMatchObject({ code: "QUORATE_PROPOSAL_DROPPED", outcome: "none" });
});

test("a proposal of a deposed leader that nobody decides ends as unknown, soon after the leadership", async () => {
  cluster = await TestCluster.started(3);
  const old = await cluster.elect();
  cluster.isolate(old);
  const unknown = rejectionOf(cluster.node(old).propose(word("b")));
  await cluster.clock.run(300 + 600 + 100);
  expect(await unknown).toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" });
});

test("P73 every proposal settles, also when the quorum is gone, the call is aborted or the node closes", async () => {
  cluster = await TestCluster.started(3);
  const id = await cluster.elect();
  const leader = cluster.node(id);
  cluster.isolate(id);
  const controller = new AbortController();
  const aborted = rejectionOf(leader.propose(word("a"), { signal: controller.signal }));
  const hasty = rejectionOf(leader.propose(word("b"), { timeoutMs: 30 }));
  const closed = rejectionOf(leader.propose(word("c")));
  controller.abort("enough");
  expect(await aborted).toMatchObject({ code: "QUORATE_ABORTED", outcome: "unknown", cause: "enough" });
  await cluster.clock.run(60);
  expect(await hasty).toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" });
  await leader.close();
  expect(await closed).toMatchObject({ code: "QUORATE_CLOSED", outcome: "unknown" });
  await expect(leader.propose(word("d"))).rejects.toMatchObject({ code: "QUORATE_CLOSED", outcome: "none" });
});

test("a call that is aborted before it begins has no effect", async () => {
  cluster = await TestCluster.started(1);
  const leader = cluster.node(await cluster.elect());
  const signal = AbortSignal.abort("never mind");
  await expect(leader.propose(word("x"), { signal })).rejects.toMatchObject({
    code: "QUORATE_ABORTED",
    outcome: "none",
  });
  expect(leader.currentStatus().lastIndex).toBe(1);
});

test("commands over the size limit and floods beyond the byte limit are refused", async () => {
  cluster = new TestCluster(3);
  for (const id of cluster.ids)
    await cluster.start(id, { limits: { maxCommandBytes: 100, maxUncommittedBytes: 1_000 } });
  const id = await cluster.elect();
  cluster.isolate(id);
  const leader = cluster.node(id);
  await expect(leader.propose(new Uint8Array(101))).rejects.toMatchObject({
    code: "QUORATE_TOO_LARGE",
    outcome: "none",
  });
  const flood = Array.from({ length: 20 }, () => leader.propose(new Uint8Array(100)).catch((error: unknown) => error));
  expect(await flood.at(-1)).toMatchObject({ code: "QUORATE_BUSY", outcome: "none", retryable: true });
  await leader.close();
  const outcomes = await Promise.all(flood);
  expect(outcomes.filter((outcome) => outcome instanceof Error).length, "all twenty have ended").toBe(20);
});

test("what is proposed while a disk write runs becomes one next write, and one message to each peer", async () => {
  cluster = new TestCluster(1);
  const writes: number[] = [];
  const disk = cluster.storage("n1");
  let finish: (() => void) | undefined;
  const storage: LogStorage = {
    supports: disk.supports,
    load: () => disk.load(),
    initialise: (identity) => disk.initialise(identity),
    read: (range) => disk.read(range),
    compact: (base) => disk.compact(base),
    close: () => disk.close(),
    write: async (write) => {
      await disk.write(write);
      writes.push(write.entries.length);
      if (writes.length > 2) await new Promise<void>((resolve) => (finish = resolve));
    },
  };
  await cluster.start("n1", { storage });
  const node = cluster.node(await cluster.elect());
  const before = writes.length;
  const first = node.propose(word("alone"));
  await cluster.clock.run(1);
  expect(writes.slice(before), "a lone proposal does not wait").toEqual([1]);
  const later = Array.from({ length: 50 }, () => node.propose(word("together")));
  await cluster.clock.run(10);
  expect(writes.slice(before)).toEqual([1]);
  finish?.();
  await cluster.clock.run(1);
  await first;
  expect(writes.slice(before)).toEqual([1, 50]);
  finish?.();
  await cluster.clock.run(1);
  await Promise.all(later);
});

test("what is committed is applied after the writes and messages of its turn are under way", async () => {
  cluster = new TestCluster(2);
  const steps: string[] = [];
  class TracedWords extends WordList {
    override apply(batch: readonly CommittedCommand[]): readonly number[] {
      steps.push("apply");
      return super.apply(batch);
    }
  }
  const disk = cluster.storage("n2");
  const storage: LogStorage = {
    supports: disk.supports,
    load: () => disk.load(),
    initialise: (identity) => disk.initialise(identity),
    read: (range) => disk.read(range),
    compact: (base) => disk.compact(base),
    close: () => disk.close(),
    // As stores do that gather the writes of a turn.
    write: async (write) => {
      await Promise.resolve();
      steps.push("write");
      await disk.write(write);
    },
  };
  const patient = { electionTimeoutMs: [2000, 4000] } as const;
  await cluster.start("n2", { storage, stateMachine: new TracedWords(), raft: patient });
  await cluster.start("n1");
  const leader = cluster.node(await cluster.elect());
  await cluster.clock.run(100);
  steps.length = 0;
  const first = leader.propose(word("first"));
  await cluster.clock.run(1);
  await first;
  const second = leader.propose(word("second"));
  await cluster.clock.run(1);
  await second;
  expect(steps).toEqual(["write", "write", "apply"]);
});

test("a proposal that a hung disk kept from being proposed ends as certainly without effect", async () => {
  cluster = new TestCluster(1);
  const disk = cluster.storage("n1");
  let isHung = false;
  const write: LogStorage["write"] = (batch) => (isHung ? new Promise(() => {}) : disk.write(batch));
  const { supports } = disk;
  const initialise: LogStorage["initialise"] = (identity) => disk.initialise(identity);
  const storage = { supports, write, initialise, load: () => disk.load(), close: () => disk.close() };
  const reads: Pick<LogStorage, "read" | "compact"> = {
    read: (range) => disk.read(range),
    compact: (base) => disk.compact(base),
  };
  await cluster.start("n1", { storage: { ...storage, ...reads } });
  const node = cluster.node(await cluster.elect());
  isHung = true;
  const underWay = rejectionOf(node.propose(word("a"), { timeoutMs: 100 }));
  await cluster.clock.run(1);
  const waiting = rejectionOf(node.propose(word("b"), { timeoutMs: 100 }));
  await cluster.clock.run(200);
  expect(await underWay).toMatchObject({ code: "QUORATE_PROPOSAL_TIMEOUT", outcome: "unknown" });
  expect(await waiting).toMatchObject({ code: "QUORATE_BUSY", outcome: "none" });
});
