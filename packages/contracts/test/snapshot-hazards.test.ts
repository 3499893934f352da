// The laws about what befalls snapshots must be able to fail: a correct store passes them, and each mistake breaks the one that
// forbids it.

import { describe, expect, test } from "vitest";
import { snapshotStoreConformance, type SnapshotToWrite, type StorageCrash } from "../src/conformance/index.ts";
import { CheckedSnapshots, type SnapshotMistake } from "./checked-snapshots.ts";
import { newPlace, type Place } from "./checked-storage.ts";
import { collectLaws, failureOf } from "./suite-runner.ts";

const lawsOf = (mistake: SnapshotMistake) =>
  collectLaws((framework) =>
    snapshotStoreConformance<Place>(framework, {
      name: "checked",
      newLocation: newPlace,
      open: (place) => new CheckedSnapshots(place, mistake),
      isDurable: true,
      flipsPerFile: 30,
      files: {
        list: ({ files }) => [...files.keys()],
        read: ({ files }, name) => files.get(name) ?? new Uint8Array(0),
        write: ({ files }, name, bytes) => void files.set(name, bytes),
        copy: (place) => ({ ...newPlace(), files: new Map(place.files) }),
      },
      openOnSmallDisk: (place) => {
        place.roomBytes = 300_000;
        return new CheckedSnapshots(place, mistake);
      },
      readOnlyLocation: () => ({ ...newPlace(), isReadOnly: true }),
      crashes: (snapshots) => crashesOf(snapshots, mistake),
    }),
  );

/** The file before and after every call. */
async function* crashesOf(
  snapshots: readonly SnapshotToWrite[],
  mistake: SnapshotMistake,
): AsyncGenerator<StorageCrash<Place>> {
  const place = newPlace();
  const left = (acknowledged: number, begun: number, moment: string): StorageCrash<Place> => {
    return { location: { ...newPlace(), files: new Map(place.files) }, acknowledged, begun, moment };
  };
  const store = new CheckedSnapshots(place, mistake);
  await store.load();
  for (const [position, { position: at, content }] of snapshots.entries()) {
    const writer = await store.create(at);
    yield left(position, position, "at the beginning");
    await writer.write(content.subarray(0, 2));
    yield left(position, position, "in the middle");
    await writer.write(content.subarray(2));
    await writer.commit();
    yield left(position + 1, position + 1, "after the commit");
  }
  await store.close();
}

const crash =
  "a crash at any moment leaves the latest snapshot that was committed, or one that was being written, whole";
const bits = "a flipped bit of a closed store is refused or harmless";
const full = "on a full disk a snapshot fails, alone or with the store, and the one before it is found again";
const broken = "a file that was cut short or exchanged is refused or harmless";
const foreign = "files of others are left alone";
const readOnly = "a place that cannot be written to is refused, with a remedy";
const opener = "a second opener is refused until the first has closed, and does not disturb it";

describe("the laws about hazards of snapshots", () => {
  test.each([crash, bits, full, broken, foreign, readOnly, opener])("hold for a correct store: %s", async (law) => {
    expect(await failureOf(lawsOf("none"), law)).toBeUndefined();
  });

  test.each<{ mistake: SnapshotMistake; law: string; says: string }>([
    { mistake: "ignores the checksum", law: bits, says: "is refused with QUORATE_SNAPSHOT_CORRUPT" },
    { mistake: "takes rot for an empty store", law: broken, says: "snapshot cut to half" },
    { mistake: "shows half a snapshot", law: crash, says: "in the middle" },
    { mistake: "resolves before it has stored", law: crash, says: "after the commit" },
    { mistake: "drops the older one first", law: crash, says: "at the beginning" },
    { mistake: "deletes files that it does not know", law: foreign, says: "the file of somebody else" },
    { mistake: "goes on after a failed write", law: full, says: "openLatest after a failed write" },
    { mistake: "gives no hint", law: readOnly, says: "a hint that says what to do" },
    { mistake: "lets everybody in", law: opener, says: "QUORATE_DATA_LOCKED" },
  ])("catch a store that $mistake", async ({ mistake, law, says }) => {
    expect(await failureOf(lawsOf(mistake), law)).toContain(says);
  });

  test("are skipped with the reason where the set-up offers nothing", () => {
    const { skipped } = collectLaws((framework) =>
      snapshotStoreConformance(framework, {
        name: "bare",
        newLocation: newPlace,
        open: (place) => new CheckedSnapshots(place, "none"),
      }),
    );
    expect(skipped).toHaveLength(7);
    expect(skipped).toContain(`${opener} (skipped: the set-up does not say that the store is durable (isDurable))`);
  });
});
