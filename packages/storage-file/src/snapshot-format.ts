// The format of a snapshot file, version 1: a header that says what it holds, and the content in blocks that each carry a
// checksum, so that any part can be verified without reading the rest. FORMAT.md is the same in prose.

import { crc32 } from "node:zlib";
import type { Configuration, SnapshotPosition, StoredSnapshot } from "@quorate/contracts";
import { getUint53, setUint53, viewOf } from "./format.ts";

export const SNAPSHOT_FORMAT_VERSION = 1;
/** Content bytes of every block but the last. */
export const BLOCK_BYTES: number = 64 * 1024;
/** What a block takes besides its content. */
export const BLOCK_CRC_BYTES = 4;
export const SNAPSHOT_ID_BYTES = 16;
/** A header is never larger. */
export const MAX_HEADER_BYTES: number = 1024 * 1024;

const magic = Uint8Array.from("QUOSNAP\n", (character) => character.charCodeAt(0));
const fixedBytes = 68;
const headerCrcBytes = 4;

/** What the header of a snapshot file says. */
export type SnapshotHeader = {
  readonly version: number;
  readonly stored: StoredSnapshot;
  /** Drawn at random when the snapshot is begun: ties its blocks to it. */
  readonly id: Uint8Array;
  readonly headerBytes: number;
};

/** Size of the header for a snapshot at this position. */
export function headerBytesOf(position: SnapshotPosition): number {
  return fixedBytes + encodeConfiguration(position.configuration).length + headerCrcBytes;
}

/** Size of a whole file. */
export function fileBytesOf({ stored, headerBytes }: SnapshotHeader): number {
  return headerBytes + stored.sizeBytes + Math.ceil(stored.sizeBytes / BLOCK_BYTES) * BLOCK_CRC_BYTES;
}

/** Where a block begins in its file. */
export function blockStart(headerBytes: number, block: number): number {
  return headerBytes + block * (BLOCK_BYTES + BLOCK_CRC_BYTES);
}

/** Checksum of a block's content, valid for this block of this snapshot alone. */
export function blockCrc(id: Uint8Array, block: number, content: Uint8Array): number {
  const place = new Uint8Array(8);
  setUint53(viewOf(place), 0, block);
  return crc32(content, crc32(place, crc32(id)));
}

export function encodeSnapshotHeader(stored: StoredSnapshot, id: Uint8Array): Uint8Array {
  const configuration = encodeConfiguration(stored.configuration);
  const bytes = new Uint8Array(fixedBytes + configuration.length + headerCrcBytes);
  const view = viewOf(bytes);
  bytes.set(magic, 0);
  view.setUint32(8, SNAPSHOT_FORMAT_VERSION, true);
  view.setUint32(12, bytes.length, true);
  setUint53(view, 16, stored.index);
  setUint53(view, 24, stored.term);
  setUint53(view, 32, stored.sizeBytes);
  view.setUint32(40, stored.checksum, true);
  view.setUint32(44, BLOCK_BYTES, true);
  bytes.set(id, 48);
  view.setUint32(64, configuration.length, true);
  bytes.set(configuration, fixedBytes);
  const crcAt = bytes.length - headerCrcBytes;
  view.setUint32(crcAt, crc32(bytes.subarray(0, crcAt)), true);
  return bytes;
}

/** The header that begins these bytes, or what is wrong with it. */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
): { readonly header: SnapshotHeader } | { readonly problem: string } {
  if (bytes.length < fixedBytes + headerCrcBytes) return { problem: `${bytes.length} bytes` };
  if (magic.some((byte, position) => bytes[position] !== byte)) return { problem: "other leading bytes" };
  const view = viewOf(bytes);
  const headerBytes = view.getUint32(12, true);
  if (headerBytes < fixedBytes + headerCrcBytes || headerBytes > Math.min(bytes.length, MAX_HEADER_BYTES)) {
    return { problem: `a header of ${headerBytes} bytes` };
  }
  const crcAt = headerBytes - headerCrcBytes;
  if (crc32(bytes.subarray(0, crcAt)) !== view.getUint32(crcAt, true)) {
    return { problem: "a header that fails its checksum" };
  }
  const version = view.getUint32(8, true);
  const stored = {
    index: getUint53(view, 16),
    term: getUint53(view, 24),
    // The checksum says that this is what `encodeConfiguration` gave; of another version it is never looked at.
    configuration: version === SNAPSHOT_FORMAT_VERSION ? decodeConfiguration(bytes.subarray(fixedBytes, crcAt)) : none,
    sizeBytes: getUint53(view, 32),
    checksum: view.getUint32(40, true),
  };
  return { header: { version, stored, id: bytes.slice(48, 48 + SNAPSHOT_ID_BYTES), headerBytes } };
}

const none: Configuration = { voters: [], learners: [] };

function encodeConfiguration({ voters, learners, outgoing, records }: Configuration): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ voters, learners, outgoing, records }));
}

function decodeConfiguration(bytes: Uint8Array): Configuration {
  return JSON.parse(new TextDecoder().decode(bytes)) as Configuration;
}
