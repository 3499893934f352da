// A program out of Debian's packages without installing anything: from the PATH, or unpacked into a cache folder, which needs
// no special rights.

import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const downloadWithinMs = 120_000;

/** A program and the packages that it comes with. */
export type DebianProgram = {
  /** Its file name. */
  readonly program: string;
  /** Where the package puts it, such as `usr/bin/strace`. */
  readonly path: string;
  /** The package, and whatever else is wanted beside it. What they depend on and the system lacks comes along. */
  readonly packages: readonly string[];
};

/** A program that can be started. */
export type ProvidedProgram = {
  readonly path: string;
  /** What it needs as `LD_LIBRARY_PATH`, with what this process has there; empty for a program of the system. */
  readonly libraries: string;
};

/** Finds the program, or unpacks its packages into the cache. Rejects with what apt-get or dpkg-deb said. */
export async function provideProgram(wanted: DebianProgram, cache: string): Promise<ProvidedProgram> {
  const path = (await findProgram(wanted, cache)) ?? (await unpackPackages(wanted, cache));
  return { path, libraries: path === join(cache, wanted.path) ? await librariesIn(cache) : "" };
}

/** The program on this machine: installed, or in the cache; undefined if it is nowhere. */
export async function findProgram({ program, path }: DebianProgram, cache: string): Promise<string | undefined> {
  const unpacked = join(cache, path);
  return (await findInstalled(program)) ?? ((await isProgram(unpacked)) ? unpacked : undefined);
}

/** The program on the `PATH`, or in the folders for administrators. */
export async function findInstalled(program: string): Promise<string | undefined> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...folders, "/usr/sbin", "/usr/local/sbin"]) {
    if (await isProgram(join(folder, program))) return join(folder, program);
  }
  return undefined;
}

/** The folder for what is downloaded: `node_modules/.cache/quorate/NAME` of the outermost project. */
export function cacheFolder(name: string): string {
  const cache = `node_modules/.cache/quorate/${name}`;
  let outermost: string | undefined;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) outermost = folder;
    if (dirname(folder) === folder) break;
  }
  return outermost === undefined ? join(tmpdir(), `quorate-${name}`) : join(outermost, cache);
}

/**
 * Unpacks the packages next to the cache and moves them into place, so that two processes may do it at once. Rejects with
 * what apt-get or dpkg-deb said.
 */
export async function unpackPackages({ packages, path }: DebianProgram, cache: string): Promise<string> {
  await mkdir(dirname(cache), { recursive: true });
  const work = await mkdtemp(`${cache}-`);
  try {
    // The user apt downloads as must be able to write here, if it runs as root.
    await chmod(work, 0o755);
    await download(packages, work);
    const archives = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    if (archives.length === 0) throw new Error("apt-get downloaded nothing.");
    for (const archive of archives) {
      await execute("dpkg-deb", ["-x", join(work, archive), join(work, "tree")], { timeout: downloadWithinMs });
    }
    await rename(join(work, "tree"), cache).catch(async (error: unknown) => {
      if (!(await isProgram(join(cache, path)))) throw error;
    });
    return join(cache, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the system's lists of packages, or else with lists of our own, which anybody may fetch. */
async function download(packages: readonly string[], work: string): Promise<void> {
  const get = (...args: readonly string[]) =>
    execute("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", ...args], {
      cwd: work,
      timeout: downloadWithinMs,
    });
  /** To simulate an installation tells what the system lacks. */
  const lacking = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await get(...args, "install", "--simulate", "--no-install-recommends", ...packages);
    const names = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = ""]) => name);
    return [...new Set([...packages, ...names])];
  };
  try {
    await get("download", ...(await lacking()));
  } catch {
    await mkdir(join(work, "state/lists/partial"), { recursive: true });
    await mkdir(join(work, "cache/archives/partial"), { recursive: true });
    const own = ["-o", `Dir::State=${join(work, "state")}`, "-o", `Dir::Cache=${join(work, "cache")}`];
    await get(...own, "update");
    await get(...own, "download", ...(await lacking(...own)));
  }
}

/** Whether there is a file that can be run. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** All folders with shared libraries, and those that this process uses: the program may start others that need them. */
async function librariesIn(tree: string): Promise<string> {
  const roots = ["lib", "usr/lib"].map((folder) => join(tree, folder)).filter((folder) => existsSync(folder));
  const files = await Promise.all(roots.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })));
  const libraries = files.flat().filter(({ name }) => /\.so(\.|$)/.test(name));
  const inherited = process.env["LD_LIBRARY_PATH"]?.split(delimiter) ?? [];
  return [...new Set([...libraries.map(({ parentPath }) => parentPath), ...inherited])].join(delimiter);
}
