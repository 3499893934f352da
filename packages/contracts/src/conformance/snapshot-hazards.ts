// Laws about what befalls a snapshot store from outside: flipped bits, full and read-only disks, files of others, a second opener.

import { codeOf } from "../errors.ts";
import type { SnapshotPosition, SnapshotStore } from "../snapshot-store.ts";
import { assertCode, assertEqual, assertRejects, assertThat, type TestFramework } from "./harness.ts";
import { assertRemedy, declareFileLaws, declareIf, declareReadOnlyLaw } from "./hazards.ts";
import {
  assertLatest,
  contentOf,
  positionAt,
  snapshotLaws,
  type SnapshotStoreConformance,
  storedAt,
  writeSnapshot,
} from "./snapshot-session.ts";

const damageCodes = ["QUORATE_SNAPSHOT_CORRUPT", "QUORATE_FORMAT_UNSUPPORTED"];
/** A small disk is full long before. */
const mostChunks = 1000;
const older = { position: positionAt(5), content: contentOf(7, 20_000) };
const latest = { position: positionAt(9), content: contentOf(8, 100_000) };

export function declareSnapshotHazardLaws<Location>(
  framework: TestFramework,
  options: SnapshotStoreConformance<Location>,
): void {
  declareCrashLaw(framework, options);
  declareFileLaws(framework, {
    files: options.files,
    codes: damageCodes,
    flips: { seed: 1, perFile: options.flipsPerFile ?? 100 },
    newLocation: () => options.newLocation(),
    fill: (location) => fill(options, location),
    look: (location) => look(options, location, latest),
  });
  declareDiskLaws(framework, options);
  declareReadOnlyLaw(framework, options);
  declareOpenerLaw(framework, options);
}

function declareCrashLaw<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const snapshots = [older, latest, { position: positionAt(12), content: contentOf(9, 3) }];
  const need = {
    title: "a crash at any moment leaves the latest snapshot that was committed, or one that was being written, whole",
    needed: options.crashes?.bind(options),
    missing: "the set-up cannot play a crash (crashes)",
  };
  declareIf(framework, need, async (crashes) => {
    const moments = new Set<number>();
    for await (const { location, acknowledged, begun, moment } of crashes(snapshots)) {
      const allowed = [undefined, ...snapshots].slice(acknowledged, begun + 1);
      const found = await options.open(location);
      try {
        const stored = await found.load();
        const what = `a crash (${moment}) after ${acknowledged} commits leaves one of the snapshots that it may`;
        const one = allowed.find((each) => each?.position.index === stored?.index);
        assertThat(allowed.includes(one) && (one !== undefined || stored === undefined), what);
        if (one !== undefined) await assertLatest(found, one);
      } finally {
        await found.close();
      }
      moments.add(acknowledged);
    }
    assertEqual(
      [...moments].toSorted((one, other) => one - other),
      [0, 1, 2, 3],
      "commits before the crashes that were played",
    );
  });
}

function declareDiskLaws<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const full = {
    title: "on a full disk a snapshot fails, alone or with the store, and the one before it is found again",
    needed: options.openOnSmallDisk?.bind(options),
    missing: "the set-up cannot offer a small disk (openOnSmallDisk)",
  };
  declareIf(framework, full, async (openOnSmallDisk) => {
    const location = await options.newLocation();
    const store = await openOnSmallDisk(location);
    await store.load();
    await writeSnapshot(store, older);
    const error = await fillUp(store);
    assertRemedy(error);
    if (codeOf(error) === "QUORATE_STORAGE_FULL") await assertLatest(store, older);
    else {
      assertCode(error, "QUORATE_STORAGE_FAILED", "a snapshot on a full disk");
      await assertRejects(store.openLatest(), "QUORATE_STORAGE_FAILED", "openLatest after a failed write");
    }
    await store.close();
    await look(options, location, older);
  });
}

/** Writes a snapshot that is too large for the disk; returns what it fails with. */
async function fillUp(store: SnapshotStore): Promise<unknown> {
  const chunk = contentOf(3, 64 * 1024);
  try {
    const writer = await store.create(latest.position);
    for (let count = 0; count < mostChunks; count += 1) await writer.write(chunk);
    await writer.commit();
  } catch (error) {
    return error;
  }
  throw new Error(`Expected: a small disk is full after ${mostChunks} chunks of 64 KiB`);
}

function declareOpenerLaw<Location>(framework: TestFramework, options: SnapshotStoreConformance<Location>): void {
  const { law } = snapshotLaws(framework, options);
  const noNeed =
    options.isDurable === true ? undefined : "the set-up does not say that the store is durable (isDurable)";
  const missing = options.cannotLock ?? options.cannotReopen ?? noNeed;
  const title = "a second opener is refused until the first has closed, and does not disturb it";
  if (missing !== undefined) {
    declareIf(framework, { title, needed: undefined, missing }, async () => undefined);
    return;
  }
  law(title, async (session) => {
    await writeSnapshot(session.store, older);
    const second = await options.open(session.location);
    assertRemedy(await assertRejects(second.load(), "QUORATE_DATA_LOCKED", "load of a second opener"));
    await second.close();
    await writeSnapshot(session.store, latest);
    await session.reopen();
    await assertLatest(session.store, latest);
  });
}

async function fill<Location>(options: SnapshotStoreConformance<Location>, location: Location): Promise<void> {
  const store = await options.open(location);
  try {
    await store.load();
    await writeSnapshot(store, older);
    await writeSnapshot(store, latest);
  } finally {
    await store.close();
  }
}

/** Opens the place and compares everything; rejects with what the store refuses or with what differs. */
async function look<Location>(
  options: SnapshotStoreConformance<Location>,
  location: Location,
  expected: { readonly position: SnapshotPosition; readonly content: Uint8Array },
): Promise<void> {
  const store = await options.open(location);
  try {
    assertEqual(await store.load(), storedAt(expected.position, expected.content), "what load finds");
    await assertLatest(store, expected);
  } finally {
    await store.close();
  }
}
