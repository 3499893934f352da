// A crash after every system call of a log's life, with everything that a disk may make of what was not synced: what was
// acknowledged is there, and nothing in part. The calls are those of a real process; the crashes are played on copies.

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LogEngine } from "../src/log-engine.ts";
import { unpackEntries } from "../src/log-protocol.ts";
import { type CrashImage, crashImages } from "./crash-images.ts";
import { crashSteps, statesOf } from "./crash-steps.ts";
import type { Found } from "./logs.ts";
import { type SystemCall, traceScript } from "./system-calls.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Where nothing waits for a disk: what counts here was synced in another process. */
const fastPlace = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const timeoutMs = 300_000;

let calls: readonly SystemCall[];
let place: string;

beforeAll(async () => {
  place = mkdtempSync(join(fastPlace, "quorate-crash-"));
  if (process.platform === "linux") calls = await traceScript("crash-script.ts", temporaryDirectory());
}, timeoutMs);

afterAll(() => rmSync(place, { recursive: true, force: true }));

/** What is found by the next process on these files. */
function recover({ files }: Pick<CrashImage, "files">): Found {
  const directory = mkdtempSync(join(place, "image-"));
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  const engine = new LogEngine({ directory });
  try {
    const { hardState, log } = engine.load();
    const { base, lastIndex } = log;
    const firstIndex = base.index + 1;
    const read = { type: "read", firstIndex, lastIndex, maxBytes: Number.MAX_SAFE_INTEGER } as const;
    const [packed] = lastIndex < firstIndex ? [] : engine.run([read]).reads;
    return { hardState, base, entries: packed === undefined ? [] : unpackEntries(packed) };
  } finally {
    engine.close();
    rmSync(directory, { recursive: true });
  }
}

function digestOf({ files }: CrashImage): string {
  const hash = createHash("sha1");
  for (const [name, bytes] of [...files].toSorted(([one], [other]) => (one < other ? -1 : 1)))
    hash.update(`${name} ${bytes.length} `).update(bytes);
  return hash.digest("hex");
}

const lineOf = ({ hardState, base, entries }: Found): string =>
  JSON.stringify([
    hardState,
    base,
    entries.map(({ index, term, data }) => `${index} ${term} ${data.length} ${data[0]}`),
  ]);

describe.runIf(process.platform === "linux")("a crash", () => {
  test("after any system call leaves everything acknowledged, and nothing in part", { timeout: timeoutMs }, () => {
    const states = statesOf(crashSteps).map(lineOf);
    const seen = new Map<string, string>();
    let crashes = 0;
    for (const image of crashImages(calls, mulberry(7))) {
      const digest = digestOf(image);
      const found = seen.get(digest) ?? lineOf(recover(image));
      seen.set(digest, found);
      const allowed = states.slice(image.acknowledged, image.begun + 1);
      expect(allowed, `a crash ${image.what}`).toContain(found);
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(1000);
    expect(seen.size).toBeGreaterThan(400);
  });
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
