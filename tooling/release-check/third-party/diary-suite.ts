// The test that somebody writes for a storage of their own, with nothing but Node's test runner.
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { callStorage, storageConformance, type StorageCall, type StorageCrash } from "@quorate/contracts/conformance";
import { DiaryStorage, type Mistake } from "./diary-storage.ts";

const mistake = (process.env["DIARY_MISTAKE"] ?? "none") as Mistake;
const folder = mkdtempSync(join(process.env["DIARY_FOLDER"] ?? tmpdir(), "diaries-"));
const newLocation = (): string => mkdtempSync(join(folder, "diary-"));
const open = (directory: string): DiaryStorage => new DiaryStorage(directory, mistake);

function copy(directory: string): string {
  const other = newLocation();
  cpSync(directory, other, { recursive: true });
  return other;
}

/** What a process leaves that is gone right after a call. */
async function* crashes(calls: readonly StorageCall[]): AsyncGenerator<StorageCrash<string>> {
  const directory = newLocation();
  const storage = open(directory);
  await storage.load();
  for (const [position, call] of calls.entries()) {
    await callStorage(storage, call);
    const count = position + 1;
    yield { location: copy(directory), acknowledged: count, begun: count, moment: "right after a call" };
  }
  await storage.close();
}

storageConformance(
  { describe, test },
  {
    name: "a diary",
    newLocation,
    open,
    supports: { durable: true },
    cannotLock: "this is an example: a real one must refuse a second opener",
    runs: 5,
    files: {
      list: (directory) => readdirSync(directory),
      read: (directory, name) => new Uint8Array(readFileSync(join(directory, name))),
      write: (directory, name, bytes) => writeFileSync(join(directory, name), bytes),
      copy,
    },
    crashes,
  },
);
