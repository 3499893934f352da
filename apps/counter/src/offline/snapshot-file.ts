// A saved snapshot as a file: one line of JSON that says what follows, then the bytes. The same over HTTP.

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { codeOf, QuorateError, type StoredSnapshot } from "@quorate/contracts";
import type { SnapshotSource } from "@quorate/node";

/** What the first line says. */
export type SavedSnapshot = StoredSnapshot & {
  readonly format: typeof format;
  readonly version: number;
  /** Whose state it is, and which node gave it. */
  readonly cluster: string;
  readonly node: string;
};

const format = "quorate-snapshot";
const version = 1;
const maxHeaderBytes = 1024 * 1024;
const newline = 10;

/** The first line of a saved snapshot. */
export function encodeHeader(of: StoredSnapshot & { readonly cluster: string; readonly node: string }): Uint8Array {
  const { cluster, node, index, term, configuration, sizeBytes, checksum } = of;
  const header = { format, version, cluster, node, index, term, configuration, sizeBytes, checksum };
  return new TextEncoder().encode(`${JSON.stringify(header)}\n`);
}

/** Opens a saved snapshot. Its bytes are checked by whoever stores them. Rejects with `QUORATE_SNAPSHOT_CORRUPT`. */
export async function openSnapshotFile(file: string): Promise<SnapshotSource & { readonly saved: SavedSnapshot }> {
  const { header, sizeBytes } = await readHeader(file);
  const saved = parseHeader(file, header);
  const start = header.byteLength + 1;
  const found = sizeBytes - start;
  if (found !== saved.sizeBytes)
    throw corrupt(file, `it should hold ${saved.sizeBytes} bytes of state, found ${found}`);
  return { saved, snapshot: saved, chunks: () => createReadStream(file, { start }) };
}

/** What a saved snapshot says of itself, and whether its bytes are those that were saved. Rejects as opening it does. */
export async function verifySnapshotFile(file: string): Promise<SavedSnapshot> {
  const { saved, chunks } = await openSnapshotFile(file);
  let checksum = 0;
  for await (const chunk of chunks()) checksum = crc32(chunk, checksum);
  if (checksum === saved.checksum) return saved;
  throw corrupt(file, `its checksum should be ${hex(saved.checksum)}, found ${hex(checksum)}`);
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

async function readHeader(file: string): Promise<{ readonly header: Uint8Array; readonly sizeBytes: number }> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, maxHeaderBytes)), { position: 0 });
    const end = buffer.subarray(0, bytesRead).indexOf(newline);
    if (end === -1) throw corrupt(file, "it does not begin with a line that says what it is");
    return { header: buffer.subarray(0, end), sizeBytes: size };
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw cause;
    throw new QuorateError({
      code: "QUORATE_CONFIG_INVALID",
      message: `${file}: there is no such file`,
      hint: "Name a file that quorate snapshot save has written.",
      cause,
    });
  }
}

function parseHeader(file: string, bytes: Uint8Array): SavedSnapshot {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw corrupt(file, "its first line is not JSON");
  }
  if (typeof value !== "object" || value === null || !("format" in value) || value.format !== format) {
    throw corrupt(file, "it is no snapshot of Quorate");
  }
  const saved = value as SavedSnapshot; // the members are checked below
  if (saved.version !== version) {
    throw new QuorateError({
      code: "QUORATE_FORMAT_UNSUPPORTED",
      message: `${file} has version ${String(saved.version)} of the format, this program reads ${version}`,
      hint: "Use the version of Quorate that wrote it, or a later one.",
    });
  }
  const numbers = [saved.index, saved.term, saved.sizeBytes, saved.checksum];
  const isComplete = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
  const { voters } = saved.configuration ?? {};
  if (isComplete && saved.index >= 1 && Array.isArray(voters)) return saved;
  throw corrupt(file, "its first line lacks what is needed");
}

function corrupt(file: string, why: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_SNAPSHOT_CORRUPT",
    message: `${file} cannot be used: ${why}`,
    hint: "Use another saved snapshot; this one was cut short, changed, or is none.",
  });
}
