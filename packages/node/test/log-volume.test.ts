// How far back a number of bytes reaches in the log.
import { expect, test } from "vitest";
import { LogVolume } from "../src/log-volume.ts";

const KiB = 1024;

/** Entries from `first` to `last`, of 32 KiB each. */
function entries(first: number, last: number) {
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const data = new Uint8Array(32 * KiB);
    return { index: first + at, term: 1, kind: "command", data } as const;
  });
}

function volumeOf(first: number, last: number): LogVolume {
  const volume = new LogVolume();
  volume.add(entries(first, last));
  return volume;
}

test("all bytes are counted", () => {
  expect(volumeOf(1, 10).totalBytes).toBe(320 * KiB);
});

test("a reach covers no more bytes than asked for, and at most a mark less", () => {
  const volume = volumeOf(1, 100);
  for (const asked of [64 * KiB, 100 * KiB, 320 * KiB, 1000 * KiB]) {
    const reachedBytes = (100 - volume.reach(100, asked)) * 32 * KiB;
    expect(reachedBytes).toBeLessThanOrEqual(asked);
    expect(reachedBytes).toBeGreaterThan(asked - 128 * KiB);
  }
});

test("what lies before the first entry that is known has unknown bytes, so it bounds nothing", () => {
  expect(volumeOf(501, 510).reach(510, 64 * KiB)).toBeGreaterThan(501);
  expect(volumeOf(501, 510).reach(510, 1000 * KiB)).toBe(0);
  expect(new LogVolume().reach(500, 1)).toBe(500);
});

test("fewer bytes than one mark reach nothing but the end itself", () => {
  expect(volumeOf(1, 100).reach(100, 1)).toBe(100);
});

test("a reach from the middle of the log does not count what is behind it", () => {
  const reachedBytes = (50 - volumeOf(1, 100).reach(50, 320 * KiB)) * 32 * KiB;
  expect(reachedBytes).toBeGreaterThan(128 * KiB);
  expect(reachedBytes).toBeLessThanOrEqual(320 * KiB);
});

test("what the log forgets is forgotten here", () => {
  const volume = volumeOf(1, 100);
  volume.forget(90);
  expect(volume.reach(100, 10 * 32 * KiB), "within what is known").toBe(0);
  expect(volume.reach(100, 128 * KiB)).toBeGreaterThan(90);
});
