// Counters and registers as the bytes inside requests and answers of the binary protocol: one MessagePack array each.
// Both ends use this file, the client to write and the service to read, and the other way round for answers.

import { WireReader } from "../wire/reader.ts";
import { notUnderstood } from "../wire/refusal.ts";
import { WireWriter } from "../wire/writer.ts";
import type { ReadOperation, WriteCondition, WriteOperation } from "./operation.ts";

/** A change and the key that the caller gave it, if any. */
export type KeyedWrite = { readonly operation: WriteOperation; readonly idempotencyKey: string | undefined };

const numbers = { counterAdd: 1, registerSet: 2, registerCompareAndSet: 3, registerDelete: 4 } as const;
const elements: Readonly<Record<number, number>> = { 1: 4, 2: 5, 3: 5, 4: 4 };
const queryNumbers = { counterGet: 1, registerGet: 2 } as const;
// What is too long is refused by whoever knows the limits, with a better error; these only keep numbers small.
const maxNameBytes = 4096;
const maxValueBytes = 4 * 1024 * 1024;

// One writer serves all: writing is synchronous, and `take` copies.
const writer = new WireWriter(1024);

/**
 * `[1, key, name, by]`, `[2, key, name, value, condition]`, `[3, key, name, expected | nil, value]`,
 * `[4, key, name, condition]`. The key is the Idempotency-Key or nil. A condition is nil for none, false for "must not
 * exist", or a revision.
 */
export function encodeWrite({ operation, idempotencyKey }: KeyedWrite): Uint8Array {
  const number = numbers[operation.type];
  writer.array(elements[number] ?? 0);
  writer.integer(number);
  textOrNil(idempotencyKey);
  switch (operation.type) {
    case "counterAdd":
      writer.text(operation.name);
      writer.integer(operation.by);
      break;
    case "registerSet":
      writer.text(operation.key);
      writer.text(operation.value);
      writeCondition(operation.condition);
      break;
    case "registerCompareAndSet":
      writer.text(operation.key);
      textOrNil(operation.expected);
      writer.text(operation.value);
      break;
    case "registerDelete":
      writer.text(operation.key);
      writeCondition(operation.condition);
      break;
  }
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. Lengths, ranges and JSON are not checked here. */
export function decodeWrite(bytes: Uint8Array): KeyedWrite {
  const reader = new WireReader(bytes);
  const count = reader.arrayLength("command");
  const number = reader.unsigned("kind of command");
  if (elements[number] !== count) throw notUnderstood(`a command of kind ${number} with ${count} elements`);
  const idempotencyKey = nilOrText(reader, "idempotencyKey");
  const operation = readOperation(reader, number);
  reader.end();
  return { operation, idempotencyKey };
}

/** `[1, name]` for a counter, `[2, key]` for a register. */
export function encodeRead(operation: ReadOperation): Uint8Array {
  writer.array(2);
  writer.integer(queryNumbers[operation.type]);
  writer.text(operation.type === "counterGet" ? operation.name : operation.key);
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeRead(bytes: Uint8Array): ReadOperation {
  const reader = new WireReader(bytes);
  reader.arrayOf(2, "query");
  const number = reader.unsigned("kind of query");
  const name = reader.text("name", maxNameBytes);
  reader.end();
  if (number === queryNumbers.counterGet) return { type: "counterGet", name };
  if (number === queryNumbers.registerGet) return { type: "registerGet", key: name };
  throw notUnderstood(`a query of kind ${number}`);
}

/** A counter's value: one number. */
export function encodeCounterValue(value: number): Uint8Array {
  writer.integer(value);
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeCounterValue(bytes: Uint8Array): number {
  const reader = new WireReader(bytes);
  const value = reader.integer("value");
  reader.end();
  return value;
}

/** A register's revision, and its value as JSON text unless the other side knows it: `[revision, value | nil]`. */
export function encodeRegister(register: {
  readonly revision: number;
  readonly value: string | undefined;
}): Uint8Array {
  writer.array(2);
  writer.integer(register.revision);
  textOrNil(register.value);
  return writer.take();
}

/** Throws `QUORATE_DECODE_FAILED`. */
export function decodeRegister(bytes: Uint8Array): { readonly revision: number; readonly value: string | undefined } {
  const reader = new WireReader(bytes);
  reader.arrayOf(2, "register");
  const revision = reader.unsigned("revision");
  const value = nilOrText(reader, "value");
  reader.end();
  return { revision, value };
}

function readOperation(reader: WireReader, number: number): WriteOperation {
  const name = reader.text("name", maxNameBytes);
  switch (number) {
    case numbers.counterAdd:
      return { type: "counterAdd", name, by: reader.integer("by") };
    case numbers.registerSet: {
      const value = reader.text("value", maxValueBytes);
      return { type: "registerSet", key: name, value, condition: readCondition(reader) };
    }
    case numbers.registerCompareAndSet: {
      const expected = nilOrText(reader, "expected");
      return { type: "registerCompareAndSet", key: name, expected, value: reader.text("value", maxValueBytes) };
    }
    default:
      return { type: "registerDelete", key: name, condition: readCondition(reader) };
  }
}

function writeCondition({ ifMatch, ifNoneMatch }: WriteCondition): void {
  if (ifNoneMatch !== undefined) writer.boolean(false);
  else if (ifMatch === undefined) writer.nil();
  else writer.integer(ifMatch);
}

function readCondition(reader: WireReader): WriteCondition {
  if (reader.skipNil()) return {};
  return reader.skipFalse() ? { ifNoneMatch: "*" } : { ifMatch: reader.unsigned("revision") };
}

function textOrNil(text: string | undefined): void {
  if (text === undefined) writer.nil();
  else writer.text(text);
}

function nilOrText(reader: WireReader, field: string): string | undefined {
  return reader.skipNil() ? undefined : reader.text(field, maxValueBytes);
}
