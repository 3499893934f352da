// Whatever the moment of a crash, and whatever the disk kept of what was not synced: a store comes back with all that it had
// acknowledged, and with whole writes only.

import type { LogStorage } from "@quorate/contracts";
import { expect, test } from "vitest";
import { openFileLogStorage } from "../src/file-log-storage.ts";
import { apply, emptyState, mulberry, randomBase, randomWrite, type State } from "./histories.ts";
import { findIn } from "./logs.ts";
import { TestDisk } from "./test-disk.ts";

const segmentBytes = 64 * 1024;
const seeds = Array.from({ length: 80 }, (_, offset) => 1 + offset);

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
