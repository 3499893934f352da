// Laws about what befalls a store from outside: crashes, flipped bits, full and read-only disks, files of others, a second opener.

import type { LogStorage } from "../log-storage.ts";
import { assertCode, assertEqual, assertRejects, assertThat, type TestFramework, withDeadline } from "./harness.ts";
import { assertRemedy, declareFileLaws, declareIf, declareReadOnlyLaw } from "./hazards.ts";
import { callStorage, describeCall, LogModel, scriptedCalls, type StorageCall } from "./storage-model.ts";
import { assertContent, entry, type StorageConformance, storageLaws } from "./storage-session.ts";

const damageCodes = ["QUORATE_LOG_CORRUPT", "QUORATE_FORMAT_UNSUPPORTED"];
/** A small disk is full long before. */
const mostWrites = 1000;
/** More than what is left of a small disk, however much is reserved. */
const largeBytes = 16 * 1024 * 1024;

export function declareHazardLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  declareCrashLaw(framework, options);
  declareFileLaws(framework, {
    files: options.files,
    codes: damageCodes,
    flips: { seed: options.seed ?? 1, perFile: options.flipsPerFile ?? 100 },
    newLocation: () => options.newLocation(),
    fill: (location) => fill(options, location),
    look: (location) => look(options, location, modelOf(scriptedCalls)),
  });
  declareDiskLaws(framework, options);
  declareReadOnlyLaw(framework, options);
  declareOpenerLaw(framework, options);
}

function declareCrashLaw<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const need = {
    title: "a crash at any moment leaves everything that was acknowledged, and no call in part",
    needed: options.crashes?.bind(options),
    missing: "the set-up cannot play a crash (crashes)",
  };
  declareIf(framework, need, async (crashes) => {
    const moments = new Set<number>();
    for await (const { location, acknowledged, begun, moment } of crashes(scriptedCalls)) {
      await assertStateAfter(options, location, { calls: scriptedCalls, acknowledged, begun, moment });
      moments.add(acknowledged);
    }
    assertThat(moments.size > scriptedCalls.length / 2, "there are crashes all along the calls");
  });
}

/** Fails unless the store holds what some number of calls leave, between those acknowledged and those begun. */
async function assertStateAfter<Location>(
  options: StorageConformance<Location>,
  location: Location,
  crash: {
    readonly calls: readonly StorageCall[];
    readonly acknowledged: number;
    readonly begun: number;
    readonly moment: string;
  },
): Promise<void> {
  const { calls, acknowledged, begun, moment } = crash;
  const model = modelOf(calls.slice(0, acknowledged));
  const reasons: string[] = [];
  for (let count = acknowledged; count <= begun; count += 1) {
    const next = calls[count - 1];
    if (count > acknowledged && next !== undefined) model.take(next);
    const failure = await failureOfLook(options, location, model);
    if (failure === undefined) return;
    reasons.push(`\n  compared with the log after ${count} calls: ${failure.message}`);
  }
  const last = calls[acknowledged - 1];
  const after = last === undefined ? "before any call" : `after "${describeCall(last)}" was acknowledged`;
  throw new Error(`A crash ${after} (${moment}) left something else.${reasons.join("")}`);
}

function declareDiskLaws<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const needed = options.openOnSmallDisk?.bind(options);
  const missing = "the set-up cannot offer a small disk (openOnSmallDisk)";
  if (options.supports.reservesSpace === true) declareSpaceLaw(framework, options, { needed, missing });
  else declareFullDiskLaw(framework, options, { needed, missing });
}

type SmallDisk<Location> = {
  readonly needed: ((location: Location) => LogStorage | Promise<LogStorage>) | undefined;
  readonly missing: string;
};

function declareFullDiskLaw<Location>(
  framework: TestFramework,
  options: StorageConformance<Location>,
  smallDisk: SmallDisk<Location>,
): void {
  const title = "on a full disk a write fails, nothing more is taken, and everything acknowledged is found again";
  declareIf(framework, { title, ...smallDisk }, async (openOnSmallDisk) => {
    const location = await options.newLocation();
    const storage = await openOnSmallDisk(location);
    await storage.load();
    const model = new LogModel();
    const { call, error } = await fillUp(storage, model);
    assertCode(error, "QUORATE_STORAGE_FAILED", "a write on a full disk");
    assertRemedy(error);
    await assertRejects(storage.write({ entries: [] }), "QUORATE_STORAGE_FAILED", "a write after a failed one");
    const range = { firstIndex: 1, lastIndex: 1, maxBytes: 1 };
    await assertRejects(storage.read(range), "QUORATE_STORAGE_FAILED", "a read after a failed write");
    await storage.close();
    // Nobody knows of the write that failed.
    const failure = await failureOfLook(options, location, model);
    if (failure === undefined) return;
    model.take(call);
    if ((await failureOfLook(options, location, model)) !== undefined) throw failure;
  });
}

