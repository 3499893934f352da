// The few operations on files that the store needs, as a port: tests put faults and crashes behind it.

import { constants } from "node:fs";
import { mkdir, open, readdir, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "@quorate/contracts";
import { type DirectoryLock, findHolder, lockDirectory, type LockName } from "./lock.ts";

/** An open file. Reads and writes are at a position and complete, or fail. */
export type OpenFile = {
  /** Fills `target` from `position` on; returns how many bytes there were. */
  read(target: Uint8Array, position: number): Promise<number>;
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes what was written durable, with as much metadata as it takes to read it again. */
  datasync(): Promise<void>;
  sync(): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
};

/**
 * `create` makes the file anew and empties one that is there. `writeThrough` is for a file that is synced after every write:
 * opening it makes durable what is in it, which a process that died may have written and not synced; after that, `datasync`
 * covers what this handle has written, and nothing else. Where the system can write and sync in one call, it does.
 */
export type OpenMode = "read" | "write" | "writeThrough" | "create";

export type FileSystem = {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  list(directory: string): Promise<readonly string[]>;
  /** Makes the directory and those above it, durably. */
  makeDirectory(path: string): Promise<void>;
  rename(step: { readonly from: string; readonly to: string }): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals inside the directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Claims the directory for this store alone; a log and a snapshot store share one under different names. */
  lock(directory: string, name: LockName): Promise<DirectoryLock>;
  /** Who has claimed the directory; undefined if nobody has. */
  holder(directory: string, name: LockName): Promise<string | undefined>;
};

// Two calls cost two trips to the thread pool and back, which is half of what a small write costs. On Linux, O_DSYNC means what
// fdatasync means; elsewhere it may stop at the disk's cache, which Node's datasync does not.
const writesThrough = process.platform === "linux";
const flags: Readonly<Record<OpenMode, string | number>> = {
  read: "r",
  write: "r+",
  writeThrough: writesThrough ? constants.O_RDWR | constants.O_DSYNC : "r+",
  create: "w+",
};

/** The real thing. */
export const nodeFileSystem: FileSystem = {
  open: openFile,
  list: async (directory) => readdir(directory),
  makeDirectory,
  rename: async ({ from, to }) => rename(from, to),
  remove: async (path) => unlink(path),
  syncDirectory,
  lock: async (directory, name) => lockDirectory(directory, name),
  holder: async (directory, name) => findHolder(directory, name),
};

/**
 * The bytes of a file from `position` on: `length` of them, or as many as there are; all if no length is given, or at most
 * `limit`.
 */
export async function readBytes(
  fileSystem: FileSystem,
  span: { readonly path: string; readonly position: number; readonly length?: number; readonly limit?: number },
): Promise<Uint8Array> {
  const file = await fileSystem.open(span.path, "read");
  try {
    const { position, limit = Number.POSITIVE_INFINITY } = span;
    const bytes = new Uint8Array(span.length ?? Math.min(limit, Math.max(0, (await file.sizeBytes()) - position)));
    return bytes.subarray(0, await file.read(bytes, span.position));
  } finally {
    await file.close();
  }
}

async function openFile(path: string, mode: OpenMode): Promise<OpenFile> {
  const handle = await open(path, flags[mode]);
  if (mode === "writeThrough") await handle.datasync();
  return {
    async read(target, position) {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async write(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    datasync: async () => {
      if (mode !== "writeThrough" || !writesThrough) await handle.datasync();
    },
    sync: async () => handle.sync(),
    sizeBytes: async () => (await handle.stat()).size,
    close: async () => handle.close(),
  };
}

async function makeDirectory(path: string): Promise<void> {
  const firstMade = (await mkdir(path, { recursive: true })) ?? path;
  // A new directory is durable once the directory that holds its name is. One that is there may be as new: the process
  // that made it may have died at this very point.
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
    await syncDirectory(dirname(made)).catch((error: unknown) => {
      if (codeOf(error) !== "EACCES") throw error;
    });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
