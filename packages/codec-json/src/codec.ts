// The codec as a whole: one JSON object per envelope, in UTF-8. Bytes from outside pass three gates in this order: size,
// JSON, shape (read-envelope.ts). Only then are they a message.

import type { Codec, Envelope } from "@quorate/contracts";
import { checkWholeNumber, QuorateError } from "@quorate/contracts";
import { readEnvelope } from "./read-envelope.ts";
import { decodeFailed } from "./refusal.ts";

/** Options of {@link jsonCodec}. */
export type JsonCodecOptions = {
  /**
   * Largest envelope in bytes, for both directions. Default 8 MiB, the default of the TCP transport. At least 1 KiB. The
   * bytes of entries take a third more as text. All servers of a cluster must agree on it.
   */
  readonly maxBytes?: number;
};

const defaultMaxBytes = 8 * 1024 * 1024;
const smallestMaxBytes = 1024;
/** Longest name of a cluster, a server or an incarnation, in UTF-16 units. */
const maxNameLength = 256;
/** Stands in every envelope as `v`. A higher one means that older readers must not guess. */
const version = 1;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes a codec that writes each message as one line of JSON, with the bytes of entries as base64.
 *
 * `encode` throws `QUORATE_TOO_LARGE` for an envelope over `maxBytes` and `QUORATE_ENCODE_FAILED` for a name that cannot be
 * written. `decode` throws `QUORATE_DECODE_FAILED`, with `details.field` where it applies, for everything that is not a
 * well-formed envelope. The entries of a decoded message are copies.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if `maxBytes` is not a whole number of at least 1 KiB.
 */
export function jsonCodec(options: JsonCodecOptions = {}): Codec {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const hint = "Leave maxBytes out, or give the transport's maxMessageBytes.";
  checkWholeNumber({ option: "maxBytes", value: maxBytes, from: smallestMaxBytes, hint });
  return {
    name: "json",
    version,
    encode: (envelope) => encode(envelope, maxBytes),
    decode: (bytes) => decode(bytes, maxBytes),
  };
}

function encode(envelope: Envelope, maxBytes: number): Uint8Array {
  const { clusterId, groupId, incarnation, message } = envelope;
  checkNames({ clusterId, incarnation, from: message.from, to: message.to });
  const text = JSON.stringify({ v: version, clusterId, groupId, incarnation, message: writable(message) });
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return bytes;
  throw new QuorateError({
    code: "QUORATE_TOO_LARGE",
    message: `A message of type ${message.type} takes ${bytes.length} bytes; the limit is ${maxBytes}.`,
    hint: "Send fewer or smaller entries in one message, or raise maxBytes on every server.",
    details: { sizeBytes: bytes.length, maxBytes },
  });
}

/** The message with text in place of bytes. */
function writable(message: Envelope["message"]): unknown {
  if (message.type === "snapshotRequest") {
    return { ...message, configuration: base64(message.configuration), data: base64(message.data) };
  }
  if (message.type !== "appendRequest") return message;
  const entries = message.entries.map(({ index, term, kind, data }) => ({ index, term, kind, data: base64(data) }));
  return { ...message, entries };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function decode(bytes: Uint8Array, maxBytes: number): Envelope {
  if (bytes.length > maxBytes) {
    throw decodeFailed(`${bytes.length} bytes, more than the limit of ${maxBytes}`);
  }
  // JSON allows space around a value; this format does not, so that an envelope has one beginning and one end.
  if (bytes.at(0) !== 0x7b || bytes.at(-1) !== 0x7d) throw decodeFailed("does not begin with { and end with }");
  return readEnvelope(parse(bytes), version);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw decodeFailed("not JSON in UTF-8", { cause });
  }
}

/** Lone surrogates would come back as replacement characters: another name. */
function checkNames(names: Readonly<Record<string, string>>): void {
  for (const [field, value] of Object.entries(names)) {
    if (value.length <= maxNameLength && value.isWellFormed()) continue;
    throw new QuorateError({
      code: "QUORATE_ENCODE_FAILED",
      message: `${field} cannot be written: ${value.length} characters, at most ${maxNameLength} of well-formed text are allowed.`,
      hint: "Give clusters and servers short names.",
      details: { field },
    });
  }
}
