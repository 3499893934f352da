// What the log carries for sessions, in compact bytes:
//
//   0xC1 · version and kind (one byte) · numbers of the kind (varints) · the command, to the end
//
// Anything that does not begin with 0xC1 is a plain command as it stands: it costs nothing, and a log that was written
// before sessions came into use keeps its meaning. 0xC1 begins neither UTF-8 text nor MessagePack.

import { MalformedBytes, VarintReader, varintLength, writeVarint } from "./varint.ts";

/** A command of a session. Thesis 6.3. */
export type SessionCommand = {
  /** The session's id: the index of the entry that opened it. At least 1. */
  readonly session: number;
  /** The command's number within its session, from 1 on; a repetition carries the same one. */
  readonly sequence: number;
  /** The first sequence number whose answer the client still needs, 1 to `sequence`: older answers are forgotten. */
  readonly acknowledgedBelow: number;
  readonly command: Uint8Array;
};

/** Says that the client lives, and which answers it no longer needs. */
export type SessionKeepAlive = Pick<SessionCommand, "session" | "acknowledgedBelow">;

/** What an entry of the log says. */
export type SessionEnvelope =
  | { readonly type: "plain"; readonly command: Uint8Array }
  | { readonly type: "open" }
  | ({ readonly type: "command" } & SessionCommand)
  | ({ readonly type: "keepAlive" } & SessionKeepAlive)
  | { readonly type: "close"; readonly session: number };

const MARK = 0xc1;
const VERSION = 1;
const kindByte = { plain: 0, open: 1, command: 2, keepAlive: 3, close: 4 } as const;
const HEADER_BYTES = 2;
const NOTHING = new Uint8Array();

/** A command without a session: at most once only if it is never repeated. Usually the command itself, not a copy. */
export function encodePlain(command: Uint8Array): Uint8Array {
  return command[0] === MARK ? encode("plain", [], command) : command;
}

/** Opens a session; the answer names it. */
export function encodeOpen(): Uint8Array {
  return encode("open", []);
}

/** A command that takes effect once, however often it is repeated. Throws `RangeError` on numbers out of range. */
export function encodeSessionCommand({ session, sequence, acknowledgedBelow, command }: SessionCommand): Uint8Array {
  if (acknowledgedBelow > sequence) {
    throw new RangeError(`acknowledgedBelow ${acknowledgedBelow} says that the answer to ${sequence} is not needed`);
  }
  return encode("command", [session, sequence, acknowledgedBelow], command);
}

/** Keeps a session that has nothing else to say. Throws `RangeError` on numbers out of range. */
export function encodeKeepAlive({ session, acknowledgedBelow }: SessionKeepAlive): Uint8Array {
  return encode("keepAlive", [session, acknowledgedBelow]);
}

/** Ends a session and forgets its answers. Throws `RangeError` on a session that cannot be. */
export function encodeClose(session: number): Uint8Array {
  return encode("close", [session]);
}

/** True if the entry is a plain command that needs no decoding. */
export function isBarePlain(data: Uint8Array): boolean {
  return data[0] !== MARK;
}

/** What `data` says, or undefined if nobody here wrote it: every server comes to the same conclusion. */
export function decodeEnvelope(data: Uint8Array): SessionEnvelope | undefined {
  if (isBarePlain(data)) return { type: "plain", command: data };
  try {
    return read(data);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

function encode(kind: keyof typeof kindByte, numbers: readonly number[], command: Uint8Array = NOTHING): Uint8Array {
  let sizeBytes = HEADER_BYTES + command.byteLength;
  for (const number of numbers) {
    if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`${number} is not a whole number from 1 on`);
    sizeBytes += varintLength(number);
  }
  const bytes = new Uint8Array(sizeBytes);
  bytes[0] = MARK;
  bytes[1] = VERSION * 16 + kindByte[kind];
  let offset = HEADER_BYTES;
  for (const number of numbers) offset = writeVarint(bytes, offset, number);
  bytes.set(command, offset);
  return bytes;
}

function read(data: Uint8Array): SessionEnvelope | undefined {
  const reader = new VarintReader(data, 1);
  const kind = reader.byte() - VERSION * 16;
  switch (kind) {
    case kindByte.plain: {
      const command = reader.rest();
      // Only a command that would be taken for something else is wrapped.
      return isBarePlain(command) ? undefined : { type: "plain", command };
    }
    case kindByte.open:
      reader.end();
      return { type: "open" };
    case kindByte.command: {
      const session = reader.number(1);
      const sequence = reader.number(1);
      const acknowledgedBelow = reader.number(1);
      if (acknowledgedBelow > sequence) return undefined;
      return { type: "command", session, sequence, acknowledgedBelow, command: reader.rest() };
    }
    case kindByte.keepAlive: {
      const session = reader.number(1);
      const acknowledgedBelow = reader.number(1);
      reader.end();
      return { type: "keepAlive", session, acknowledgedBelow };
    }
    case kindByte.close: {
      const session = reader.number(1);
      reader.end();
      return { type: "close", session };
    }
    default:
      return undefined;
  }
}
