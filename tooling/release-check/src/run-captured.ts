// Runs a program to its end or to its deadline and keeps what it printed.
import { spawn } from "node:child_process";

export interface Run {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly deadlineMs: number;
}

export interface Ended {
  /** `undefined` if it had to be killed at its deadline or could not be started. */
  readonly exitCode: number | undefined;
  /** Standard output and standard error in the order in which they came. */
  readonly output: string;
  readonly stdout: string;
}

export function runCaptured({ program, args, cwd, deadlineMs }: Run): Promise<Ended> {
  return new Promise((resolve) => {
    const all: Buffer[] = [];
    const standard: Buffer[] = [];
    // A group of its own, so that what the program started ends with it.
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const timer = setTimeout(() => {
      all.push(Buffer.from(`\nstill running after ${deadlineMs} ms: killed\n`));
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, deadlineMs);
    child.stdout.on("data", (chunk: Buffer) => {
      all.push(chunk);
      standard.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
    const end = (exitCode: number | undefined): void => {
      clearTimeout(timer);
      resolve({ exitCode, output: Buffer.concat(all).toString(), stdout: Buffer.concat(standard).toString() });
    };
    child.on("error", (error) => {
      all.push(Buffer.from(error.message));
      end(undefined);
    });
    child.on("close", (code) => end(code ?? undefined));
  });
}

/** The problems of a program that should have ended well: none, or its last lines. */
export function problemsOf({ exitCode, output }: Ended): readonly string[] {
  if (exitCode === 0) return [];
  const tail = output.trimEnd().split("\n").slice(-25).join("\n    ");
  return [`exit code ${exitCode ?? "none"}\n    ${tail}`];
}
