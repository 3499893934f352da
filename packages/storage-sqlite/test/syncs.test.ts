// How often the disk is flushed, counted where it cannot be pretended: among the system calls.

import { describe, expect, test } from "vitest";
import { sqliteLogStorage } from "../src/index.ts";
import { copyOf } from "./copies.ts";
import { command } from "./logs.ts";
import { directoryName, traceScript } from "./system-calls.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Flushes between each line that the script says and the next one. */
async function countSyncs(): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  let phase = "load";
  for (const call of await traceScript("commit-script.ts", temporaryDirectory())) {
    if (call.type === "said") phase = call.line;
    counts[phase] = (counts[phase] ?? 0) + (call.type === "sync" ? 1 : 0);
  }
  return counts;
}

describe.runIf(process.platform === "linux")("flushes", () => {
  test("every commit has one, however many writes share it, and a read has none", async () => {
    const { alone, together, ...others } = await countSyncs();
    expect(alone).toBe(20);
    expect(others).toMatchObject({ "term and vote": 1, compaction: 1, reads: 0 });
    expect(together).toBe(1);
  });

  test("what a process wrote and died before syncing is synced before the next one reports it", async () => {
    const directory = temporaryDirectory();
    const storage = sqliteLogStorage({ directory, sealAfterMs: 60_000 });
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    const left = copyOf(directory);
    await storage.close();
    const calls = await traceScript("load-script.ts", left);
    const loaded = calls.findIndex((call) => call.type === "said");
    const synced = calls.slice(0, loaded).flatMap((call) => (call.type === "sync" ? call.name : []));
    expect(synced).toEqual(expect.arrayContaining(["log.sqlite-wal", "log.sqlite", directoryName]));
  });
});
