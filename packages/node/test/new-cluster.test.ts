// One server is left of a cluster: what it has goes on in a new cluster, and nobody of the old one is mistaken for a member.
import { crc32, type StoredSnapshot } from "@quorate/contracts";
import { memoryDisk, memoryLogStorage, type MemoryDisk, memorySnapshotStore } from "@quorate/memory";
import { afterEach, expect, test } from "vitest";
import { beginFromSnapshot, readBeginning, type Stores, writeNewCluster } from "../src/index.ts";
import { rejectionOf, TestCluster, type TestNode, WordList, word } from "./support/cluster.ts";

let cluster: TestCluster;
afterEach(() => cluster.close());

function storesOn(disk: MemoryDisk | undefined): Stores {
  return { storage: memoryLogStorage(disk), snapshots: memorySnapshotStore(disk) };
}

async function write(node: TestNode, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const written = node.propose(word(`word ${at}`));
    await cluster.clock.run(20);
    await written;
  }
}

/** Three nodes with these many words; then only the disk of a follower is left. */
async function survivorOf(count: number, everyEntries = 1000): Promise<string> {
  cluster = new TestCluster(3);
  for (const id of cluster.ids) {
    const store = memorySnapshotStore(cluster.disks.get(id));
    await cluster.start(id, { snapshots: { store, everyEntries, retainEntries: 2 } });
  }
  const leader = await cluster.elect();
  await write(cluster.node(leader), count);
  await cluster.clock.run(100);
  for (const id of cluster.ids) await cluster.node(id).close();
  return cluster.ids.find((id) => id !== leader) ?? "";
}

/** Starts the only member of the new cluster and returns what its machine has when it leads. */
async function restart(id: string, disk: MemoryDisk): Promise<WordList> {
  const stateMachine = new WordList();
  const founded = {
    clusterId: "words-2",
    configuration: { voters: [id], learners: [] },
    storage: memoryLogStorage(disk),
    snapshots: { store: memorySnapshotStore(disk) },
    stateMachine,
  };
  await cluster.start(id, founded);
  await cluster.elect();
  await cluster.clock.run(50);
  return stateMachine;
}

const all = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `word ${at}`);

test.each([
  { what: "a log alone", everyEntries: 1000 },
  { what: "a snapshot and the log behind it", everyEntries: 10 },
])("the survivor of three nodes goes on alone with all that it had: $what", async ({ everyEntries }) => {
  const id = await survivorOf(25, everyEntries);
  const before = structuredClone(cluster.disks.get(id));
  const target = memoryDisk();
  const beginning = await readBeginning(storesOn(cluster.disks.get(id)));
  expect(beginning.configuration.voters.toSorted()).toEqual(cluster.ids);
  const founder = { clusterId: "words-2", nodeId: id, address: "host:1" };
  const formed = await writeNewCluster(beginning, founder, storesOn(target));
  expect(formed).toEqual({ index: beginning.last.index + 1, term: beginning.term + 1 });
  expect(cluster.disks.get(id), "the old disk").toEqual(before);
  expect((await restart(id, target)).words).toEqual(all(25));
  const { configuration } = cluster.node(id).currentStatus();
  expect(configuration).toMatchObject({ voters: [id], learners: [], records: [{ id, address: "host:1" }] });
  await write(cluster.node(id), 1);
});

test("an entry that no majority ever had takes effect in the new cluster", async () => {
  cluster = await TestCluster.started(3);
  const leader = await cluster.elect();
  cluster.isolate(leader);
  const lost = rejectionOf(cluster.node(leader).propose(word("never committed")));
  await cluster.clock.run(10);
  for (const id of cluster.ids) await cluster.node(id).close();
  expect(await lost).toMatchObject({ outcome: "unknown" });
  const target = memoryDisk();
  const beginning = await readBeginning(storesOn(cluster.disks.get(leader)));
  await writeNewCluster(beginning, { clusterId: "words-2", nodeId: leader }, storesOn(target));
  expect((await restart(leader, target)).words).toEqual(["never committed"]);
});

test("the new store is refused to the old cluster, and members of the old one to the new cluster", async () => {
  const id = await survivorOf(3);
  const target = memoryDisk();
  const beginning = await readBeginning(storesOn(cluster.disks.get(id)));
  await writeNewCluster(beginning, { clusterId: "words-2", nodeId: id }, storesOn(target));
  const asOld = cluster.start(id, { storage: memoryLogStorage(target) });
  expect(await rejectionOf(asOld)).toMatchObject({ code: "QUORATE_CLUSTER_MISMATCH" });
  await restart(id, target);
  for (const other of cluster.ids.filter((one) => one !== id)) await cluster.start(other);
  await cluster.clock.run(1_000);
  expect(cluster.node(id).currentStatus()).toMatchObject({ role: "leader", configuration: { voters: [id] } });
});

test("a new cluster begins from a snapshot alone", async () => {
  cluster = new TestCluster(1);
  const bytes = word(all(4).join("\n"));
  const configuration = { voters: ["a", "b"], learners: [] };
  const facts = { index: 40, term: 7, configuration, sizeBytes: bytes.length };
  const target = memoryDisk();
  const chunks = async function* (): AsyncIterable<Uint8Array> {
    yield bytes;
  };
  const begin = (snapshot: StoredSnapshot, disk: MemoryDisk): ReturnType<typeof writeNewCluster> =>
    writeNewCluster(beginFromSnapshot({ snapshot, chunks }), { clusterId: "words-2", nodeId: "n1" }, storesOn(disk));
  const rotten = await rejectionOf(begin({ ...facts, checksum: crc32(bytes) + 1 }, memoryDisk()));
  expect(rotten).toMatchObject({ code: "QUORATE_SNAPSHOT_CORRUPT" });
  expect(await begin({ ...facts, checksum: crc32(bytes) }, target)).toEqual({ index: 41, term: 8 });
  expect((await restart("n1", target)).words).toEqual(all(4));
});

test("a store that was never used, and one that is used, are refused", async () => {
  const id = await survivorOf(1);
  expect(await rejectionOf(readBeginning(storesOn(memoryDisk())))).toMatchObject({
    code: "QUORATE_LOG_CORRUPT",
    hint: "name the data directory of a node of the lost cluster",
  });
  const beginning = await readBeginning(storesOn(cluster.disks.get(id)));
  const onto = writeNewCluster(beginning, { clusterId: "words-2", nodeId: id }, storesOn(cluster.disks.get("n3")));
  expect(await rejectionOf(onto)).toMatchObject({ code: "QUORATE_ALREADY_INITIALISED" });
});