function declareSpaceLaw<Location>(
  framework: TestFramework,
  options: StorageConformance<Location>,
  smallDisk: SmallDisk<Location>,
): void {
  const title =
    "a disk that fills up is noticed in time: a vote still fits, what does not fit waits, and no space is needed to open";
  declareIf(framework, { title, ...smallDisk }, async (openOnSmallDisk) => {
    const location = await options.newLocation();
    const storage = await openOnSmallDisk(location);
    await storage.load();
    assertEqual(storage.isShortOfSpace, false, "isShortOfSpace of a store that has space");
    const model = new LogModel();
    await writeUntilShort(storage, model);
    const vote: StorageCall = { type: "write", write: { hardState: { term: 2, votedFor: "n2" }, entries: [] } };
    await callStorage(storage, vote);
    model.take(vote);
    const index = model.lastIndex + 1;
    const large = { index, term: 2, kind: "command", data: new Uint8Array(largeBytes).fill(7) } as const;
    let isSettled = false;
    const waiting = storage.write({ entries: [large] }).finally(() => {
      isSettled = true;
    });
    waiting.catch(() => undefined);
    const range = { firstIndex: index - 1, lastIndex: index - 1, maxBytes: 1 };
    assertEqual((await storage.read(range)).length, 1, "entries that are read while a write waits for space");
    assertThat(!isSettled, "a write that does not fit waits for space");
    await storage.close();
    const end = "a write that waited for space when the store was closed";
    assertRemedy(await withDeadline(assertRejects(waiting, "QUORATE_STORAGE_FAILED", end), end));
    await look({ ...options, open: openOnSmallDisk }, location, model);
  });
}

async function writeUntilShort(storage: LogStorage, model: LogModel): Promise<void> {
  for (let count = 0; count < mostWrites; count += 1) {
    if (storage.isShortOfSpace === true) return;
    const call = nextWrite(model, count);
    await withDeadline(callStorage(storage, call), "a write to a store that does not say that it is short of space");
    model.take(call);
  }
  throw new Error(`Expected: a small disk is short of space after ${mostWrites} writes of 60,000 bytes`);
}

function nextWrite(model: LogModel, count: number): StorageCall {
  const data = new Uint8Array(60_000).fill(count % 251);
  return { type: "write", write: { entries: [{ index: model.lastIndex + 1, term: 1, kind: "command", data }] } };
}

/** Writes until a write fails; that is not in the model. */
async function fillUp(
  storage: LogStorage,
  model: LogModel,
): Promise<{ readonly call: StorageCall; readonly error: unknown }> {
  for (let count = 0; count < mostWrites; count += 1) {
    const call = nextWrite(model, count);
    try {
      await callStorage(storage, call);
    } catch (error) {
      return { call, error };
    }
    model.take(call);
  }
  throw new Error(`Expected: a small disk is full after ${mostWrites} writes of 60,000 bytes`);
}

function declareOpenerLaw<Location>(framework: TestFramework, options: StorageConformance<Location>): void {
  const { law } = storageLaws(framework, options);
  const noNeed = options.supports.durable ? undefined : "a store that does not outlive its process needs no lock";
  const missing = options.cannotLock ?? options.cannotReopen ?? noNeed;
  const title = "a second opener is refused until the first has closed, and does not disturb it";
  if (missing !== undefined) {
    declareIf(framework, { title, needed: undefined, missing }, async () => undefined);
    return;
  }
  law(title, async (session) => {
    await session.storage.write({ entries: [entry(1, 1, "first")] });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const second = await options.open(session.location);
      assertRemedy(await assertRejects(second.load(), "QUORATE_DATA_LOCKED", "load of a second opener"));
      await second.close();
    }
    await session.storage.write({ entries: [entry(2, 1, "second")] });
    const content = { base: { index: 0, term: 0 }, entries: [entry(1, 1, "first"), entry(2, 1, "second")] };
    const loaded = await session.reopen();
    await assertContent(session.storage, content, loaded);
  });
}

function modelOf(calls: readonly StorageCall[]): LogModel {
  const model = new LogModel();
  for (const call of calls) model.take(call);
  return model;
}

async function fill<Location>(options: StorageConformance<Location>, location: Location): Promise<void> {
  const storage = await options.open(location);
  try {
    await storage.load();
    for (const call of scriptedCalls) await callStorage(storage, call);
  } finally {
    await storage.close();
  }
}

/** Why the place does not hold what the model says; undefined if it does. */
async function failureOfLook<Location>(
  options: StorageConformance<Location>,
  location: Location,
  model: LogModel,
): Promise<Error | undefined> {
  try {
    await look(options, location, model);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Opens the place and compares everything; rejects with what the store refuses or with what differs. */
async function look<Location>(
  options: StorageConformance<Location>,
  location: Location,
  model: LogModel,
): Promise<void> {
  const storage = await options.open(location);
  try {
    const loaded = await storage.load();
    assertEqual(loaded.identity, model.identity, "identity");
    assertEqual(loaded.hardState, model.hardState, "hard state");
    await assertContent(storage, model.content, loaded);
  } finally {
    await storage.close();
  }
}
