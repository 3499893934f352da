// A process of its own that opens a directory, says "open" or why it was refused, and stays until it is killed.

import { sqliteLogStorage } from "../src/index.ts";

try {
  await sqliteLogStorage({ directory: process.argv[2] ?? "" }).load();
  process.stdout.write("open\n");
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
}
