// Where the program nats-server is, for tests and demos that start their own broker: the one that the user names, the one
// that is installed, or Debian's package unpacked into a cache folder, which needs no special rights.

import { QuorateError } from "@quorate/contracts";
import { cacheFolder, findProgram, isProgram, unpackPackages } from "./debian-package.ts";

const natsServer = { program: "nats-server", path: "usr/sbin/nats-server", packages: ["nats-server"] };

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
  const cacheDirectory = options.cacheDirectory ?? cacheFolder("nats-server");
  const found = await findProgram(natsServer, cacheDirectory);
  if (found !== undefined) return found;
  if (options.download !== true) throw missing("The program nats-server was not found.");
  try {
    return await unpackPackages(natsServer, cacheDirectory);
  } catch (cause) {
    throw missing("The program nats-server was not found, and Debian's package could not be downloaded.", cause);
  }
}

function missing(message: string, cause?: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_NATS_SERVER_MISSING",
    message,
    hint: "Install nats-server (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server), or set NATS_SERVER to the path of its program.",
    cause,
  });
}
