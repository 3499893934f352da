// A life of a store in some 200 operations, recorded step by step: appends of all sizes, alone and together, terms and votes,
// truncations, rotations, snapshots with the compactions that follow them, and restarts. And what a crash may leave of it.

import { crc32 } from "node:zlib";
import type { LogStorage, SnapshotStore, StoreIdentity } from "@quorate/contracts";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import { openFileSnapshotStore } from "../src/file-snapshot-store.ts";
import type { FileSystem } from "../src/file-system.ts";
import { apply, type Change, emptyState, mulberry, randomBase, randomWrite, type State } from "./histories.ts";
import { findIn } from "./logs.ts";
import { type CrashImage, diskWith, filesAfter, recording, type Step } from "./recorded-disk.ts";
import { contentOf, take } from "./snapshots.ts";
import { TestDisk } from "./test-disk.ts";

/** Small, so that a short script fills many. */
const segmentBytes = 8 * 1024;
const sizes = { usualBytes: 100, largestBytes: 1800 };
const identity: StoreIdentity = {
  clusterId: "c1",
  nodeId: "n1",
  incarnation: "i1",
  configuration: { voters: ["n1"], learners: [] },
};

/** All that both stores hold. */
type Whole = { readonly log: State; readonly hasIdentity: boolean; readonly snapshot: Uint8Array | undefined };

/** A script that was run: what it did to the disk, and the states that it went through, in one line each. */
export type RecordedScript = { readonly steps: readonly Step[]; readonly states: readonly string[] };

type Stores = { readonly log: LogStorage; readonly snapshots: SnapshotStore };

/** Runs a script that the seed decides. */
export async function recordScript(seed: number, operations: number): Promise<RecordedScript> {
  const steps: Step[] = [];
  const run = new ScriptRun(recording(new TestDisk(), steps), steps);
  const random = mulberry(seed);
  await run.reopen();
  await run.initialise();
  while (run.operations < operations) await run.next(random);
  await run.close();
  return { steps, states: run.states.map(lineOf) };
}

class ScriptRun {
  readonly states: Whole[] = [{ log: emptyState, hasIdentity: false, snapshot: undefined }];
  operations = 0;
  readonly #fileSystem: FileSystem;
  readonly #steps: Step[];
  #stores: Stores | undefined;
  #acknowledged = 0;
  #snapshotIndex = 0;

  constructor(fileSystem: FileSystem, steps: Step[]) {
    this.#fileSystem = fileSystem;
    this.#steps = steps;
  }

