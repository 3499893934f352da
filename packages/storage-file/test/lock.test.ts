// One process per directory: a second one is refused at once and told who is there, and no death of the holder leaves the
// directory locked.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { fileLogStorage } from "../src/index.ts";
import { lockDirectory } from "../src/lock.ts";
import { codeOfRejection, command } from "./logs.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts a process that opens the directory; resolves with the line that it says. */
async function startHolder(directory: string): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const script = join(import.meta.dirname, "hold-lock.ts");
  const child = spawn(process.execPath, ["--conditions=quorate-source", script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk]: unknown[] = await once(child.stdout, "data");
  return { child, said: String(chunk).trim() };
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

function small(directory: string): ReturnType<typeof fileLogStorage> {
  return fileLogStorage({ directory, segmentBytes: 64 * 1024 });
}

describe("a directory that another process has open", () => {
  test("is refused within a second, naming the process", async () => {
    const directory = temporaryDirectory();
    const { child } = await startHolder(directory);
    const startedAt = performance.now();
    const error: unknown = await small(directory)
      .load()
      .catch((reason: unknown) => reason);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(error).toMatchObject({
      code: "QUORATE_DATA_LOCKED",
      message: expect.stringContaining(`process ${child.pid}`),
      hint: expect.stringContaining("directory of its own"),
    });
  });

  test("is refused while that process is stopped and cannot answer", async () => {
    const directory = temporaryDirectory();
    const { child } = await startHolder(directory);
    child.kill("SIGSTOP");
    const startedAt = performance.now();
    expect(await codeOfRejection(small(directory).load())).toBe("QUORATE_DATA_LOCKED");
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test.each(["SIGKILL", "SIGTERM"] as const)("is free as soon as that process died of %s", async (signal) => {
    const directory = temporaryDirectory();
    const { child } = await startHolder(directory);
    await kill(child, signal);
    const storage = small(directory);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    await storage.close();
    expect(readdirSync(directory).filter((name) => name.startsWith("lock-"))).toEqual([]);
  });

  test("is refused for the other process too", async () => {
    const directory = temporaryDirectory();
    const storage = small(directory);
    await storage.load();
    const { said } = await startHolder(directory);
    expect(said).toContain("QUORATE_DATA_LOCKED");
    expect(said).toContain(`process ${process.pid}`);
    await storage.close();
  });
});

describe("the lock", () => {
  test("refuses a second store in the same process until the first is closed", async () => {
    const directory = temporaryDirectory();
    const first = small(directory);
    await first.load();
    expect(await codeOfRejection(small(directory).load())).toBe("QUORATE_DATA_LOCKED");
    await first.close();
    const second = small(directory);
    await second.load();
    await second.close();
  });

  test("lets one of many openers in, at most", async () => {
    const directory = temporaryDirectory();
    const claims = await Promise.allSettled(Array.from({ length: 12 }, async () => lockDirectory(directory, "lock")));
    const held = claims.flatMap((claim) => (claim.status === "fulfilled" ? [claim.value] : []));
    expect(held.length).toBeLessThanOrEqual(1);
    await Promise.all(held.map(async (claim) => claim.release()));
  });

  test("is free after everybody who tried has given up", async () => {
    const directory = temporaryDirectory();
    const claims = await Promise.allSettled([lockDirectory(directory, "lock"), lockDirectory(directory, "lock")]);
    const held = claims.flatMap((claim) => (claim.status === "fulfilled" ? [claim.value] : []));
    await Promise.all(held.map(async (claim) => claim.release()));
    const last = await lockDirectory(directory, "lock");
    expect(readdirSync(directory)).toHaveLength(1);
    await last.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("works in a directory whose path is longer than a socket's may be", async () => {
    const directory = join(temporaryDirectory(), "a".repeat(90), "b".repeat(90));
    mkdirSync(directory, { recursive: true });
    const first = await lockDirectory(directory, "lock");
    expect(await codeOfRejection(lockDirectory(directory, "lock"))).toBe("QUORATE_DATA_LOCKED");
    await first.release();
  });

  test("that was removed by hand stops its holder at the next segment", async () => {
    const directory = temporaryDirectory();
    const storage = small(directory);
    await storage.load();
    await storage.write({ entries: [command(1, 1)] });
    for (const name of readdirSync(directory)) if (name.startsWith("lock-")) rmSync(join(directory, name));
    expect(await codeOfRejection(storage.write({ entries: [command(2, 1, 100_000)] }))).toBe("QUORATE_STORAGE_FAILED");
    await storage.close();
  });
});
