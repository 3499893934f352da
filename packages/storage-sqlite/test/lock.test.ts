// One opener per directory: a second one is refused at once and told who is there, and no death leaves the directory locked.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { sqliteLogStorage, sqliteSnapshotStore } from "../src/index.ts";
import { codeOfRejection, command, rejectionOf } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts a process that opens the directory; resolves with what it says. */
async function startHolder(directory: string): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const script = join(import.meta.dirname, "hold-lock.ts");
  const child = spawn(process.execPath, ["--conditions=quorate-source", script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk]: unknown[] = await once(child.stdout, "data");
  return { child, said: String(chunk).trim() };
}

describe("a directory that is open", () => {
  test("in another process is refused, naming the process, and is free when that was killed", async () => {
    const directory = temporaryDirectory();
    const { child, said } = await startHolder(directory);
    expect(said).toBe("open");
    const error = await rejectionOf(sqliteLogStorage({ directory }).load());
    expect(error).toMatchObject({
      code: "QUORATE_DATA_LOCKED",
      message: expect.stringContaining(process.platform === "linux" ? `process ${child.pid}` : "another process"),
      hint: expect.stringContaining("directory of its own"),
      retryable: true,
    });
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const storage = sqliteLogStorage({ directory });
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    await storage.close();
  });

  test("in this process is refused here and elsewhere, again and again, until it is closed", async () => {
    const directory = temporaryDirectory();
    const storage = sqliteLogStorage({ directory });
    await storage.load();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await codeOfRejection(sqliteLogStorage({ directory }).load())).toBe("QUORATE_DATA_LOCKED");
    }
    const { said } = await startHolder(directory);
    expect(said).toContain(
      `is in use by ${process.platform === "linux" ? `process ${process.pid}` : "another process"}`,
    );
    await storage.write({ entries: [command(1, 1)] });
    await storage.close();
    const next = sqliteLogStorage({ directory });
    expect((await next.load()).log.lastIndex).toBe(1);
    await next.close();
  });

  test("for its log is open for its snapshots", async () => {
    const directory = temporaryDirectory();
    const storage = sqliteLogStorage({ directory });
    const snapshots = sqliteSnapshotStore({ directory });
    await Promise.all([storage.load(), snapshots.load()]);
    expect(await codeOfRejection(sqliteSnapshotStore({ directory }).load())).toBe("QUORATE_DATA_LOCKED");
    await Promise.all([storage.close(), snapshots.close()]);
  });
});

test("nothing is left open: the write-ahead log is gone, and no thread is left", async () => {
  const directory = temporaryDirectory();
  const storage = sqliteLogStorage({ directory });
  const snapshots = sqliteSnapshotStore({ directory });
  await Promise.all([storage.load(), snapshots.load()]);
  await storage.write({ entries: [command(1, 1)] });
  await Promise.all([storage.close(), snapshots.close()]);
  expect(readdirSync(directory).toSorted()).toEqual(["log.sqlite", "snapshots.sqlite"]);
  const refused = sqliteLogStorage({ directory: "/dev/null" });
  expect(await codeOfRejection(refused.load())).toBe("QUORATE_STORAGE_FAILED");
  await refused.close();
  expect(process.getActiveResourcesInfo()).not.toContain("MessagePort");
});
