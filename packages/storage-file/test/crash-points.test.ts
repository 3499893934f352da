// A crash at every point of a store's life, with everything that a disk may make of what was not synced. QUORATE_CRASH_POINTS=full
// tries more: unfinished files cut at every byte, many more crashes in recoveries, and QUORATE_CRASH_SCRIPTS scripts (20).

import { beforeAll, describe, expect, test } from "vitest";
import { expectRecovered, goOnAfter, recordScript, recover, type RecordedScript } from "./crash-script.ts";
import { type CrashImage, type CrashKind, crashImages, diskWith, recording, type Step } from "./recorded-disk.ts";

const everywhere = process.env["QUORATE_CRASH_POINTS"] === "full";
const operations = 200;
/** Every so many crashes, the recovery itself crashes too. */
const recoveryEvery = everywhere ? 10 : 150;
/** After every so many steps, a second process goes on. */
const secondLifeEvery = everywhere ? 1 : 5;
const moreSeeds = Array.from(
  { length: Number(process.env["QUORATE_CRASH_SCRIPTS"] ?? (everywhere ? 20 : 2)) },
  (_, at) => 2 + at,
);
const timeoutMs = everywhere ? 24 * 3_600_000 : 180_000;

let script: RecordedScript;

beforeAll(async () => {
  script = await recordScript(1, operations);
});

/** Recovers from every crash of a kind; returns how many there were. */
async function crashEverywhere(recorded: RecordedScript, kind: CrashKind): Promise<number> {
  let crashes = 0;
  for (const image of crashImages(recorded.steps, { kind, everywhere })) {
    const found = await expectRecovered(image, recorded);
    if (crashes % recoveryEvery === 0) await crashWhileRecovering(image, found);
    crashes += 1;
  }
  return crashes;
}

/** What a recovery found must be found again, wherever that recovery was cut short. */
async function crashWhileRecovering(image: CrashImage, found: string): Promise<void> {
  const steps: Step[] = [{ type: "allowed", acknowledged: 0, issued: 0 }];
  expect(await recover(recording(diskWith(image.files), steps))).toBe(found);
  for (const kind of ["boundaries", "lost sectors"] as const) {
    for (const second of crashImages(steps, { kind, start: image.files })) {
      await expectRecovered({ ...second, what: `${image.what}, then ${second.what}` }, { steps, states: [found] });
    }
  }
}

describe("after a crash, everything acknowledged is there and nothing in part", { timeout: timeoutMs }, () => {
  test("the script does everything that a log and its snapshots can do", () => {
    const count = (type: Step["type"]): number => script.steps.filter((step) => step.type === type).length;
    expect(script.states.length).toBeGreaterThan(operations * 0.9);
    // Segments and snapshots come and go by renaming and removal.
    expect(count("rename")).toBeGreaterThan(15);
    expect(count("remove")).toBeGreaterThan(15);
    expect(count("sync")).toBeGreaterThan(150);
  });

  test("at every boundary between two operations of the disk", async () => {
    expect(await crashEverywhere(script, "boundaries")).toBeGreaterThan(1000);
  });

  test("wherever a write was cut off", async () => {
    expect(await crashEverywhere(script, "cut writes")).toBeGreaterThan(20_000);
  });

  test("whichever of the unsynced sectors were lost", async () => {
    expect(await crashEverywhere(script, "lost sectors")).toBeGreaterThan(1000);
  });

  test("when the power fails a process that went on after another one had died", async () => {
    // What the first process wrote can be read by the second, and need not be durable.
    let crashes = 0;
    for (let until = 1; until < script.steps.length; until += secondLifeEvery) {
      const both = await goOnAfter(script, until);
      for (const image of crashImages(both.steps, { kind: "boundaries", from: until })) {
        await expectRecovered(image, both);
        crashes += 1;
      }
    }
    expect(crashes).toBeGreaterThan(1000);
  });

  test.each(moreSeeds)("in the life of seed %i", async (seed) => {
    const recorded = await recordScript(seed, operations);
    expect(await crashEverywhere(recorded, "boundaries")).toBeGreaterThan(1000);
    expect(await crashEverywhere(recorded, "lost sectors")).toBeGreaterThan(1000);
  });
});
