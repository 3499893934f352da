// A finished snapshot file: its name, its header, and its content, of which every byte is verified before it is given away.

import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { StoredSnapshot } from "@quorate/contracts";
import { formatUnsupported, snapshotCorrupt, storageFailed } from "./errors.ts";
import { type FileSystem, type OpenFile, readBytes } from "./file-system.ts";
import { viewOf } from "./format.ts";
import {
  BLOCK_BYTES,
  BLOCK_CRC_BYTES,
  blockCrc,
  blockStart,
  decodeSnapshotHeader,
  fileBytesOf,
  MAX_HEADER_BYTES,
  SNAPSHOT_FORMAT_VERSION,
  type SnapshotHeader,
} from "./snapshot-format.ts";

/** Bytes that are verified at a time. */
const verifiedAtOnceBytes = 1024 * 1024;
const snapshotName = /^snapshot-(\d{16})\.bin$/;
const unfinishedName = /^snapshot-\d{16}-\d+\.tmp$/;

/** The name of the file of the snapshot at this index. */
export function snapshotFileName(index: number): string {
  return `snapshot-${String(index).padStart(16, "0")}.bin`;
}

/** The name of a file that is being written; `number` tells those of one index apart. */
export function unfinishedFileName(index: number, number: number): string {
  return `snapshot-${String(index).padStart(16, "0")}-${number}.tmp`;
}

/** What of a directory's content belongs to the snapshots. Everything else is left alone. */
export function sortSnapshotNames(names: readonly string[]): {
  /** Ascending. */
  readonly indexes: readonly number[];
  readonly unfinished: readonly string[];
} {
  const indexes = names.flatMap((name) => {
    const digits = snapshotName.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  return {
    indexes: indexes.toSorted((left, right) => left - right),
    unfinished: names.filter((name) => unfinishedName.test(name)),
  };
}

/** A snapshot file whose header is known. */
export type SnapshotFile = { readonly path: string; readonly header: SnapshotHeader };

/** Reads and checks the header of the snapshot at this index. */
export async function openSnapshotFile(
  place: { readonly fileSystem: FileSystem; readonly directory: string },
  index: number,
): Promise<SnapshotFile> {
  const path = join(place.directory, snapshotFileName(index));
  const bytes = await readBytes(place.fileSystem, { path, position: 0, limit: MAX_HEADER_BYTES }).catch(
    (cause: unknown) => {
      throw storageFailed({ action: "read", path, cause });
    },
  );
  const decoded = decodeSnapshotHeader(bytes);
  if ("problem" in decoded) {
    throw snapshotCorrupt({ file: path, offset: 0, expected: "the header of a snapshot", found: decoded.problem });
  }
  const { version, stored } = decoded.header;
  if (version > SNAPSHOT_FORMAT_VERSION) {
    throw formatUnsupported({ file: path, version, supported: SNAPSHOT_FORMAT_VERSION });
  }
  if (stored.index !== index) {
    const found = `the one at index ${stored.index}`;
    throw snapshotCorrupt({ file: path, offset: 0, expected: `the snapshot at index ${index}`, found });
  }
  return { path, header: decoded.header };
}

/** Bytes of the content, from blocks whose checksums hold. */
export async function readContent(
  { path, header, file }: SnapshotFile & { readonly file: OpenFile },
  { offsetBytes, lengthBytes }: { readonly offsetBytes: number; readonly lengthBytes: number },
): Promise<Uint8Array> {
  const { id, headerBytes } = header;
  const { sizeBytes } = header.stored;
  const end = Math.min(offsetBytes + lengthBytes, sizeBytes);
  if (end <= offsetBytes) return new Uint8Array(0);
  const firstBlock = Math.floor(offsetBytes / BLOCK_BYTES);
  const lastBlock = Math.floor((end - 1) / BLOCK_BYTES);
  const start = blockStart(headerBytes, firstBlock);
  const lastBlockEnd = blockStart(headerBytes, lastBlock) + bytesInBlock(lastBlock, sizeBytes) + BLOCK_CRC_BYTES;
  const raw = new Uint8Array(lastBlockEnd - start);
  const found = await file.read(raw, start);
  const view = viewOf(raw);
  const content = new Uint8Array(end - offsetBytes);
  for (let block = firstBlock; block <= lastBlock; block += 1) {
    const at = blockStart(headerBytes, block) - start;
    const length = bytesInBlock(block, sizeBytes);
    const bytes = raw.subarray(at, at + length);
    const isWhole = at + length + BLOCK_CRC_BYTES <= found;
    if (!isWhole || view.getUint32(at + length, true) !== blockCrc(id, block, bytes)) {
      const reason = isWhole ? "bytes that fail their checksum" : "the end of the file";
      throw snapshotCorrupt({ file: path, offset: start + at, expected: `block ${block}`, found: reason });
    }
    const blockOffset = block * BLOCK_BYTES;
    const from = Math.max(0, offsetBytes - blockOffset);
    content.set(bytes.subarray(from, end - blockOffset), blockOffset + from - offsetBytes);
  }
  return content;
}

/** Reads all of a snapshot file; fails unless it is as long as its header says and its content adds up. */
export async function verifySnapshotFile(fileSystem: FileSystem, snapshot: SnapshotFile): Promise<void> {
  const file = await fileSystem.open(snapshot.path, "read");
  try {
    const source = { ...snapshot, file };
    await checkFileSize(source);
    const { stored } = snapshot.header;
    let checksum = 0;
    for (let offsetBytes = 0; offsetBytes < stored.sizeBytes; offsetBytes += verifiedAtOnceBytes) {
      checksum = crc32(await readContent(source, { offsetBytes, lengthBytes: verifiedAtOnceBytes }), checksum);
    }
    checkWhole(snapshot.path, stored, checksum);
  } finally {
    await file.close();
  }
}

/** Fails unless the file is as long as its header says. */
async function checkFileSize({ path, header, file }: SnapshotFile & { readonly file: OpenFile }): Promise<void> {
  const expected = fileBytesOf(header);
  const found = await file.sizeBytes();
  if (found === expected) return;
  const offset = Math.min(found, expected);
  throw snapshotCorrupt({ file: path, offset, expected: `a file of ${expected} bytes`, found: `${found} bytes` });
}

function bytesInBlock(block: number, sizeBytes: number): number {
  return Math.min(BLOCK_BYTES, sizeBytes - block * BLOCK_BYTES);
}

/** Fails unless the content adds up to what was stored. */
function checkWhole(path: string, stored: StoredSnapshot, checksum: number): void {
  if (checksum === stored.checksum) return;
  const expected = `content with checksum ${stored.checksum}`;
  throw snapshotCorrupt({ file: path, offset: 0, expected, found: `content with checksum ${checksum}` });
}
