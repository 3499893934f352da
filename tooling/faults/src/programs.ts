// The programs of the system that the faults need: installed, or out of Debian's packages.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cacheFolder, type DebianProgram, provideProgram } from "@quorate/transport-nats/debian-package";

const execute = promisify(execFile);

/** A program that can be started. */
export type Program = { readonly path: string; readonly env: NodeJS.ProcessEnv };

const programs = {
  strace: { program: "strace", path: "usr/bin/strace", packages: ["strace"] },
  "mkfs.ext4": { program: "mkfs.ext4", path: "sbin/mkfs.ext4", packages: ["e2fsprogs"] },
} as const satisfies Readonly<Record<string, DebianProgram>>;

/** Finds a program, and gets Debian's package if it must. Rejects with what went wrong. */
export async function getProgram(name: keyof typeof programs): Promise<Program> {
  const { path, libraries } = await provideProgram(programs[name], cacheFolder(name));
  const env = libraries === "" ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries };
  await execute(path, ["-V"], { env });
  return { path, env };
}

/** Runs a command to its end; rejects with what it printed if it fails. */
export async function run(
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const { stdout } = await execute(path, [...args], { env });
    return stdout;
  } catch (cause) {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new Error(`${path}: ${said === "" ? String(cause) : said}`, { cause });
  }
}
