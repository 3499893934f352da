// A large state does not stop the node that takes its snapshot, and the log is cut by entries and by bytes.
import type { Clock, CommittedCommand, SnapshotContent, StateMachine } from "@quorate/contracts";
import { memorySnapshotStore } from "@quorate/memory";
import { afterEach, expect, test } from "vitest";
import type { SnapshotOptions } from "../src/index.ts";
import { rejectionOf, TestCluster, type TestNode, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

const PIECE_BYTES = 64 * 1024;

/** Counts its commands beside a state of many pieces, and notes what is done to it, in order. */
class LargeState implements StateMachine<"all", readonly string[], number> {
  readonly #pieces: number;
  readonly done: string[] = [];
  #count = 0;

  constructor(pieces: number) {
    this.#pieces = pieces;
  }

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    this.done.push(...batch.map(() => "apply"));
    return batch.map(() => (this.#count += 1));
  }

  query(): readonly string[] {
    return [`${this.#count}`];
  }

  snapshot(): SnapshotContent {
    return this.#piecesAsOf(this.#count);
  }

  restore(snapshot: Uint8Array): void {
    this.#count = snapshot[0] ?? 0;
  }

  *#piecesAsOf(count: number): Generator<Uint8Array> {
    try {
      for (let made = 0; made < this.#pieces; made += 1) {
        this.done.push("piece");
        yield new Uint8Array(PIECE_BYTES).fill(count);
      }
    } finally {
      this.done.push("end");
    }
  }
}

async function startLeader(
  snapshots: Omit<SnapshotOptions, "store">,
  stateMachine = new WordList(),
): Promise<TestNode> {
  return startWith(snapshots, stateMachine);
}

async function startWith(
  snapshots: Omit<SnapshotOptions, "store">,
  stateMachine: StateMachine<"all", readonly string[], number>,
  clock?: Clock,
): Promise<TestNode> {
  cluster = new TestCluster(1);
  const store = memorySnapshotStore(cluster.disks.get("n1"));
  await cluster.start("n1", { stateMachine, snapshots: { store, ...snapshots }, ...(clock && { clock }) });
  return cluster.node(await cluster.elect());
}

/** Proposes one after the other, each when the one before it is answered, until `isEnough`. */
async function keepWriting(leader: TestNode, isEnough: () => boolean): Promise<void> {
  while (!isEnough()) await leader.propose(word("x"));
}

test("writes go on while a snapshot of a large state is taken, and no turn makes more than a slice of it", async () => {
  const pieces = 50;
  const machine = new LargeState(pieces);
  const turns = new Macrotasks();
  const leader = await startWith({ everyEntries: 10_000 }, machine, turns);
  turns.areReal = true;
  const taken = leader.takeSnapshot();
  const written = keepWriting(leader, () => machine.done.includes("end"));
  const longest = await mostPiecesInOneTurn(machine);
  await Promise.all([taken, written]);
  const during = machine.done.slice(machine.done.indexOf("piece"), machine.done.indexOf("end"));
  expect(during.filter(isPiece)).toHaveLength(pieces);
  expect(during.length - pieces, "writes in the meantime").toBeGreaterThan(pieces / 10);
  expect(longest).toBe(1);
});

/** The cluster's clock, of which deferred work can be real turns of the event loop: all promises settle between two. */
class Macrotasks implements Clock {
  areReal = false;
  now = (): number => cluster.clock.now();
  schedule = (atMs: number, callback: () => void): (() => void) => cluster.clock.schedule(atMs, callback);
  defer = (callback: () => void): void => {
    if (this.areReal) setImmediate(callback);
    else cluster.clock.defer(callback);
  };
}

async function mostPiecesInOneTurn(machine: LargeState): Promise<number> {
  let most = 0;
  for (let before = 0; !machine.done.includes("end"); ) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = machine.done.filter(isPiece).length;
    most = Math.max(most, now - before);
    before = now;
  }
  return most;
}

function isPiece(what: string): boolean {
  return what === "piece";
}

test("a snapshot is the state of the moment when it was begun, whatever is applied meanwhile", async () => {
  const machine = new LargeState(20);
  const leader = await startWith({ everyEntries: 10_000 }, machine);
  const taken = leader.takeSnapshot();
  const written = keepWriting(leader, () => machine.done.includes("end"));
  await cluster.clock.run(20);
  await written;
  const position = await taken;
  const stored = cluster.disks.get("n1")?.snapshot;
  expect(stored?.stored).toMatchObject({ ...position, sizeBytes: 20 * PIECE_BYTES });
  expect(new Set(stored?.content)).toEqual(new Set([0]));
});

