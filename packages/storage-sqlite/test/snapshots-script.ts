// A program that writes the snapshots it finds in a file, and says before and after each that it does.

import { readFileSync, writeSync } from "node:fs";
import { deserialize } from "node:v8";
import type { SnapshotToWrite } from "@quorate/contracts/conformance";
import { sqliteSnapshotStore } from "../src/index.ts";

const [directory = "", file = ""] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const store = sqliteSnapshotStore({ directory });
await store.load();
say("done 0");
// The one who starts this program has written the snapshots.
for (const [at, { position, content }] of (deserialize(readFileSync(file)) as readonly SnapshotToWrite[]).entries()) {
  say(`call ${at + 1}`);
  const writer = await store.create(position);
  await writer.write(content);
  await writer.commit();
  say(`done ${at + 1}`);
}
await store.close();
