// Writes the data directory of a new cluster's only member: from a stopped node's directory, or from a saved snapshot. The
// source is only read. The new directory appears whole or not at all.

import { cp, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { codeOf, QuorateError } from "@quorate/contracts";
import { type Beginning, beginFromSnapshot, type Founder, readBeginning, writeNewCluster } from "@quorate/node";
import { composeStores, storeFiles } from "../compose.ts";
import { openSnapshotFile } from "./snapshot-file.ts";

type StorageType = Parameters<typeof composeStores>[0];
type Stores = ReturnType<typeof composeStores>;

/** What became of it. */
export type NewCluster = {
  readonly directory: string;
  /** Where the state came from: whose it was, and up to where. */
  readonly from: {
    readonly cluster: string;
    readonly node: string;
    readonly members: readonly string[];
    readonly index: number;
    readonly term: number;
  };
  /** Where the configuration of the new cluster stands in its log. */
  readonly index: number;
  readonly term: number;
};

/** What a stopped node has, without touching it. Rejects with `QUORATE_DATA_LOCKED` if the node runs. */
export async function lookAt(data: string): Promise<NewCluster["from"]> {
  const scratch = await mkdtemp(`${resolve(data)}.reading-`);
  try {
    return await withCopy(data, scratch, (beginning) => Promise.resolve(factsOf(beginning)));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** From a stopped node's directory. */
export function recoverInto(into: string, data: string, founder: Founder): Promise<NewCluster> {
  return build(into, (scratch) =>
    withCopy(data, scratch, async (beginning, type) => ({
      beginning,
      placed: await write(beginning, founder, { type, scratch }),
    })),
  );
}

/** From a saved snapshot. */
export function restoreInto(into: string, file: string, founder: Founder & { type: StorageType }): Promise<NewCluster> {
  return build(into, async (scratch) => {
    const source = await openSnapshotFile(file);
    const beginning = beginFromSnapshot(source);
    const placed = await write(beginning, founder, { type: founder.type, scratch });
    return { beginning, placed, whose: source.saved };
  });
}

type Built = {
  readonly beginning: Beginning;
  readonly placed: { readonly index: number; readonly term: number };
  readonly whose?: { readonly cluster: string; readonly node: string };
};

/** Works beside the place where the result is to be, and moves it there in one step. */
async function build(into: string, work: (scratch: string) => Promise<Built>): Promise<NewCluster> {
  const directory = resolve(into);
  await refuseUsed(directory);
  await mkdir(dirname(directory), { recursive: true });
  const scratch = await mkdtemp(`${directory}.partial-`);
  try {
    const { beginning, placed, whose } = await work(scratch);
    await rename(join(scratch, "new"), directory);
    await sync(dirname(directory));
    return { directory, from: factsOf(beginning, whose), ...placed };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function write(
  beginning: Beginning,
  founder: Founder,
  { type, scratch }: { readonly type: StorageType; readonly scratch: string },
): Promise<Built["placed"]> {
  const target = join(scratch, "new");
  await mkdir(target, { recursive: true });
  return withStores(composeStores(type, target), (stores) => writeNewCluster(beginning, founder, stores));
}

/** Opening a store may repair what a crash left, so a copy is opened. */
async function withCopy<Result>(
  data: string,
  scratch: string,
  work: (beginning: Beginning, type: StorageType) => Promise<Result>,
): Promise<Result> {
  const type = storeFiles.typeOf(await storeFilesIn(data));
  await refuseRunning(data, type);
  const names = await storeFilesIn(data);
  const copy = join(scratch, "old");
  await mkdir(copy);
  for (const name of names) await cp(join(data, name), join(copy, name));
  return withStores(composeStores(type, copy), async (stores) => work(await readBeginning(stores), type));
}

async function storeFilesIn(data: string): Promise<readonly string[]> {
  const names = (await readdir(data).catch(notThere(data))).filter((name) => storeFiles.isOne(name));
  if (names.some((name) => storeFiles.identities.includes(name))) return names;
  throw noStore(data);
}

/** A node that runs has its directory locked. */
async function refuseRunning(data: string, type: StorageType): Promise<void> {
  if (type === "file") {
    const { inspectFileLog } = await import("../compose.ts");
    await inspectFileLog({ directory: data });
    return;
  }
  // Only opening it tells. SQLite may then tidy up behind a crash, as at every start; what it holds stays the same.
  const { storage } = composeStores(type, data);
  try {
    await storage.load();
  } finally {
    await storage.close();
  }
}

async function withStores<Result>(stores: Stores, work: (stores: Stores) => Promise<Result>): Promise<Result> {
  try {
    return await work(stores);
  } finally {
    await Promise.allSettled([stores.storage.close(), stores.snapshots.close()]);
  }
}

function factsOf({ identity, configuration, last }: Beginning, whose?: Built["whose"]): NewCluster["from"] {
  const { voters, learners, outgoing = [] } = configuration;
  return {
    cluster: whose?.cluster ?? identity?.clusterId ?? "unknown",
    node: whose?.node ?? identity?.nodeId ?? "unknown",
    members: [...new Set([...voters, ...outgoing, ...learners])],
    ...last,
  };
}

async function refuseUsed(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new QuorateError({
    code: "QUORATE_CONFIG_INVALID",
    message: `${directory} is not empty`,
    hint: "Name a directory that does not exist yet: nothing that is there is ever overwritten.",
  });
}

async function sync(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

function notThere(data: string): (cause: unknown) => never {
  return (cause) => {
    throw noStore(data, cause);
  };
}

function noStore(data: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_CONFIG_INVALID",
    message: `${data} holds no store of a node`,
    hint: "Name a node's data directory: the value of `data` in its configuration.",
    cause,
  });
}
