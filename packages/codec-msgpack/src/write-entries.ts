// The bytes of a list of entries, written by hand: it is most of what a cluster sends, and a list of arrays made for the library
// alone would cost more than the bytes. The format is the library's own.

import { type Entry, kindNumbers } from "./layout.ts";

/** Headers of an entry at their longest: array, index, term, kind, data. */
const mostHeaderBytes = 1 + 5 + 5 + 1 + 5;
const maxUint32 = 0xffff_ffff;

/** The list as one MessagePack value; undefined if it holds a number that takes more than 32 bits. */
export function writeEntries(entries: readonly Entry[]): Uint8Array | undefined {
  let mostBytes = 5;
  for (const { data, index, term } of entries) {
    if (index > maxUint32 || term > maxUint32) return undefined;
    mostBytes += mostHeaderBytes + data.length;
  }
  const bytes = new Uint8Array(mostBytes);
  let at = writeHeader(bytes, 0, entries.length, arrayHeads);
  for (const { index, term, kind, data } of entries) {
    bytes[at] = 0x94;
    at = writeHeader(bytes, at + 1, index, integerHeads);
    at = writeHeader(bytes, at, term, integerHeads);
    bytes[at] = kindNumbers[kind];
    at = writeHeader(bytes, at + 1, data.length, binaryHeads);
    bytes.set(data, at);
    at += data.length;
  }
  // A copy, because it is kept: as long as it need be.
  return bytes.slice(0, at);
}

/** First bytes by how many follow with the number; `none` is added to a number below `noneBelow` instead. */
type Heads = {
  readonly none: number;
  readonly noneBelow: number;
  readonly one: number | undefined;
  readonly two: number;
  readonly four: number;
};

const arrayHeads: Heads = { none: 0x90, noneBelow: 16, one: undefined, two: 0xdc, four: 0xdd };
const integerHeads: Heads = { none: 0, noneBelow: 0x80, one: 0xcc, two: 0xcd, four: 0xce };
const binaryHeads: Heads = { none: 0, noneBelow: 0, one: 0xc4, two: 0xc5, four: 0xc6 };

/** Returns the offset behind it. */
function writeHeader(bytes: Uint8Array, offset: number, value: number, heads: Heads): number {
  let at = offset;
  if (value < heads.noneBelow) bytes[at++] = heads.none + value;
  else if (value < 0x100 && heads.one !== undefined) {
    bytes[at++] = heads.one;
    bytes[at++] = value;
  } else if (value < 0x1_0000) {
    bytes[at++] = heads.two;
    bytes[at++] = value >>> 8;
    bytes[at++] = value & 0xff;
  } else {
    bytes[at++] = heads.four;
    bytes[at++] = value >>> 24;
    bytes[at++] = (value >>> 16) & 0xff;
    bytes[at++] = (value >>> 8) & 0xff;
    bytes[at++] = value & 0xff;
  }
  return at;
}
