// Reads a whole log by ranges in a process of its own and prints by how many MiB the process grew at most, counted from when
// the log was open: `node read-log.ts DIRECTORY`.
import { fileLogStorage } from "@quorate/storage-file";

const mebibyte = 1024 * 1024;
const rangeBytes = mebibyte;

const [directory = ""] = process.argv.slice(2);
const storage = fileLogStorage({ directory });
const { log } = await storage.load();
const openedBytes = process.memoryUsage.rss();
let highestBytes = openedBytes;
for (let next = log.base.index + 1; next <= log.lastIndex; ) {
  const entries = await storage.read({ firstIndex: next, lastIndex: log.lastIndex, maxBytes: rangeBytes });
  next += entries.length;
  highestBytes = Math.max(highestBytes, process.memoryUsage.rss());
}
await storage.close();
console.log(((highestBytes - openedBytes) / mebibyte).toFixed(1));
