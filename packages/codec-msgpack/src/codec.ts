// The codec as a whole: two bytes that name the format, then one MessagePack array. Bytes from outside pass three gates
// in this order: size and version, structure (structure.ts), shape (read-envelope.ts). Only then are they a message.

import type { Codec, Envelope } from "@quorate/contracts";
import { checkWholeNumber, QuorateError } from "@quorate/contracts";
import { Packr } from "msgpackr";
import { readEnvelope } from "./read-envelope.ts";
import { decodeFailed } from "./refusal.ts";
import { checkStructure } from "./structure.ts";
import { EnvelopeWriter } from "./write-envelope.ts";

/** Options of {@link msgpackCodec}. */
export type MsgpackCodecOptions = {
  /**
   * Largest envelope in bytes, for both directions. Default 8 MiB, the default of the transports. At least 1 KiB.
   * All servers of a cluster must agree on it, or the smallest one refuses what the others send.
   */
  readonly maxBytes?: number;
};

const defaultMaxBytes = 8 * 1024 * 1024;
const smallestMaxBytes = 1024;

/** First byte of every envelope: "Q". */
const magic = 0x51;
/** Second byte of every envelope. A higher one means that older readers must not guess. */
const version = 1;
const prefixBytes = 2;

/**
 * Makes a codec that writes each message as one positional MessagePack array.
 *
 * `encode` throws `QUORATE_TOO_LARGE` for an envelope over `maxBytes` and `QUORATE_ENCODE_FAILED` for an id that
 * cannot be written. `decode` throws `QUORATE_DECODE_FAILED`, with `details.offset` or `details.field`, for everything
 * that is not a well-formed envelope; its work and memory are proportional to the bytes it was given. The entries of a
 * decoded message are views into those bytes.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if `maxBytes` is not a whole number of at least 1 KiB.
 */
export function msgpackCodec(options: MsgpackCodecOptions = {}): Codec {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const hint = "Leave maxBytes out, or give the transport's maxMessageBytes.";
  checkWholeNumber({ option: "maxBytes", value: maxBytes, from: smallestMaxBytes, hint });
  // Records would be written as extensions that only this library reads; plain arrays stay plain MessagePack.
  const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });
  const writer = new EnvelopeWriter(packr);
  return {
    name: "msgpack",
    version,
    encode: (envelope) => encode(envelope, { writer, maxBytes }),
    decode: (bytes) => decode(bytes, { packr, maxBytes }),
  };
}

function encode(envelope: Envelope, parts: { readonly writer: EnvelopeWriter; readonly maxBytes: number }): Uint8Array {
  const { head, tail } = parts.writer.write(envelope);
  const length = prefixBytes + head.length + tail.length;
  if (length > parts.maxBytes) {
    throw new QuorateError({
      code: "QUORATE_TOO_LARGE",
      message: `A message of type ${envelope.message.type} takes ${length} bytes; the limit is ${parts.maxBytes}.`,
      hint: "Send fewer or smaller entries in one message, or raise maxBytes on every server.",
      details: { sizeBytes: length, maxBytes: parts.maxBytes },
    });
  }
  // A copy of its own: the library hands out slices of a pool block, which a kept small message would pin.
  const bytes = new Uint8Array(length);
  bytes[0] = magic;
  bytes[1] = version;
  bytes.set(head, prefixBytes);
  bytes.set(tail, prefixBytes + head.length);
  return bytes;
}

function decode(bytes: Uint8Array, parts: { readonly packr: Packr; readonly maxBytes: number }): Envelope {
  if (bytes.length > parts.maxBytes) {
    throw decodeFailed(`${bytes.length} bytes, more than the limit of ${parts.maxBytes}`, { sizeBytes: bytes.length });
  }
  if (bytes.length < prefixBytes) throw decodeFailed("too short for an envelope", { offset: 0 });
  if (bytes[0] !== magic) throw decodeFailed("does not begin with the byte 0x51 (Q)", { offset: 0 });
  if (bytes[1] !== version) {
    throw decodeFailed(`format version ${bytes[1]}, but only version ${version} is known`, { offset: 1 });
  }
  checkStructure(bytes, prefixBytes);
  return readEnvelope(unpack(bytes, parts.packr));
}

/** A plain view, so that entries come out as `Uint8Array` whatever was put in, and nothing is attached to the caller's object. */
function unpack(bytes: Uint8Array, packr: Packr): unknown {
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + prefixBytes, bytes.length - prefixBytes);
  try {
    return packr.unpack(body);
  } catch (cause) {
    throw decodeFailed("not readable as MessagePack", { offset: prefixBytes, cause });
  }
}
