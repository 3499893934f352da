// Set-up of tests that look at system calls: finds strace, or unpacks Debian's package into a cache folder, which needs no
// special rights. Tests get its path in QUORATE_STRACE and, as LD_LIBRARY_PATH for it, QUORATE_STRACE_LIBRARIES.
import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./workspace.ts";

/** How to start strace. */
export interface Strace {
  readonly program: string;
  /** Empty if the system has all that it needs. */
  readonly libraries: string;
}

const execute = promisify(execFile);
/** strace, and the library that a small system lacks. */
const debianPackages = ["strace", "libunwind8"];
const deadlineMs = 120_000;
const cache: string = join(root, "node_modules/.cache/quorate/strace");

/** Called by vitest before the first test; the processes that run the tests inherit what is set here. */
export async function setup(): Promise<void> {
  if (process.platform !== "linux") return;
  const { program, libraries } = await findStrace();
  process.env["QUORATE_STRACE"] = program;
  process.env["QUORATE_STRACE_LIBRARIES"] = libraries;
}

async function findStrace(): Promise<Strace> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...folders, "/usr/bin"]) {
    const program = join(folder, "strace");
    if (await isProgram(program)) return { program, libraries: "" };
  }
  return (await unpacked(cache)) ?? download();
}

async function unpacked(folder: string): Promise<Strace | undefined> {
  const program = join(folder, "usr/bin/strace");
  if (!(await isProgram(program))) return undefined;
  const libraries = join(folder, "usr/lib");
  const folders = existsSync(libraries) ? await readdir(libraries) : [];
  return { program, libraries: folders.map((name) => join(libraries, name)).join(delimiter) };
}

/** Unpacks beside the cache and moves it into place, so that two runs may do it at once. */
async function download(): Promise<Strace> {
  await mkdir(dirname(cache), { recursive: true });
  const work = await mkdtemp(`${cache}-`);
  try {
    // The user apt downloads as must be able to write here, if it runs as root.
    await chmod(work, 0o755);
    await downloadPackages(work);
    const archives = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    for (const archive of archives) await execute("dpkg-deb", ["-x", join(work, archive), join(work, "tree")]);
    await rename(join(work, "tree"), cache).catch(() => undefined);
    const found = await unpacked(cache);
    if (found !== undefined) return found;
    throw new Error("apt-get downloaded no strace");
  } catch (cause) {
    const hint = "These tests look at system calls. Install strace (Debian and Ubuntu: apt-get install strace).";
    throw new Error(`strace was not found, and Debian's package could not be downloaded. ${hint}`, { cause });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the system's lists of packages, or else with lists of our own, which anybody may fetch. */
async function downloadPackages(work: string): Promise<void> {
  const options = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"];
  const get = (...args: readonly string[]) =>
    execute("apt-get", [...options, ...args], { cwd: work, timeout: deadlineMs });
  try {
    await get("download", ...debianPackages);
  } catch {
    await mkdir(join(work, "state/lists/partial"), { recursive: true });
    await mkdir(join(work, "cache/archives/partial"), { recursive: true });
    const own = ["-o", `Dir::State=${join(work, "state")}`, "-o", `Dir::Cache=${join(work, "cache")}`];
    await get(...own, "update");
    await get(...own, "download", ...debianPackages);
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
