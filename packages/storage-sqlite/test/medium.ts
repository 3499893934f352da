// What the suites need to do to the directory of a store: its files, and every state in which a crash may leave it.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serialize } from "node:v8";
import type { SnapshotToWrite, StorageCall, StorageCrash, StoreFiles } from "@quorate/contracts/conformance";
import { crashImages } from "./crash-images.ts";
import { traceScript } from "./system-calls.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Every so many crashes; `crash.test.ts` takes them all. */
const crashEvery = 80;

/** The files of a directory. */
export const directoryFiles: StoreFiles<string> = {
  list: (directory) => readdirSync(directory),
  read: (directory, name) => new Uint8Array(readFileSync(join(directory, name))),
  write: (directory, name, bytes) => writeFileSync(join(directory, name), bytes),
  copy: (directory) => {
    const copy = temporaryDirectory();
    cpSync(directory, copy, { recursive: true });
    return copy;
  },
};

/** A directory of the kernel's, in which nobody can make a file. */
export const readOnlyDirectory = "/sys";

/** Crashes of a log between the system calls of these calls. */
export const crashesOfLog = (calls: readonly StorageCall[]): AsyncGenerator<StorageCrash<string>> =>
  crashesOf("calls-script.ts", calls);

/** Crashes of a snapshot store between the system calls that write these snapshots. */
export const crashesOfSnapshots = (snapshots: readonly SnapshotToWrite[]): AsyncGenerator<StorageCrash<string>> =>
  crashesOf("snapshots-script.ts", snapshots);

/** Runs a script in a process whose system calls are recorded, and plays crashes between these. */
async function* crashesOf(script: string, steps: unknown): AsyncGenerator<StorageCrash<string>> {
  const place = temporaryDirectory();
  const file = join(place, "steps");
  writeFileSync(file, serialize(steps));
  const systemCalls = await traceScript(script, join(place, "store"), file);
  let count = 0;
  for (const { what: moment, files, acknowledged, begun } of crashImages(systemCalls, () => (count * 0.618) % 1)) {
    count += 1;
    if (count % crashEvery !== 0) continue;
    const location = mkdtempSync(join(place, "crash-"));
    for (const [name, bytes] of files) writeFileSync(join(location, name), bytes);
    yield { location, acknowledged, begun, moment };
    rmSync(location, { recursive: true });
  }
}
