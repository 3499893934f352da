// Runs a command of the workspace with its output passed through, and says how it ended.
import { spawn } from "node:child_process";
import { root } from "./workspace.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Keeps the program's output back and shows it, on standard error, only if the program fails. */
  readonly quiet?: boolean;
}

/** Resolves with the exit code; a program that a signal ended, or that cannot be started, counts as 1. */
export function run({ program, args, quiet = false }: Command): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit",
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
    });
    const held: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => held.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => held.push(chunk));
    child.on("error", (error) => {
      process.stderr.write(`${program} could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => {
      if (code !== 0) process.stderr.write(Buffer.concat(held));
      resolve(code ?? 1);
    });
  });
}
