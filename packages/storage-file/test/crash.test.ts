// Whatever the moment of a crash, and whatever the disk kept of what was not synced: a store comes back with all that it had
// acknowledged, and with whole writes only.

import type { Entry, EntryId, HardState, LogStorage, LogWrite } from "@quorate/contracts";
import { expect, test } from "vitest";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import { findIn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segmentBytes = 64 * 1024;
const seeds = Array.from({ length: 80 }, (_, offset) => 1 + offset);

type State = { readonly hardState: HardState; readonly base: EntryId; readonly entries: readonly Entry[] };
/** What is asked of the store: a write, or a compaction. */
type Step = { readonly write: LogWrite } | { readonly base: EntryId };

const emptyState: State = { hardState: { term: 0, votedFor: undefined }, base: { index: 0, term: 0 }, entries: [] };

test.each(seeds)("after crashes everything acknowledged is there, and nothing in part (seed %i)", async (seed) => {
  const random = mulberry(seed);
  const disk = new TestDisk(random);
  let state = emptyState;
  for (let round = 0; round < 12; round += 1) {
    const storage = openFileLogStorage({ directory: "/disk", segmentBytes, sealAfterMs: 60_000 }, disk.fileSystem);
    if (random() < 0.2) disk.crashAfter(Math.floor(random() * 8));
    const found = await findIn(storage).catch(() => undefined);
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
    const step = random() < 0.15 ? { base: randomBase(last, random) } : { write: randomWrite(last, random) };
    const next = apply(last, step);
    last = next;
    states.push(next);
    const done = "base" in step ? storage.compact(step.base) : storage.write(step.write);
    const acknowledged = noteIfDurable(done, () => {
      expect(states, "acknowledged in call order").toContain(next);
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
  const found = await findIn(storage);
  await storage.close();
  expect(states).toContainEqual(found);
  return found;
}

function noteIfDurable(done: Promise<void>, note: () => void): Promise<void> {
  // If the disk is down, the step may be there or not.
  return done.then(note, () => undefined);
}

function apply(state: State, step: Step): State {
  return "base" in step ? applyCompaction(state, step.base) : applyWrite(state, step.write);
}

function applyWrite({ hardState, base, entries }: State, write: LogWrite): State {
  const kept = write.truncateFrom === undefined ? entries : entries.slice(0, write.truncateFrom - base.index - 1);
  return { hardState: write.hardState ?? hardState, base, entries: [...kept, ...write.entries] };
}

function applyCompaction(state: State, base: EntryId): State {
  if (base.index <= state.base.index) return state;
  const isInLog = state.entries.some(({ index, term }) => index === base.index && term === base.term);
  const kept = isInLog ? state.entries.filter(({ index }) => index > base.index) : [];
  return { hardState: state.hardState, base, entries: kept };
}

/** Mostly an entry of the log; now and then one of another history, or one that has long gone. */
function randomBase({ hardState, base, entries }: State, random: () => number): EntryId {
  const chosen = entries[Math.floor(random() * entries.length)];
  if (chosen !== undefined && random() < 0.8) return { index: chosen.index, term: chosen.term };
  return { index: Math.max(0, base.index - 3 + Math.floor(random() * 30)), term: hardState.term };
}

function randomWrite(state: State, random: () => number): LogWrite {
  const first = state.base.index + 1;
  const last = state.base.index + state.entries.length;
  const truncateFrom = random() < 0.2 ? first + Math.floor(random() * (last - first + 2)) : undefined;
  const keptLast = truncateFrom === undefined ? last : truncateFrom - 1;
  const term = Math.max(state.hardState.term, state.base.term) + (random() < 0.3 ? 1 : 0);
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
