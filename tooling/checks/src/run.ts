// Runs a command of the workspace with its output passed through, and says how it ended.
import { spawn } from "node:child_process";
import { root } from "./workspace.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Sends the program's standard output to standard error, for steps whose caller owns standard output. */
  readonly quiet?: boolean;
}

/** Resolves with the exit code; a program that a signal ended, or that cannot be started, counts as 1. */
export function run({ program, args, quiet = false }: Command): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["inherit", quiet ? process.stderr : "inherit", "inherit"],
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" },
    });
    child.on("error", (error) => {
      process.stderr.write(`${program} could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}
