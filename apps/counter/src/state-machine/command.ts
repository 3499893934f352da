// What the replicated log carries for this service, and its compact, versioned and deterministic bytes.
//
//   version(1) keyLength(1) idempotencyKey | kind(1) name …the rest by kind
//
// The fingerprint of a request is the hash of what stands right of the bar.

import { hash } from "node:crypto";
import { ByteReader, ByteWriter, MalformedBytes } from "./bytes.ts";
import type { CanonicalJson } from "./json-value.ts";

/** What must hold for a register before it is written. */
export type Precondition =
  | { readonly type: "none" }
  /** `If-None-Match: *` */
  | { readonly type: "absent" }
  /** `If-Match: *` */
  | { readonly type: "present" }
  /** `If-Match: "<revision>"` */
  | { readonly type: "revision"; readonly revision: number };

/** Adds `by` (within ±(2^53−1)) to a counter, which starts at 0. */
export type CounterAdd = { readonly type: "counterAdd"; readonly name: string; readonly by: number };

/** Writes a register if its precondition holds. */
export type RegisterSet = {
  readonly type: "registerSet";
  readonly key: string;
  readonly value: CanonicalJson;
  readonly precondition: Precondition;
};

/** Writes a register if its value deeply equals `expected`; undefined means that it must not exist. */
export type RegisterCompareAndSet = {
  readonly type: "registerCompareAndSet";
  readonly key: string;
  readonly expected: CanonicalJson | undefined;
  readonly value: CanonicalJson;
};

/** Deletes a register if its precondition holds. */
export type RegisterDelete = {
  readonly type: "registerDelete";
  readonly key: string;
  readonly precondition: Precondition;
};

/** One change that clients can ask for. */
export type Command = CounterAdd | RegisterSet | RegisterCompareAndSet | RegisterDelete;

/** A command as it was found in the log. */
export type DecodedCommand = {
  readonly command: Command;
  /** 1–128 visible ASCII characters. */
  readonly idempotencyKey: string | undefined;
};

/**
 * Largest command. A request over HTTP has at most 1 MiB, but canonical JSON can be longer than what was sent (1e20 is written
 * out), so the command has a bound of its own.
 */
export const maxCommandBytes: number = 1024 * 1024 + 16 * 1024;

const commandVersion = 1;
const maxIdempotencyKeyBytes = 128;
const kindByte = { counterAdd: 1, registerSet: 2, registerCompareAndSet: 3, registerDelete: 4 } as const;
const headerBytes = 2;
const fingerprintDigits = 32;

// One writer serves all encodings of the process: encoding is synchronous, and `finish` copies.
const writer = new ByteWriter(4096);

/** Bytes for the log. The caller has validated names, sizes and ranges: whatever is encoded can be applied. */
export function encodeCommand(command: Command, idempotencyKey?: string): Uint8Array {
  writer.reset();
  writer.uint8(commandVersion);
  const key = idempotencyKey ?? "";
  writer.uint8(key.length);
  for (let i = 0; i < key.length; i += 1) writer.uint8(key.charCodeAt(i));
  writer.uint8(kindByte[command.type]);
  switch (command.type) {
    case "counterAdd":
      writer.text(command.name);
      writer.safeInteger(command.by + 0); // −0 becomes 0
      break;
    case "registerSet":
      writer.text(command.key);
      writePrecondition(command.precondition);
      writer.text(command.value);
      break;
    case "registerCompareAndSet":
      writer.text(command.key);
      writer.uint8(command.expected === undefined ? 0 : 1);
      if (command.expected !== undefined) writer.text(command.expected);
      writer.text(command.value);
      break;
    case "registerDelete":
      writer.text(command.key);
      writePrecondition(command.precondition);
      break;
  }
  return writer.finish();
}

/** The command in `data`, or undefined if `data` is not one: every server comes to the same conclusion. */
export function decodeCommand(data: Uint8Array): DecodedCommand | undefined {
  const reader = new ByteReader(data);
  try {
    if (reader.uint8() !== commandVersion) return undefined;
    const idempotencyKey = readIdempotencyKey(reader);
    const command = readCommand(reader);
    if (command === undefined) return undefined;
    reader.end();
    return { command, idempotencyKey };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

/** Tells two requests with the same idempotency key apart: 16 bytes as a hexadecimal string. */
export function fingerprintOf(data: Uint8Array): string {
  const keyLength = data[1] ?? 0;
  return hash("sha256", data.subarray(headerBytes + keyLength), "hex").slice(0, fingerprintDigits);
}

function writePrecondition(precondition: Precondition): void {
  switch (precondition.type) {
    case "none":
      writer.uint8(0);
      return;
    case "absent":
      writer.uint8(1);
      return;
    case "present":
      writer.uint8(2);
      return;
    case "revision":
      writer.uint8(3);
      writer.safeInteger(precondition.revision);
      return;
  }
}

function readIdempotencyKey(reader: ByteReader): string | undefined {
  const length = reader.uint8();
  if (length === 0) return undefined;
  if (length > maxIdempotencyKeyBytes) throw new MalformedBytes(`idempotency key of ${length} bytes`);
  let key = "";
  for (const byte of reader.bytes(length)) {
    if (byte < 0x21 || byte > 0x7e) throw new MalformedBytes("idempotency key is not visible ASCII");
    key += String.fromCharCode(byte);
  }
  return key;
}

function readCommand(reader: ByteReader): Command | undefined {
  switch (reader.uint8()) {
    case kindByte.counterAdd:
      return { type: "counterAdd", name: reader.text(), by: reader.safeInteger() };
    case kindByte.registerSet: {
      const key = reader.text();
      const precondition = readPrecondition(reader);
      return { type: "registerSet", key, value: reader.text(), precondition };
    }
    case kindByte.registerCompareAndSet: {
      const key = reader.text();
      const expected = reader.flag() ? reader.text() : undefined;
      return { type: "registerCompareAndSet", key, expected, value: reader.text() };
    }
    case kindByte.registerDelete:
      return { type: "registerDelete", key: reader.text(), precondition: readPrecondition(reader) };
    default:
      return undefined;
  }
}

function readPrecondition(reader: ByteReader): Precondition {
  const tag = reader.uint8();
  if (tag === 0) return { type: "none" };
  if (tag === 1) return { type: "absent" };
  if (tag === 2) return { type: "present" };
  if (tag === 3) return { type: "revision", revision: reader.safeInteger() };
  throw new MalformedBytes(`unknown precondition ${tag}`);
}
