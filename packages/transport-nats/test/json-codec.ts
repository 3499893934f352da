// The smallest codec that will do: everything as JSON but the bytes of entries, which follow it as they are.

import type { Codec, Envelope } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";

/** A codec for tests; `name` and `version` are what the handshake compares. */
export function jsonCodec(facts: { readonly name?: string; readonly version?: number } = {}): Codec {
  return { name: facts.name ?? "test-json", version: facts.version ?? 1, encode, decode };
}

function encode(envelope: Envelope): Uint8Array {
  const { message } = envelope;
  const entries = message.type === "appendRequest" ? message.entries : [];
  const lengths = entries.map((entry) => entry.data.length);
  const slim = { ...message, entries: entries.map((entry) => ({ ...entry, data: null })) };
  const head = Buffer.from(`${JSON.stringify({ ...envelope, message: slim, lengths }, wrapBytes)}\n`);
  return Buffer.concat([head, ...entries.map((entry) => entry.data)]);
}

function decode(bytes: Uint8Array): Envelope {
  try {
    const end = bytes.indexOf(10);
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
      message: "Not what the test codec writes.",
      hint: "",
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