test("a snapshot that is asked for while one is taken is taken after it", async () => {
  const machine = new LargeState(5);
  const leader = await startWith({ everyEntries: 10_000 }, machine);
  const first = leader.takeSnapshot();
  const proposed = leader.propose(word("x"));
  const second = leader.takeSnapshot();
  await cluster.clock.run(20);
  await proposed;
  expect((await first)?.index).toBe(1);
  expect((await second)?.index).toBe(2);
  const between = machine.done.slice(machine.done.indexOf("end") + 1);
  expect(machine.done.slice(0, machine.done.indexOf("end")).filter(isPiece)).toHaveLength(5);
  expect(between.filter(isPiece)).toHaveLength(5);
});

test("a state machine that throws while it is asked for its state stops the node, and says so", async () => {
  const broken = new WordList();
  broken.snapshot = (): Uint8Array => {
    throw new Error("out of ideas");
  };
  const leader = await startLeader({ everyEntries: 5 }, broken);
  const events = leader.events();
  const proposals = Promise.allSettled(Array.from({ length: 10 }, () => leader.propose(word("x"))));
  await cluster.clock.run(20);
  await proposals;
  expect(leader.currentStatus().state).toBe("failed");
  const failure = await rejectionOf(leader.propose(word("y")));
  expect(failure).toMatchObject({ message: expect.stringMatching(/could not make its snapshot: out of ideas/) });
  for await (const event of events) {
    if (event.type !== "failed") continue;
    expect(event.code).toBe("QUORATE_SNAPSHOT_FAILED");
    break;
  }
});

test("a snapshot that the disk refuses lets go of the state and of what was written", async () => {
  const machine = new LargeState(20);
  cluster = new TestCluster(1);
  const store = memorySnapshotStore(cluster.disks.get("n1"));
  const create: typeof store.create = async (position) => {
    const writer = await store.create(position);
    writer.write = () => Promise.reject(new Error("disk full"));
    writer.abort = async () => void machine.done.push("aborted");
    return writer;
  };
  const refusing = {
    load: () => store.load(),
    create,
    openLatest: () => store.openLatest(),
    close: () => store.close(),
  };
  await cluster.start("n1", { stateMachine: machine, snapshots: { store: refusing } });
  const leader = cluster.node(await cluster.elect());
  const taken = rejectionOf(leader.takeSnapshot());
  await cluster.clock.run(5);
  expect(await taken).toMatchObject({ message: "disk full" });
  expect(machine.done).toEqual(["piece", "end", "aborted"]);
});

test("a snapshot is due after so many bytes, too, and a tail of no more bytes than allowed stays behind it", async () => {
  const leader = await startLeader({ everyEntries: 10_000, everyBytes: 2 ** 20, retainBytes: 2 ** 19 });
  const stored = () => cluster.disks.get("n1")?.snapshot?.stored.index ?? 0;
  await write(leader, 40, "x".repeat(2 ** 15));
  expect(stored(), "32 entries make 1 MiB").toBeGreaterThanOrEqual(32);
  const { firstIndex } = leader.currentStatus();
  const tailBytes = (stored() - firstIndex + 1) * 2 ** 15;
  expect(tailBytes).toBeLessThanOrEqual(2 ** 19);
  expect(tailBytes).toBeGreaterThan(2 ** 18);
});

test("a log of small entries is cut by entries, and the next snapshot waits until as many have followed", async () => {
  const leader = await startLeader({ everyEntries: 30, retainEntries: 10, retainBytes: 2 ** 19 });
  const stored = () => cluster.disks.get("n1")?.snapshot?.stored.index ?? 0;
  await write(leader, 40);
  const first = stored();
  expect(first).toBeGreaterThanOrEqual(30);
  expect(leader.currentStatus().firstIndex).toBe(first - 10 + 1);
  await write(leader, 20);
  expect(stored()).toBe(first);
  await write(leader, 20);
  expect(stored()).toBeGreaterThanOrEqual(first + 30);
});

async function write(leader: TestNode, count: number, text = "x"): Promise<void> {
  const proposals = Array.from({ length: count }, () => leader.propose(word(text)));
  await cluster.clock.run(20);
  await Promise.all(proposals);
}
