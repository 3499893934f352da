// A program that loads a log, says so, and goes without closing it.

import { writeSync } from "node:fs";
import { sqliteLogStorage } from "../src/index.ts";

await sqliteLogStorage({ directory: process.argv[2] ?? "", sealAfterMs: 60_000 }).load();
writeSync(1, "loaded\n");
