// Swap the storage: the same program keeps its log in files, then in SQLite. Only the line that makes the storage differs.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogStorage } from "@quorate/contracts";
import { memoryNetwork } from "@quorate/memory";
import { RaftNode } from "@quorate/node";
import { fileLogStorage } from "@quorate/storage-file";
import { sqliteLogStorage } from "@quorate/storage-sqlite";
import { add, Counter } from "./counter.ts";
import { leaderOf } from "./leader.ts";

const storages: Record<string, (directory: string) => LogStorage> = {
  files: (directory) => fileLogStorage({ directory }),
  SQLite: (directory) => sqliteLogStorage({ directory }),
};

/** Starts the cluster's only server, adds one, and stops it again. */
async function addOne(storage: LogStorage): Promise<number> {
  await using node = await RaftNode.start({
    clusterId: "swap-storage",
    nodeId: "n1",
    configuration: { voters: ["n1"], learners: [] },
    storage,
    transport: memoryNetwork().transport("n1"),
    stateMachine: new Counter(),
  });
  await leaderOf([node]);
  const { result } = await node.propose(add(1));
  return result;
}

for (const [name, storageIn] of Object.entries(storages)) {
  const directory = await mkdtemp(join(tmpdir(), "swap-storage-"));
  const first = await addOne(storageIn(directory));
  const second = await addOne(storageIn(directory));
  console.log(`${name}: ${first}, and after a restart ${second}`);
  await rm(directory, { recursive: true });
}