  async next(random: () => number): Promise<void> {
    const chance = random();
    if (chance < 0.04) await this.reopen();
    else if (chance < 0.12) await this.snapshotAndCompact(random);
    else if (chance < 0.16) await this.change({ base: randomBase(this.#last.log, random) });
    else if (chance < 0.3) await Promise.all([1, 2, 3].map(() => this.write(random)));
    else await this.write(random);
  }

  async write(random: () => number): Promise<void> {
    await this.change({ write: randomWrite(this.#last.log, random, sizes) });
  }

  async change(change: Change): Promise<void> {
    const { log } = this.#opened();
    const issued = this.#issue({ ...this.#last, log: apply(this.#last.log, change) });
    await ("base" in change ? log.compact(change.base) : log.write(change.write));
    this.#acknowledge(issued);
  }

  async snapshotAndCompact(random: () => number): Promise<void> {
    const base = randomBase(this.#last.log, random);
    if (base.index <= this.#snapshotIndex) return;
    this.#snapshotIndex = base.index;
    const sizeBytes = Math.floor(random() * 1500);
    const issued = this.#issue({ ...this.#last, snapshot: contentOf(base.index, sizeBytes) });
    await take(this.#opened().snapshots, { index: base.index, sizeBytes });
    this.#acknowledge(issued);
    await this.change({ base });
  }

  async initialise(): Promise<void> {
    const issued = this.#issue({ ...this.#last, hasIdentity: true });
    await this.#opened().log.initialise(identity);
    this.#acknowledge(issued);
  }

  async reopen(): Promise<void> {
    await this.close();
    this.operations += 1;
    this.#stores = storesOn(this.#fileSystem);
    await this.#stores.log.load();
    await this.#stores.snapshots.load();
  }

  async close(): Promise<void> {
    await this.#stores?.log.close();
    await this.#stores?.snapshots.close();
  }

  get #last(): Whole {
    return this.states.at(-1) ?? { log: emptyState, hasIdentity: false, snapshot: undefined };
  }

  #opened(): Stores {
    if (this.#stores === undefined) throw new Error("the script is not open");
    return this.#stores;
  }

  #issue(state: Whole): number {
    this.operations += 1;
    this.states.push(state);
    this.#note();
    return this.states.length - 1;
  }

  #acknowledge(issued: number): void {
    if (issued < this.#acknowledged) throw new Error("the store acknowledged out of order");
    this.#acknowledged = issued;
    this.#note();
  }

  #note(): void {
    this.#steps.push({ type: "allowed", acknowledged: this.#acknowledged, issued: this.states.length - 1 });
  }
}

function storesOn(fileSystem: FileSystem): Stores {
  return {
    log: openFileLogStorage({ directory: "/disk", segmentBytes, sealAfterMs: 60_000 }, fileSystem),
    snapshots: openFileSnapshotStore({ directory: "/disk" }, fileSystem),
  };
}

/**
 * Lets a new process go on after the first `until` steps of a script: it recovers, writes, and ends. Returns the script that
 * the two processes make together.
 */
export async function goOnAfter({ steps, states }: RecordedScript, until: number): Promise<RecordedScript> {
  const both = steps.slice(0, until);
  const { files, numbers } = filesAfter(both);
  const fileSystem = recording(diskWith(files), both, numbers);
  const { log, snapshots } = storesOn(fileSystem);
  const found = await findIn(log);
  const snapshot = await snapshots.load();
  const reader = snapshot && (await snapshots.openLatest());
  const content = await reader?.read(0, reader.snapshot.sizeBytes);
  const whole = { log: found, hasIdentity: found.identity !== undefined, snapshot: content };
  const write = randomWrite(found, mulberry(until), sizes);
  const after = { ...whole, log: apply(found, { write }) };
  // From the moment it was reported, what was found is as good as acknowledged.
  const reported = states.length;
  both.push({ type: "allowed", acknowledged: reported, issued: reported + 1 });
  await log.write(write);
  both.push({ type: "allowed", acknowledged: reported + 1, issued: reported + 1 });
  await log.close();
  await snapshots.close();
  return { steps: both, states: [...states, lineOf(whole), lineOf(after)] };
}

/** Opens a disk as a server does after a crash, reads everything, and says in one line what is there. */
export async function recover(fileSystem: FileSystem): Promise<string> {
  const { log, snapshots } = storesOn(fileSystem);
  try {
    const found = await findIn(log);
    await snapshots.load();
    const reader = await snapshots.openLatest();
    const snapshot = await reader?.read(0, reader.snapshot.sizeBytes);
    return lineOf({ log: found, hasIdentity: found.identity !== undefined, snapshot });
  } finally {
    await log.close();
    await snapshots.close();
  }
}

/** Fails unless what a crash left recovers to one of the states that are allowed there; returns the state. */
export async function expectRecovered(image: CrashImage, { states }: RecordedScript): Promise<string> {
  const found = await recover(diskWith(image.files).fileSystem).catch((error: unknown) => error);
  const allowed = states.slice(image.acknowledged, image.issued + 1);
  if (typeof found === "string" && allowed.includes(found)) return found;
  throw new Error(`${image.what}: found ${String(found)}, allowed are\n${allowed.join("\n")}`, { cause: found });
}

/** As short as it can be and still tell any two states apart. */
function lineOf({ log, hasIdentity, snapshot }: Whole): string {
  let checksum = 0;
  for (const { index, term, kind, data } of log.entries) {
    checksum = crc32(data, crc32(`${index} ${term} ${kind}`, checksum));
  }
  const { hardState, base, entries } = log;
  const kept = snapshot === undefined ? "no snapshot" : `snapshot of ${snapshot.length} bytes, ${crc32(snapshot)}`;
  const vote = `term ${hardState.term}, vote ${hardState.votedFor}`;
  return `${hasIdentity ? "" : "nobody's, "}${vote}, ${entries.length} entries from ${base.index}/${base.term}, ${checksum}, ${kept}`;
}
