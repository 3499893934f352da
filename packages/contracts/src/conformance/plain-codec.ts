// The smallest codec that will do, so that a transport can be tested without depending on a real one: everything as JSON, but
// the bytes of entries, which follow it as they are.

import type { Codec, Envelope } from "../codec.ts";
import { QuorateError } from "../errors.ts";

/**
 * A codec for the tests of transports; `name` and `version` are what handshakes compare. It believes what it reads, so it is
 * of no use anywhere else.
 */
export function plainCodec(facts: { readonly name?: string; readonly version?: number } = {}): Codec {
  return { name: facts.name ?? "plain", version: facts.version ?? 1, encode, decode };
}

const lineFeed = 10;

function encode(envelope: Envelope): Uint8Array {
  const { message } = envelope;
  const entries = message.type === "appendRequest" ? message.entries : [];
  const lengths = entries.map((entry) => entry.data.length);
  const slim = { ...message, entries: entries.map((entry) => ({ ...entry, data: null })) };
  const head = new TextEncoder().encode(`${JSON.stringify({ ...envelope, message: slim, lengths }, wrapBytes)}\n`);
  return joined([head, ...entries.map((entry) => entry.data)]);
}

function decode(bytes: Uint8Array): Envelope {
  try {
    const end = bytes.indexOf(lineFeed);
    const { lengths, ...envelope } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)), unwrapBytes);
    let offset = end + 1;
    for (const [position, length] of lengths.entries()) {
      envelope.message.entries[position].data = bytes.subarray(offset, offset + length);
      offset += length;
    }
    if (envelope.message.type !== "appendRequest") delete envelope.message.entries;
    return envelope;
  } catch (cause) {
    throw new QuorateError({
      code: "QUORATE_DECODE_FAILED",
      message: "Not what the plain codec writes.",
      hint: "Give every transport of a test the same codec.",
      cause,
    });
  }
}

function wrapBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}

function unwrapBytes(_key: string, value: { readonly bytes?: readonly number[] } | null): unknown {
  return value?.bytes === undefined ? value : Uint8Array.from(value.bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
