// Where the program nats-server is, for tests and demos that start their own broker: the one that the user names, the one
// that is installed, or Debian's package unpacked into a cache folder, which needs no special rights.

import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { QuorateError } from "@quorate/contracts";

const execute = promisify(execFile);
const downloadWithinMs = 120_000;

/** Where to look. */
export type FindOptions = {
  /** Whether Debian's package may be downloaded with apt if no server is found. Default false. */
  readonly download?: boolean;
  /** Where a downloaded server is kept. Default: `node_modules/.cache/quorate/nats-server` of the outermost project. */
  readonly cacheDirectory?: string;
};

/**
 * The path of the program `nats-server`: from the environment variable `NATS_SERVER`, from the `PATH`, from the cache, or
 * downloaded into the cache.
 *
 * @throws QuorateError `QUORATE_NATS_SERVER_MISSING` with what to do.
 */
export async function findNatsServer(options: FindOptions = {}): Promise<string> {
  const named = process.env["NATS_SERVER"];
  if (named !== undefined && named !== "") {
    if (await isProgram(named)) return named;
    throw missing(`NATS_SERVER names ${named}, which is not a program.`);
  }
  const cacheDirectory = options.cacheDirectory ?? defaultCacheDirectory();
  const cached = join(cacheDirectory, "usr/sbin/nats-server");
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = [...folders, "/usr/sbin", "/usr/local/sbin"].map((folder) => join(folder, "nats-server"));
  for (const candidate of [...candidates, cached]) if (await isProgram(candidate)) return candidate;
  if (options.download !== true) throw missing("The program nats-server was not found.");
  await download(cacheDirectory);
  return cached;
}

/** The folder for caches of the outermost project around the current directory. */
function defaultCacheDirectory(): string {
  const cache = "node_modules/.cache/quorate/nats-server";
  let outermost: string | undefined;
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules"))) outermost = folder;
    if (dirname(folder) === folder) break;
  }
  return outermost === undefined ? join(tmpdir(), "quorate-nats-server") : join(outermost, cache);
}

/** Unpacks Debian's package next to the cache and moves it into place, so that two processes may do it at once. */
async function download(cacheDirectory: string): Promise<void> {
  await mkdir(dirname(cacheDirectory), { recursive: true });
  const work = await mkdtemp(`${cacheDirectory}-`);
  try {
    // The user apt downloads as must be able to write here, if it runs as root.
    await chmod(work, 0o755);
    await downloadPackage(work);
    const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw missing("apt-get downloaded nothing.");
    await execute("dpkg-deb", ["-x", join(work, archive), join(work, "tree")], { timeout: downloadWithinMs });
    await rename(join(work, "tree"), cacheDirectory).catch(async (error: unknown) => {
      if (!(await isProgram(join(cacheDirectory, "usr/sbin/nats-server")))) throw error;
    });
  } catch (cause) {
    if (cause instanceof QuorateError) throw cause;
    throw missing("The program nats-server was not found, and Debian's package could not be downloaded.", cause);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** With the system's lists of packages, or else with lists of our own, which anybody may fetch. */
async function downloadPackage(work: string): Promise<void> {
  const get = (...args: readonly string[]) =>
    execute("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", ...args], {
      cwd: work,
      timeout: downloadWithinMs,
    });
  try {
    await get("download", "nats-server");
  } catch {
    await mkdir(join(work, "state/lists/partial"), { recursive: true });
    await mkdir(join(work, "cache/archives/partial"), { recursive: true });
    const own = ["-o", `Dir::State=${join(work, "state")}`, "-o", `Dir::Cache=${join(work, "cache")}`];
    await get(...own, "update");
    await get(...own, "download", "nats-server");
  }
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function missing(message: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_NATS_SERVER_MISSING",
    message,
    hint: "Install nats-server (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server), or set NATS_SERVER to the path of its program.",
    cause,
  });
}
