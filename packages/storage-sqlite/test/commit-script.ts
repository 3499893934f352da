// A program that commits in several ways and says when it begins and when it is done, for whoever counts its system calls.

import { writeSync } from "node:fs";
import { sqliteLogStorage } from "../src/index.ts";
import { command } from "./logs.ts";

const say = (line: string): void => void writeSync(1, `${line}\n`);
const storage = sqliteLogStorage({ directory: process.argv[2] ?? "", sealAfterMs: 60_000 });
await storage.load();

say("alone");
for (let index = 1; index <= 20; index += 1) await storage.write({ entries: [command(index, 1)] });
say("term and vote");
await storage.write({ hardState: { term: 2, votedFor: "n1" }, entries: [] });
say("together");
await Promise.all(
  Array.from({ length: 50 }, async (_, offset) => storage.write({ entries: [command(21 + offset, 2)] })),
);
say("compaction");
await storage.compact({ index: 10, term: 1 });
say("reads");
for (let index = 11; index <= 20; index += 1) await storage.read({ firstIndex: index, lastIndex: index, maxBytes: 1 });
say("end");
await storage.close();
