// A disk in memory that counts, fails, rots and loses power. What was not synced survives a loss of power in part, sector by
// sector, or not at all, and names that were not made durable by a sync of the directory may be the old ones.

import { basename } from "node:path";
import type { FileSystem, OpenFile, OpenMode } from "../src/file-system.ts";

const sectorBytes = 512;

/** Thrown by every operation after the crash. */
class Crash extends Error {}

type Inode = { durable: Uint8Array; current: Uint8Array };
type Operation = "open" | "write" | "sync" | "rename" | "remove" | "syncDirectory" | "makeDirectory";
type Names = ReadonlyMap<string, Inode>;

export class TestDisk {
  /** Names as they are now and, before them, as they were after each step since the last sync of the directory. */
  #names: Names[] = [new Map()];
  #operations = 0;
  #crashAt = Number.POSITIVE_INFINITY;
  readonly #random: () => number;

  /** How much all files together may take. */
  capacityBytes: number = Number.POSITIVE_INFINITY;

  /** Who is said to have the directory open. */
  holder: string | undefined;

  /** Sees every operation before it is done; fails it by throwing. */
  onOperation: (operation: Operation, name: string) => void = () => {};

  constructor(random: () => number = () => 0) {
    this.#random = random;
  }

  get fileNames(): readonly string[] {
    return [...this.#current().keys()];
  }

  /** The bytes of a file; changes to them are changes to the file, durable at once. */
  bytesOf(name: string): Uint8Array {
    const inode = this.#find(name);
    inode.durable = inode.current;
    return inode.current;
  }

  /** Gives a file other bytes, or none at all: the file is gone. */
  replace(name: string, bytes: Uint8Array | undefined): void {
    const names = new Map(this.#current());
    if (bytes === undefined) names.delete(name);
    else names.set(name, { durable: bytes, current: bytes });
    this.#names = [names];
  }

  /** A disk with a copy of everything. */
  clone(): TestDisk {
    const copy = new TestDisk(this.#random);
    for (const [name, inode] of this.#current()) copy.replace(name, inode.current.slice());
    return copy;
  }

  get hasCrashed(): boolean {
    return this.#operations >= this.#crashAt;
  }

  /** From now on, operations work until this many more have been done. */
  crashAfter(operations: number): void {
    this.#crashAt = this.#operations + operations;
  }

  /** The process is gone and a new one begins; with the power, everything that was not synced goes too, more or less. */
  restart({ losesPower }: { readonly losesPower: boolean }): void {
    this.#crashAt = Number.POSITIVE_INFINITY;
    if (!losesPower) return;
    const survived = this.#names[Math.floor(this.#random() * this.#names.length)] ?? new Map<string, Inode>();
    this.#names = [survived];
    for (const inode of survived.values()) this.#losePower(inode);
  }

  readonly fileSystem: FileSystem = {
    open: async (path, mode) => this.#open(basename(path), mode),
    list: async () => this.fileNames,
    makeDirectory: async (path) => this.#step("makeDirectory", path),
    rename: async ({ from, to }) => {
      this.#step("rename", basename(to));
      const inode = this.#find(basename(from));
      this.#rename((names) => {
        names.delete(basename(from));
        names.set(basename(to), inode);
      });
    },
    remove: async (path) => {
      this.#step("remove", basename(path));
      this.#rename((names) => names.delete(basename(path)));
    },
    syncDirectory: async (path) => {
      this.#step("syncDirectory", path);
      this.#names = [this.#current()];
    },
    lock: async () => ({ isHeld: async () => true, release: async () => {} }),
    holder: async () => this.holder,
  };

  #open(name: string, mode: OpenMode): OpenFile {
    this.#step("open", name);
    if (mode === "create") {
      const fresh = { durable: new Uint8Array(0), current: new Uint8Array(0) };
      this.#rename((names) => names.set(name, fresh));
    }
    const inode = this.#find(name);
    const written: { readonly bytes: Uint8Array; readonly position: number }[] = [];
    const sync = async (): Promise<void> => {
      this.#step("sync", name);
      inode.durable = inode.current.slice();
    };
    // No more than the system promises.
    const syncOwnWrites = async (): Promise<void> => {
      this.#step("sync", name);
      for (const { bytes, position } of written.splice(0)) inode.durable = withBytes(inode.durable, bytes, position);
    };
    if (mode === "writeThrough") inode.durable = inode.current.slice();
    return {
      read: async (target, position) => {
        const bytes = inode.current.subarray(position, position + target.length);
        target.set(bytes);
        return bytes.length;
      },
      write: async (bytes, position) => {
        this.#step("write", name);
        this.#refuseBeyondCapacity(Math.max(0, position + bytes.length - inode.current.length));
        inode.current = withBytes(inode.current, bytes, position);
        written.push({ bytes: bytes.slice(), position });
      },
      datasync: mode === "writeThrough" ? syncOwnWrites : sync,
      sync,
      sizeBytes: async () => inode.current.length,
      close: async () => {},
    };
  }

  #step(operation: Operation, name: string): void {
    if (this.hasCrashed) throw new Crash("the machine is down");
    this.onOperation(operation, name);
    this.#operations += 1;
  }

  #refuseBeyondCapacity(additionalBytes: number): void {
    const used = [...this.#current().values()].reduce((sum, { current }) => sum + current.length, 0);
    if (used + additionalBytes <= this.capacityBytes) return;
    throw Object.assign(new Error("ENOSPC: no space left on the disk"), { code: "ENOSPC" });
  }

  #current(): Names {
    return this.#names.at(-1) ?? new Map<string, Inode>();
  }

  #find(name: string): Inode {
    const inode = this.#current().get(name);
    if (inode === undefined) throw new Error(`no file ${name}`);
    return inode;
  }

  #rename(change: (names: Map<string, Inode>) => void): void {
    const names = new Map(this.#current());
    change(names);
    this.#names.push(names);
  }

  /** Each sector is the synced one or the written one; of a file that grew, the new size survives or not. */
  #losePower(inode: Inode): void {
    const survived = this.#random() < 0.5 ? inode.durable.slice() : inode.current.slice();
    const sectorsKept = this.#random();
    for (let at = 0; at < survived.length; at += sectorBytes) {
      const source = this.#random() < sectorsKept ? inode.current : inode.durable;
      const sector = source.subarray(at, Math.min(at + sectorBytes, survived.length));
      survived.fill(0, at, Math.min(at + sectorBytes, survived.length));
      survived.set(sector, at);
    }
    inode.current = survived;
    inode.durable = survived.slice();
  }
}

function withBytes(content: Uint8Array, bytes: Uint8Array, position: number): Uint8Array {
  const grown = new Uint8Array(Math.max(content.length, position + bytes.length));
  grown.set(content);
  grown.set(bytes, position);
  return grown;
}
