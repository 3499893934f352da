// A state machine's snapshot in the two forms in which others want it: pieces of bounded size, or one piece.

import type { SnapshotContent } from "./state-machine.ts";

/** The content in pieces; bytes are a single one. */
export function snapshotPieces(content: SnapshotContent): Iterable<Uint8Array> {
  return content instanceof Uint8Array ? [content] : content;
}

/** The whole content at once, for tests and for states that are small. */
export function snapshotBytes(content: SnapshotContent): Uint8Array {
  if (content instanceof Uint8Array) return content;
  const pieces = [...content];
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}
