// One process per directory. The lock is a listening Unix socket with a name inside the directory: the kernel closes it when
// its process dies, whatever the way, and a connection attempt tells a living holder from a dead one's leftover. It holds
// across containers and network namespaces of one kernel, but not between machines that share a network file system.

import { randomBytes } from "node:crypto";
import { open, readdir, rename, unlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { codeOf } from "@quorate/contracts";
import { dataLocked, storageFailed } from "./errors.ts";

/** The claim on a directory. */
export type DirectoryLock = {
  /** Whether the claim still stands: false if somebody removed the lock by hand. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
};

/** What is claimed: the directory's log, or its snapshots. */
export type LockName = "lock" | "snapshot-lock";

const names: Readonly<Record<LockName, { readonly visible: RegExp; readonly temporary: RegExp }>> = {
  lock: { visible: /^lock-(\d+)-[0-9a-f]+\.sock$/, temporary: /^lock-\d+-[0-9a-f]+\.tmp$/ },
  "snapshot-lock": {
    visible: /^snapshot-lock-(\d+)-[0-9a-f]+\.sock$/,
    temporary: /^snapshot-lock-\d+-[0-9a-f]+\.tmp$/,
  },
};
/** Longest socket path that every system takes. */
const maxSocketPathBytes = 100;
const giveUpAfterMs = 600;
const answerWithinMs = 150;

type Presence = "dead" | { readonly state: string; readonly holder: string };

/** Claims the directory, or rejects with `QUORATE_DATA_LOCKED` within a second. */
export async function lockDirectory(directory: string, lockName: LockName): Promise<DirectoryLock> {
  // Listen under a temporary name, rename it to a visible one, and only then look who else is visible. Of two openers the
  // later one to become visible must see the other, so at most one sees nobody. A visible name is always listening or dead
  // for ever, so removing one that refuses connections takes nothing from anybody.
  const startedAt = performance.now();
  for (;;) {
    const claim = await Claim.announce(directory, lockName);
    const rival = await findRival(claim).catch(async (error: unknown) => {
      await claim.release();
      throw error;
    });
    if (rival === undefined) {
      claim.state = "held";
      await removeLeftovers(claim);
      return claim;
    }
    await claim.release();
    // Two openers that see each other both step back; whoever comes first after a moment of chance gets the lock.
    if (rival.state === "held" || performance.now() - startedAt > giveUpAfterMs) {
      throw dataLocked({ directory, holder: rival.holder });
    }
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40));
  }
}

/** Who has the directory open; undefined if nobody does. Changes nothing. */
export async function findHolder(directory: string, lockName: LockName): Promise<string | undefined> {
  const { visible } = names[lockName];
  const handle = await open(directory, "r");
  try {
    for (const name of (await readdir(directory)).filter((one) => visible.test(one))) {
      const path = join(shortPath({ directory, descriptor: handle.fd, name }), name);
      const presence = await probe(path, visible.exec(name)?.[1]);
      if (presence !== "dead") return presence.holder;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

class Claim implements DirectoryLock {
  state: "announced" | "held" = "announced";
  readonly name: string;
  readonly lockName: LockName;
  /** The directory by a path that is short enough for sockets. */
  readonly socketDirectory: string;
  readonly directory: string;
  readonly #server: Server;
  readonly #closeDirectory: () => Promise<void>;

  private constructor(parts: {
    readonly directory: string;
    readonly socketDirectory: string;
    readonly name: string;
    readonly lockName: LockName;
    readonly server: Server;
    readonly closeDirectory: () => Promise<void>;
  }) {
    this.directory = parts.directory;
    this.socketDirectory = parts.socketDirectory;
    this.name = parts.name;
    this.lockName = parts.lockName;
    this.#server = parts.server;
    this.#closeDirectory = parts.closeDirectory;
  }

  static async announce(directory: string, lockName: LockName): Promise<Claim> {
    const base = `${lockName}-${process.pid}-${randomBytes(6).toString("hex")}`;
    const temporary = `${base}.tmp`;
    const name = `${base}.sock`;
    const handle = await open(directory, "r");
    const socketDirectory = shortPath({ directory, descriptor: handle.fd, name });
    const server = createServer();
    try {
      await listen(server, join(socketDirectory, temporary));
      const claim = new Claim({
        directory,
        socketDirectory,
        name,
        lockName,
        server,
        closeDirectory: async () => handle.close(),
      });
      server.on("connection", (socket) => {
        socket.on("error", () => socket.destroy());
        socket.unref();
        socket.end(claim.state);
      });
      await rename(join(directory, temporary), join(directory, name));
      return claim;
    } catch (cause) {
      server.close();
      await handle.close();
      throw storageFailed({ action: "create a lock in the directory", path: directory, cause });
    }
  }

  async isHeld(): Promise<boolean> {
    return (await readdir(this.directory)).includes(this.name);
  }

  async release(): Promise<void> {
    await unlink(join(this.directory, this.name)).catch(() => undefined);
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#closeDirectory();
  }
}

/** Somebody else who is alive and visible. Clears away the names of the dead. */
async function findRival(claim: Claim): Promise<Exclude<Presence, "dead"> | undefined> {
  const { visible } = names[claim.lockName];
  const found = await readdir(claim.directory);
  for (const name of found.filter((one) => visible.test(one) && one !== claim.name)) {
    const presence = await probe(join(claim.socketDirectory, name), visible.exec(name)?.[1]);
    if (presence !== "dead") return presence;
    await unlink(join(claim.directory, name)).catch(() => undefined);
  }
  return undefined;
}

/** Temporary names of openers that died before they became visible. */
async function removeLeftovers(claim: Claim): Promise<void> {
  const { temporary } = names[claim.lockName];
  const found = await readdir(claim.directory);
  for (const name of found.filter((one) => temporary.test(one))) {
    const presence = await probe(join(claim.socketDirectory, name), undefined);
    if (presence === "dead") await unlink(join(claim.directory, name)).catch(() => undefined);
  }
}

/** Whether somebody listens on the socket. Whatever is not surely dead counts as alive. */
function probe(path: string, processId: string | undefined): Promise<Presence> {
  const unknown = { state: "held", holder: `process ${processId ?? "unknown"}` };
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = "";
    socket.setEncoding("utf8");
    socket.setTimeout(answerWithinMs, () => {
      socket.destroy();
      resolve(unknown);
    });
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("end", () => {
      socket.destroy();
      resolve({ ...unknown, state: answer === "announced" ? "announced" : "held" });
    });
    socket.on("error", (error) => {
      const code = codeOf(error);
      resolve(code === "ECONNREFUSED" || code === "ENOENT" ? "dead" : unknown);
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      // A lock that keeps its process from ending would be one that has to be closed by hand.
      server.unref();
      resolve();
    });
  });
}

/** A socket's path has a small limit; where the directory's is too long, Linux can name it by an open descriptor. */
function shortPath(place: { readonly directory: string; readonly descriptor: number; readonly name: string }): string {
  const length = Buffer.byteLength(join(place.directory, place.name));
  if (length <= maxSocketPathBytes || process.platform !== "linux") return place.directory;
  return `/proc/self/fd/${place.descriptor}`;
}
