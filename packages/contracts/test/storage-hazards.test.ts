// The laws about hazards must be able to fail: a correct store on a disk that crashes, rots and fills up passes all of them, and
// each mistake breaks the law that forbids it. And a random history that fails is told in few steps.

import { describe, expect, test } from "vitest";
import { callStorage, storageConformance, type StorageCall, type StorageCrash } from "../src/conformance/index.ts";
import { CheckedStorage, type Mistake, newPlace, type Place } from "./checked-storage.ts";
import { type ReservingMistake, ReservingStorage } from "./reserving-storage.ts";
import { brokenLaws, collectLaws, failureOf } from "./suite-runner.ts";

const copyOf = (place: Place): Place => ({ ...newPlace(), files: new Map(place.files) });

const lawsOf = (mistake: Mistake) =>
  collectLaws((framework) =>
    storageConformance<Place>(framework, {
      name: "checked",
      newLocation: newPlace,
      open: (place) => new CheckedStorage(place, mistake),
      supports: { durable: true },
      runs: 5,
      flipsPerFile: 60,
      files: {
        list: ({ files }) => [...files.keys()],
        read: ({ files }, name) => files.get(name) ?? new Uint8Array(0),
        write: ({ files }, name, bytes) => void files.set(name, bytes),
        copy: copyOf,
      },
      openOnSmallDisk: (place) => {
        place.roomBytes = 500_000;
        return new CheckedStorage(place, mistake);
      },
      readOnlyLocation: () => ({ ...newPlace(), isReadOnly: true }),
      crashes: (calls) => crashesOf(calls, mistake),
    }),
  );

/** The file after every change of it. */
async function* crashesOf(calls: readonly StorageCall[], mistake: Mistake): AsyncGenerator<StorageCrash<Place>> {
  const place = newPlace();
  const changes: ReadonlyMap<string, Uint8Array>[] = [];
  const set = place.files.set.bind(place.files);
  place.files.set = (name, bytes) => {
    changes.push(new Map([...place.files, [name, bytes]]));
    return set(name, bytes);
  };
  const storage = new CheckedStorage(place, mistake);
  await storage.load();
  for (const [position, call] of calls.entries()) {
    await callStorage(storage, call);
    for (const files of changes.splice(0)) {
      const location = { ...newPlace(), files: new Map(files) };
      yield { location, acknowledged: position, begun: position + 1, moment: "within the call" };
    }
    yield { location: copyOf(place), acknowledged: position + 1, begun: position + 1, moment: "after the call" };
  }
  await storage.close();
}

const crash = "a crash at any moment leaves everything that was acknowledged, and no call in part";
const bits = "a flipped bit of a closed store is refused or harmless";
const full = "on a full disk a write fails, nothing more is taken, and everything acknowledged is found again";

