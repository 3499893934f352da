// What the writer writes: decided by the index alone, so that whoever reads it back knows what must be there.

import type { Entry } from "@quorate/contracts";

/** Small, so that a short life fills many. */
export const writerSegmentBytes: number = 128 * 1024;

/** Short terms, so that term and vote change often. */
export function termAt(index: number): number {
  return 1 + Math.floor(index / 20);
}

export function entryAt(index: number): Entry {
  const bytes = (index * 7919) % (index % 50 === 0 ? 40_000 : 700);
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 1) data[at] = (index * 31 + at * 7) & 255;
  return { index, term: termAt(index), kind: "command", data };
}

export function snapshotAt(index: number): Uint8Array {
  return new TextEncoder().encode(`everything up to ${index};`.repeat(1000));
}
