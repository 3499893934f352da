// A process of its own that opens a directory, says "open" or the code it was refused with, and stays until it is killed.

import { codeOf } from "@quorate/contracts";
import { fileLogStorage } from "../src/index.ts";

const storage = fileLogStorage({ directory: process.argv[2] ?? "", segmentBytes: 64 * 1024 });
try {
  await storage.load();
  process.stdout.write("open\n");
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${codeOf(error)}: ${error instanceof Error ? error.message : String(error)}\n`);
}
