// Walks MessagePack bytes without building anything, so that what reaches the library is known to be finite, shallow and
// free of features that this format does not use. The library would interpret extension bytes and recurse without limit.

import { decodeFailed } from "./refusal.ts";

/** Envelope, entries, entry: three levels are used, the rest is room for later versions. */
const maxDepth = 8;
/** Names of clusters, servers and incarnations; four bytes for each of 256 characters. */
const maxTextBytes = 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Accepts exactly one array of numbers, booleans, nil, text, bytes and such arrays, and nothing after it.
 *
 * @throws QuorateError `QUORATE_DECODE_FAILED` with the offset of the first byte that is not acceptable.
 */
export function checkStructure(bytes: Uint8Array, start: number): void {
  const first = bytes[start];
  if (first === undefined || !isArrayHeader(first)) throw decodeFailed("not an array", { offset: start });
  /** Elements still to come in each open array, the outermost first. */
  const open: number[] = [1];
  let offset = start;
  for (let level = 0; level >= 0; ) {
    const remaining = open[level] ?? 0;
    if (remaining === 0) {
      open.pop();
      level -= 1;
      continue;
    }
    open[level] = remaining - 1;
    const head = bytes[offset];
    if (head === undefined) throw decodeFailed("ends in the middle of an array", { offset });
    if (isArrayHeader(head)) {
      const { count, next } = readArrayHeader(bytes, offset);
      if (level >= maxDepth) throw decodeFailed(`nested deeper than ${maxDepth} levels`, { offset });
      open.push(count);
      level += 1;
      offset = next;
    } else {
      offset = skipScalar(bytes, { offset, head });
    }
  }
  if (offset !== bytes.length) throw decodeFailed(`${bytes.length - offset} bytes after its end`, { offset });
}

function isArrayHeader(head: number): boolean {
  return (head >= 0x90 && head <= 0x9f) || head === 0xdc || head === 0xdd;
}

function readArrayHeader(bytes: Uint8Array, offset: number): { readonly count: number; readonly next: number } {
  const head = bytes[offset] ?? 0;
  const isShort = head <= 0x9f;
  const sizeBytes = isShort ? 0 : head === 0xdc ? 2 : 4;
  const count = isShort ? head & 0x0f : readLength(bytes, { offset: offset + 1, sizeBytes });
  const next = offset + 1 + sizeBytes;
  // Every element takes at least one byte, so a larger count is a lie whatever follows.
  if (count > bytes.length - next) throw decodeFailed(`an array that declares ${count} elements`, { offset });
  return { count, next };
}

/** The offset after a value that is not an array. */
function skipScalar(bytes: Uint8Array, value: { readonly offset: number; readonly head: number }): number {
  const { offset, head } = value;
  if (head <= 0x7f || head >= 0xe0) return offset + 1;
  if (head >= 0xa0 && head <= 0xbf) return skipText(bytes, { start: offset + 1, length: head & 0x1f });
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return offset + 1;
    case 0xcc: // uint8
    case 0xd0: // int8
      return skipBytes(bytes, { start: offset + 1, length: 1 });
    case 0xcd: // uint16
    case 0xd1: // int16
      return skipBytes(bytes, { start: offset + 1, length: 2 });
    case 0xca: // float32
    case 0xce: // uint32
    case 0xd2: // int32
      return skipBytes(bytes, { start: offset + 1, length: 4 });
    case 0xcb: // float64: how the library writes whole numbers of 2^32 and above
      return skipBytes(bytes, { start: offset + 1, length: 8 });
    case 0xc4: // bin8, bin16, bin32
    case 0xc5:
    case 0xc6: {
      const sizeBytes = 1 << (head - 0xc4);
      const length = readLength(bytes, { offset: offset + 1, sizeBytes });
      return skipBytes(bytes, { start: offset + 1 + sizeBytes, length });
    }
    case 0xd9: // str8, str16, str32
    case 0xda:
    case 0xdb: {
      const sizeBytes = 1 << (head - 0xd9);
      const length = readLength(bytes, { offset: offset + 1, sizeBytes });
      return skipText(bytes, { start: offset + 1 + sizeBytes, length });
    }
    default:
      // Maps, extensions, 64-bit integers and the unused byte: no version of this format writes them.
      throw decodeFailed(`the byte 0x${head.toString(16)}, which this format does not use`, { offset });
  }
}

type Span = { readonly start: number; readonly length: number };

function skipBytes(bytes: Uint8Array, span: Span): number {
  if (span.length > bytes.length - span.start) {
    throw decodeFailed(`a value that declares ${span.length} bytes and is cut off`, { offset: span.start });
  }
  return span.start + span.length;
}

function skipText(bytes: Uint8Array, span: Span): number {
  const end = skipBytes(bytes, span);
  if (span.length > maxTextBytes) {
    throw decodeFailed(`text of ${span.length} bytes, more than ${maxTextBytes}`, { offset: span.start });
  }
  for (let offset = span.start; offset < end; offset += 1) {
    if ((bytes[offset] ?? 0) < 0x80) continue;
    checkUtf8(bytes, { start: offset, length: end - offset });
    break;
  }
  return end;
}

function checkUtf8(bytes: Uint8Array, span: Span): void {
  try {
    utf8.decode(bytes.subarray(span.start, span.start + span.length));
  } catch (cause) {
    throw decodeFailed("text that is not UTF-8", { offset: span.start, cause });
  }
}

/** An unsigned big-endian number of 1, 2 or 4 bytes; multiplied, not shifted, so that 2^31 and above stay positive. */
function readLength(bytes: Uint8Array, place: { readonly offset: number; readonly sizeBytes: number }): number {
  if (place.sizeBytes > bytes.length - place.offset) {
    throw decodeFailed("ends in the middle of a length", { offset: place.offset });
  }
  let length = 0;
  for (let position = 0; position < place.sizeBytes; position += 1) {
    length = length * 256 + (bytes[place.offset + position] ?? 0);
  }
  return length;
}
