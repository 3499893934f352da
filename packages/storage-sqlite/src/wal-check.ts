// SQLite takes the first damaged frame of its write-ahead log for the place where a crash tore the last transaction, and drops
// everything from there on. That is right only if nothing after it was ever durable. This file tells the two cases apart.

import { closeSync, openSync, readSync, statSync } from "node:fs";

const headerBytes = 32;
const frameHeaderBytes = 24;
const magicLittleEndian = 0x377f0682;
const magicBigEndian = 0x377f0683;

/** What was found in a write-ahead log that a crash cannot have left. */
export type WalDamage = { readonly expected: string; readonly found: string };

/**
 * Looks for damage in what was durable; undefined if there is none, or no file. The file must not be written to meanwhile.
 *
 * Every commit is synced before the next frame is written. So behind the first frame that is not as it was written, a frame
 * that ends a transaction and has another frame of this log behind it proves that the transaction had been durable.
 */
export function findWalDamage(path: string): WalDamage | undefined {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes <= headerBytes) return undefined;
  const descriptor = openSync(path, "r");
  try {
    const header = new Uint8Array(headerBytes);
    readSync(descriptor, header, 0, headerBytes, 0);
    const wal = parseHeader(header);
    // The header is synced before the first frame is written.
    if (wal === undefined) return { expected: "the header of a write-ahead log", found: "something else" };
    return scanFrames(wal, { descriptor, sizeBytes });
  } finally {
    closeSync(descriptor);
  }
}

type Wal = {
  readonly pageBytes: number;
  readonly littleEndian: boolean;
  readonly salts: readonly [number, number];
  readonly checksum: Checksum;
};

type Checksum = readonly [number, number];

function parseHeader(header: Uint8Array): Wal | undefined {
  const view = viewOf(header);
  const magic = view.getUint32(0);
  if (magic !== magicLittleEndian && magic !== magicBigEndian) return undefined;
  const littleEndian = magic === magicLittleEndian;
  const checksum = extend([0, 0], header.subarray(0, 24), littleEndian);
  if (checksum[0] !== view.getUint32(24) || checksum[1] !== view.getUint32(28)) return undefined;
  return { pageBytes: view.getUint32(8), littleEndian, salts: [view.getUint32(16), view.getUint32(20)], checksum };
}

function scanFrames(
  wal: Wal,
  { descriptor, sizeBytes }: { readonly descriptor: number; readonly sizeBytes: number },
): WalDamage | undefined {
  const frame = new Uint8Array(frameHeaderBytes + wal.pageBytes);
  const view = viewOf(frame);
  let { checksum } = wal;
  let firstBad: number | undefined;
  let wasDurable = false;
  for (let number = 0; headerBytes + (number + 1) * frame.length <= sizeBytes; number += 1) {
    readSync(descriptor, frame, 0, frame.length, headerBytes + number * frame.length);
    const [first, second] = [view.getUint32(8) === wal.salts[0], view.getUint32(12) === wal.salts[1]];
    if (firstBad === undefined) {
      checksum = extend(extend(checksum, frame.subarray(0, 8), wal.littleEndian), frame.subarray(24), wal.littleEndian);
      if (first && second && checksum[0] === view.getUint32(16) && checksum[1] === view.getUint32(20)) continue;
      firstBad = number;
    }
    // Frames of an earlier log at the same place have two other salts; damage to a frame of this one spares at least one.
    if (!first && !second) continue;
    if (wasDurable) return describeDamage(firstBad, number);
    wasDurable = view.getUint32(4) !== 0;
  }
  return undefined;
}

function describeDamage(firstBad: number, later: number): WalDamage {
  return { expected: `frame ${firstBad} of it as it was written`, found: `other bytes, with frame ${later} behind it` };
}

/** SQLite's checksum: two sums over pairs of words, each of which goes into the other. */
function extend([first, second]: Checksum, bytes: Uint8Array, littleEndian: boolean): Checksum {
  const view = viewOf(bytes);
  let sums: [number, number] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    const one = (sums[0] + view.getUint32(at, littleEndian) + sums[1]) >>> 0;
    sums = [one, (sums[1] + view.getUint32(at + 4, littleEndian) + one) >>> 0];
  }
  return sums;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
