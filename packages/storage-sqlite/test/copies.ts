// Copies of a store's directory, with something done to a file. The original must be closed, or be of no further use: reading
// a database beside SQLite drops its lock.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A copy in which a file has other bytes. */
export function copyWith(directory: string, name: string, change: (bytes: Buffer) => Uint8Array): string {
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  writeFileSync(join(copy, name), change(readFileSync(join(copy, name))));
  return copy;
}

/** A copy as it is, for instance as a crash of the process would leave it. */
export function copyOf(directory: string): string {
  const copy = temporaryDirectory();
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** The same bytes with one bit turned over. */
export function flipped(bytes: Buffer, bit: number): Buffer {
  const at = bit >>> 3;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
  return bytes;
}
