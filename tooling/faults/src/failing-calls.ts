// Makes system calls of a running process fail, or take their time: strace attaches to it and stands before the kernel.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { getProgram } from "./programs.ts";

/** What becomes of the log's writes, which are synced in the same call: they fail, or take so much longer. */
export type Failure = { readonly call: "pwrite64" } & (
  | { readonly error: "EIO" | "ENOSPC" }
  | { readonly delayMs: number }
);

const attachedWithinMs = 20_000;

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Why calls cannot be made to fail on this machine; undefined if they can. */
export async function whyNoFailingCalls(): Promise<string | undefined> {
  try {
    const { path, env } = await getProgram("strace");
    const victim = spawn("sleep", ["60"], { stdio: "ignore" });
    const tracer = spawn(path, ["-p", String(victim.pid)], { stdio: ["ignore", "ignore", "pipe"], env });
    try {
      await attached(tracer);
      return undefined;
    } finally {
      tracer.kill("SIGKILL");
      victim.kill("SIGKILL");
    }
  } catch (error) {
    return `strace cannot be used: ${error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, 200) : String(error)}`;
  }
}

/** From now on these calls of the process fail, in all its threads. Resolves when it is so, with what ends it. */
export async function failCalls(pid: number, failure: Failure): Promise<() => Promise<void>> {
  const { path, env } = await getProgram("strace");
  const { call } = failure;
  const effect = "error" in failure ? `error=${failure.error}` : `delay_enter=${failure.delayMs * 1000}`;
  const args = ["-f", "-p", String(pid), "-e", `trace=${call}`, "-e", `inject=${call}:${effect}`];
  const tracer = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"], env });
  living.add(tracer);
  tracer.once("close", () => living.delete(tracer));
  await attached(tracer);
  return async () => {
    if (tracer.exitCode !== null || tracer.signalCode !== null) return;
    const ended = once(tracer, "close");
    tracer.kill("SIGKILL");
    await ended;
  };
}

/** strace says on stderr to what it has attached, or why it could not. */
async function attached(tracer: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const said: string[] = [];
  const fail = (): void => reject(new Error(said.join(" ") || "it said nothing"));
  const timer = setTimeout(fail, attachedWithinMs);
  tracer.once("error", reject);
  tracer.once("close", fail);
  if (tracer.stderr !== null) {
    createInterface({ input: tracer.stderr }).on("line", (line) => {
      if (said.length < 3) said.push(line);
      if (/attached/.test(line)) resolve();
    });
  }
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}
