// Whatever the moment of a crash, and whatever the disk kept of what was not synced: a store comes back with all that it had
// acknowledged, and with whole writes only.

import type { Entry, HardState, LogStorage, LogWrite } from "@quorate/contracts";
import { expect, test } from "vitest";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import { TestDisk } from "./test-disk.ts";

const segmentBytes = 64 * 1024;
const seeds = Array.from({ length: 80 }, (_, offset) => 1 + offset);

type State = { readonly hardState: HardState; readonly entries: readonly Entry[] };

test.each(seeds)("after crashes everything acknowledged is there, and nothing in part (seed %i)", async (seed) => {
  const random = mulberry(seed);
  const disk = new TestDisk(random);
  let state: State = { hardState: { term: 0, votedFor: undefined }, entries: [] };
  for (let round = 0; round < 12; round += 1) {
    const storage = openFileLogStorage({ directory: "/disk", segmentBytes, sealAfterMs: 60_000 }, disk.fileSystem);
    if (random() < 0.2) disk.crashAfter(Math.floor(random() * 8));
    const found = await loadState(storage).catch(() => undefined);
    expect(found ?? state).toEqual(state);
    const possible = found === undefined ? [state] : await writeUntilCrash({ storage, disk, random, state });
    await storage.close();
    disk.restart({ losesPower: random() < 0.6 });
    state = await expectOneOf(disk, possible);
    disk.restart({ losesPower: random() < 0.5 });
  }
});

/** Writes, several at a time, until the disk is down or it has been enough. States from the last acknowledged one on. */
async function writeUntilCrash(run: {
  readonly storage: LogStorage;
  readonly disk: TestDisk;
  readonly random: () => number;
  readonly state: State;
}): Promise<readonly State[]> {
  const { storage, disk, random } = run;
  disk.crashAfter(1 + Math.floor(random() * 40));
  // The first of these is the latest that was acknowledged.
  let states: State[] = [run.state];
  let last = run.state;
  const inFlight: Promise<void>[] = [];
  for (let count = 0; count < 60 && !disk.hasCrashed; count += 1) {
    const write = randomWrite(last, random);
    const next = apply(last, write);
    last = next;
    states.push(next);
    const acknowledged = noteIfDurable(storage.write(write), () => {
      states = states.slice(states.indexOf(next));
    });
    inFlight.push(acknowledged);
    if (random() < 0.5) await acknowledged;
  }
  await Promise.all(inFlight);
  return states;
}

/** Fails unless a fresh store on the disk finds one of these states; returns it. */
async function expectOneOf(disk: TestDisk, states: readonly State[]): Promise<State> {
  const storage = openFileLogStorage({ directory: "/disk", segmentBytes, sealAfterMs: 60_000 }, disk.fileSystem);
  const found = await loadState(storage);
  await storage.close();
  expect(states).toContainEqual(found);
  return found;
}

async function loadState(storage: LogStorage): Promise<State> {
  const { hardState, log } = await storage.load();
  if (log.lastIndex === 0) return { hardState, entries: [] };
  const entries = await storage.read({ firstIndex: 1, lastIndex: log.lastIndex, maxBytes: Number.MAX_SAFE_INTEGER });
  return { hardState, entries };
}

async function noteIfDurable(write: Promise<void>, note: () => void): Promise<void> {
  try {
    await write;
    note();
  } catch {
    // The disk is down: the write may be there or not.
  }
}

function apply(state: State, write: LogWrite): State {
  const kept = write.truncateFrom === undefined ? state.entries : state.entries.slice(0, write.truncateFrom - 1);
  return { hardState: write.hardState ?? state.hardState, entries: [...kept, ...write.entries] };
}

function randomWrite(state: State, random: () => number): LogWrite {
  const size = state.entries.length;
  const truncateFrom = random() < 0.2 ? 1 + Math.floor(random() * (size + 1)) : undefined;
  const keptLast = truncateFrom === undefined ? size : truncateFrom - 1;
  const term = state.hardState.term + (random() < 0.3 ? 1 : 0);
  const count = Math.floor(random() * 4);
  const entries = Array.from({ length: count }, (_, offset): Entry => {
    const length = Math.floor(random() * (random() < 0.1 ? 20_000 : 600));
    const data = Uint8Array.from({ length }, () => Math.floor(random() * 256));
    return { index: keptLast + 1 + offset, term, kind: "command", data };
  });
  return { hardState: { term, votedFor: `n${count}` }, truncateFrom, entries };
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
