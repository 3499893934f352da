// A codec of its own for builds in tests: JSON with bytes as lists of numbers, and room for what a build does differently.
import { type Codec, type Envelope, type Message, QuorateError } from "@quorate/contracts";

type Fields = Readonly<Record<string, unknown>>;

/** Changes made to the fields of a message after it is written out and before it is read. */
export type Habits = {
  readonly onWrite?: (fields: Fields) => Fields;
  readonly onRead?: (fields: Fields) => Fields;
};

const same = (fields: Fields): Fields => fields;

/** Which fields every message must have, besides those of all. */
const needed: Readonly<Partial<Record<Message["type"], readonly string[]>>> = {
  preVoteRequest: ["campaignTerm", "lastLogIndex", "lastLogTerm"],
  voteRequest: ["lastLogIndex", "lastLogTerm"],
  appendRequest: ["prevLogIndex", "prevLogTerm", "entries", "leaderCommit"],
  heartbeatRequest: ["commitIndex", "round"],
};

export function jsonCodec({ onWrite = same, onRead = same }: Habits = {}): Codec {
  return {
    name: "json",
    version: 1,
    encode: (envelope) =>
      new TextEncoder().encode(
        JSON.stringify({ ...envelope, message: onWrite(envelope.message) }, (_name, value: unknown) =>
          value instanceof Uint8Array ? { bytes: [...value] } : value,
        ),
      ),
    decode: (bytes) => {
      const envelope = JSON.parse(new TextDecoder().decode(bytes), revived) as Envelope;
      const message = onRead(envelope.message);
      const missing = needed[envelope.message.type]?.find((name) => !(name in message));
      if (missing !== undefined) throw decodeFailed(missing);
      return { ...envelope, message: message as Message };
    },
  };
}

function revived(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("bytes" in value)) return value;
  return Uint8Array.from(value.bytes as readonly number[]);
}

function decodeFailed(field: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_DECODE_FAILED",
    message: `the field ${field} is missing`,
    hint: "Part of a test.",
  });
}