describe("the laws about hazards", () => {
  test.each([
    crash,
    bits,
    full,
    "a file that was cut short or exchanged is refused or harmless",
    "files of others are left alone",
    "a place that cannot be written to is refused, with a remedy",
    "a second opener is refused until the first has closed, and does not disturb it",
  ])("hold for a correct store: %s", async (law) => {
    expect(await failureOf(lawsOf("none"), law)).toBeUndefined();
  });

  test.each<{ mistake: Mistake; law: string; says: string }>([
    { mistake: "ignores the checksum", law: bits, says: "is refused with QUORATE_LOG_CORRUPT" },
    { mistake: "takes rot for an empty store", law: bits, says: "bit" },
    {
      mistake: "takes rot for an empty store",
      law: "a file that was cut short or exchanged is refused or harmless",
      says: "store.json cut to half",
    },
    { mistake: "resolves before it has stored", law: crash, says: 'after "initialise" was acknowledged' },
    { mistake: "stores half a write first", law: crash, says: "hard state" },
    {
      mistake: "deletes files that it does not know",
      law: "files of others are left alone",
      says: "the file of somebody else",
    },
    { mistake: "goes on after a failed write", law: full, says: "a read after a failed write" },
    { mistake: "forgets on a full disk", law: full, says: "summary of the log" },
    { mistake: "gives no hint", law: full, says: "a hint that says what to do" },
    {
      mistake: "gives no hint",
      law: "a place that cannot be written to is refused, with a remedy",
      says: "a hint that says what to do",
    },
    {
      mistake: "lets everybody in",
      law: "a second opener is refused until the first has closed, and does not disturb it",
      says: "QUORATE_DATA_LOCKED",
    },
  ])("catch a store that $mistake ($law)", async ({ mistake, law, says }) => {
    expect(await failureOf(lawsOf(mistake), law)).toContain(says);
  });

  test("are skipped with the reason where the set-up offers nothing", () => {
    const { skipped } = collectLaws((framework) =>
      storageConformance(framework, {
        name: "bare",
        newLocation: newPlace,
        open: (place) => new CheckedStorage(place, "none"),
        supports: { durable: true },
        cannotLock: "its disk has no locks",
      }),
    );
    expect(skipped).toEqual([
      `${crash} (skipped: the set-up cannot play a crash (crashes))`,
      `${bits} (skipped: the set-up gives no access to its files (files))`,
      "a file that was cut short or exchanged is refused or harmless (skipped: the set-up gives no access to its files (files))",
      "files of others are left alone (skipped: the set-up gives no access to its files (files))",
      `${full} (skipped: the set-up cannot offer a small disk (openOnSmallDisk))`,
      "a place that cannot be written to is refused, with a remedy (skipped: the set-up has no such place (readOnlyLocation))",
      "a second opener is refused until the first has closed, and does not disturb it (skipped: its disk has no locks)",
    ]);
  });
});

describe("the law about stores that reserve space", () => {
  const law =
    "a disk that fills up is noticed in time: a vote still fits, what does not fit waits, and no space is needed to open";
  const failureWith = (mistake: ReservingMistake): Promise<string | undefined> => {
    const laws = collectLaws((framework) =>
      storageConformance<Place>(framework, {
        name: "reserving",
        newLocation: newPlace,
        open: (place) => new ReservingStorage(place, mistake),
        supports: { durable: true, reservesSpace: true },
        openOnSmallDisk: (place) => {
          place.roomBytes = 1_000_000;
          return new ReservingStorage(place, mistake);
        },
      }),
    );
    return failureOf(laws, law);
  };

  test("holds for a correct store", async () => {
    expect(await failureWith("none")).toBeUndefined();
  });

  test.each<{ mistake: ReservingMistake; says: string }>([
    { mistake: "says nothing", says: "is short of space" },
    { mistake: "cries wolf", says: "isShortOfSpace of a store that has space" },
    { mistake: "fails instead of waiting", says: "waits for space" },
    { mistake: "stops reading while it waits", says: "no space" },
    { mistake: "lets who waits wait for ever", says: "a write that waited for space when the store was closed" },
  ])("catches a store that $mistake", async ({ mistake, says }) => {
    expect(await failureWith(mistake)).toContain(says);
  });
});

test("a random history that fails is told in as few steps as were found to fail", async () => {
  const law = "random histories leave exactly what an array would hold";
  // This small store takes no notice of maxBytes: some entries and one read are enough.
  const failure = await failureOf(lawsOf("none"), law);
  expect(failure).toMatch(/^Failed with seed \d+\. entries \d+ to \d+: got \d+ elements, expected \d+/);
  expect(failure).toMatch(
    /The shortest history found that fails:(\n {2}[1-3]\. write [^\n]*){1,3}\n {2}[2-4]\. read entries [^\n]*$/,
  );
});

test("every other law of the suite is declared for such a store too", async () => {
  const { bodies, skipped } = lawsOf("none");
  expect(skipped).toEqual([]);
  expect(bodies.size).toBeGreaterThan(80);
  expect(await brokenLaws(lawsOf("none"), "an identity is found again, with everything else still empty")).toEqual([]);
});
