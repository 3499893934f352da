// The programs of the system that the faults need: installed, or out of Debian's packages.

import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, type DebianProgram, findProgram, unpackPackages } from "@quorate/transport-nats/debian-package";

const execute = promisify(execFile);

/** A program that can be started. */
export type Program = { readonly path: string; readonly env: NodeJS.ProcessEnv };

const programs = {
  strace: { program: "strace", path: "usr/bin/strace", packages: ["strace", "libunwind8"] },
  "mkfs.ext4": { program: "mkfs.ext4", path: "sbin/mkfs.ext4", packages: ["e2fsprogs", "libext2fs2", "libcom-err2"] },
} as const satisfies Readonly<Record<string, DebianProgram>>;

/** Finds a program, and gets Debian's package if it must. Rejects with what went wrong. */
export async function getProgram(name: keyof typeof programs): Promise<Program> {
  const cache = cacheFolder(name);
  const found = (await findProgram(programs[name], cache)) ?? (await unpackPackages(programs[name], cache));
  const isOurs = resolve(found).startsWith(resolve(cache));
  const program = { path: found, env: isOurs ? withLibraries(cache) : process.env };
  await execute(program.path, ["-V"], { env: program.env });
  return program;
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

/** Libraries that were unpacked beside the program. */
function withLibraries(cache: string): NodeJS.ProcessEnv {
  const folders = ["lib", "usr/lib"]
    .map((folder) => join(cache, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((triplet) => join(folder, triplet)));
  return { ...process.env, LD_LIBRARY_PATH: folders.join(":") };
}
