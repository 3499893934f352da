// Results as bytes: what the session table keeps, so that a repeated command is answered as the first one was.

import { ByteReader, ByteWriter, MalformedBytes } from "./bytes.ts";
import { readResult, writeResult } from "./items.ts";
import type { Result } from "./result.ts";

const outcomeByte = { first: 0, replayed: 1, keyReused: 2, undecodable: 3 } as const;

// One writer serves all: writing is synchronous, and `finish` copies.
const writer = new ByteWriter(256);

/** The bytes of a result; part of the replicated state, so their form is as fixed as that of commands. */
export function encodeResult(result: Result): Uint8Array {
  writer.reset();
  switch (result.type) {
    case "replayed":
      writer.uint8(outcomeByte.replayed);
      writer.safeInteger(result.index);
      writer.safeInteger(result.term);
      writeResult(writer, result.first);
      break;
    case "keyReused":
      writer.uint8(outcomeByte.keyReused);
      writer.safeInteger(result.firstIndex);
      break;
    case "undecodable":
      writer.uint8(outcomeByte.undecodable);
      break;
    default:
      writer.uint8(outcomeByte.first);
      writeResult(writer, result);
  }
  return writer.finish();
}

/** Reads what `encodeResult` wrote. Throws `MalformedBytes`. */
export function decodeResult(bytes: Uint8Array): Result {
  const reader = new ByteReader(bytes);
  const result = read(reader);
  reader.end();
  return result;
}

function read(reader: ByteReader): Result {
  const outcome = reader.uint8();
  switch (outcome) {
    case outcomeByte.first:
      return readResult(reader);
    case outcomeByte.replayed: {
      const index = reader.safeInteger();
      const term = reader.safeInteger();
      return { type: "replayed", index, term, first: readResult(reader) };
    }
    case outcomeByte.keyReused:
      return { type: "keyReused", firstIndex: reader.safeInteger() };
    case outcomeByte.undecodable:
      return { type: "undecodable" };
    default:
      throw new MalformedBytes(`unknown outcome ${outcome}`);
  }
}
