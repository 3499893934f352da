// A program that makes the calls it finds in a file on a log, and says before and after each that it does.

import { readFileSync, writeSync } from "node:fs";
import { deserialize } from "node:v8";
import { callStorage, type StorageCall } from "@quorate/contracts/conformance";
import { sqliteLogStorage } from "../src/index.ts";

const [directory = "", file = ""] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const storage = sqliteLogStorage({ directory });
await storage.load();
say("done 0");
// The one who starts this program has written the calls.
for (const [position, call] of (deserialize(readFileSync(file)) as readonly StorageCall[]).entries()) {
  say(`call ${position + 1}`);
  await callStorage(storage, call);
  say(`done ${position + 1}`);
}
await storage.close();
