// The things that the replicated state consists of, and the one definition of their bytes: snapshots write these bytes and
// the state hash sums their digests, so both speak about the same state.

import { type ByteReader, type ByteWriter, MalformedBytes } from "./bytes.ts";
import type { CanonicalJson } from "./json-value.ts";
import type { CommandResult, RegisterState } from "./result.ts";

/** What the state hash notes on an item. It is no part of the state. */
export type Hashed = {
  /** What the item, or the one that it replaces, last contributed to the state hash; 0 if nothing yet. */
  digest: bigint;
  /** Where the item waits to be hashed; undefined if it does not. */
  pendingAt: number | undefined;
};

/** A counter. */
export type CounterItem = {
  readonly kind: "counter";
  readonly name: string;
  readonly value: number;
} & Hashed;

/** A register. */
export type RegisterItem = {
  readonly kind: "register";
  readonly key: string;
  readonly value: CanonicalJson;
  readonly revision: number;
} & Hashed;

/** The first answer to a request with an idempotency key. */
export type AnswerItem = {
  readonly kind: "answer";
  readonly key: string;
  readonly fingerprint: string;
  readonly index: number;
  readonly term: number;
  readonly result: CommandResult;
} & Hashed;

/** Replaced, never changed but for what is `Hashed`, so that a snapshot may hold on to it. */
export type Item = CounterItem | RegisterItem | AnswerItem;

const resultByte = {
  counterAdded: 1,
  registerWritten: 2,
  registerDeleted: 3,
  counterOutOfRange: 4,
  registerAbsent: 5,
  revisionMismatch: 6,
  valueMismatch: 7,
} as const;

/** The item's bytes without its kind. */
export function writeItem(writer: ByteWriter, item: Item): void {
  switch (item.kind) {
    case "counter":
      writer.text(item.name);
      writer.safeInteger(item.value);
      return;
    case "register":
      writer.text(item.key);
      writeRegister(writer, item);
      return;
    case "answer":
      writer.text(item.key);
      writer.text(item.fingerprint);
      writer.safeInteger(item.index);
      writer.safeInteger(item.term);
      writeResult(writer, item.result);
      return;
  }
}

/** Reads what `writeItem` wrote for a counter. */
export function readCounter(reader: ByteReader): CounterItem {
  return { kind: "counter", name: reader.text(), value: reader.safeInteger(), digest: 0n, pendingAt: undefined };
}

/** Reads what `writeItem` wrote for a register. */
export function readRegister(reader: ByteReader): RegisterItem {
  const key = reader.text();
  const revision = reader.safeInteger();
  return { kind: "register", key, value: reader.text(), revision, digest: 0n, pendingAt: undefined };
}

/** Reads what `writeItem` wrote for a first answer. */
export function readAnswer(reader: ByteReader): AnswerItem {
  const key = reader.text();
  const fingerprint = reader.text();
  const index = reader.safeInteger();
  const term = reader.safeInteger();
  return {
    kind: "answer",
    key,
    fingerprint,
    index,
    term,
    result: readResult(reader),
    digest: 0n,
    pendingAt: undefined,
  };
}

function writeRegister(writer: ByteWriter, register: RegisterState): void {
  writer.safeInteger(register.revision);
  writer.text(register.value);
}

/** Writes what a command came to. */
export function writeResult(writer: ByteWriter, result: CommandResult): void {
  writer.uint8(resultByte[result.type]);
  switch (result.type) {
    case "counterAdded":
    case "counterOutOfRange":
      writer.safeInteger(result.value);
      return;
    case "registerWritten":
      writer.safeInteger(result.revision);
      writer.uint8(result.created ? 1 : 0);
      return;
    case "registerDeleted":
      writer.safeInteger(result.revision);
      return;
    case "registerAbsent":
      return;
    case "revisionMismatch":
      writer.uint8(result.revision === undefined ? 0 : 1);
      if (result.revision !== undefined) writer.safeInteger(result.revision);
      return;
    case "valueMismatch":
      writer.uint8(result.current === undefined ? 0 : 1);
      if (result.current !== undefined) writeRegister(writer, result.current);
      return;
  }
}

/** Reads what `writeResult` wrote. */
export function readResult(reader: ByteReader): CommandResult {
  const tag = reader.uint8();
  switch (tag) {
    case resultByte.counterAdded:
      return { type: "counterAdded", value: reader.safeInteger() };
    case resultByte.registerWritten: {
      const revision = reader.safeInteger();
      return { type: "registerWritten", revision, created: reader.flag() };
    }
    case resultByte.registerDeleted:
      return { type: "registerDeleted", revision: reader.safeInteger() };
    case resultByte.counterOutOfRange:
      return { type: "counterOutOfRange", value: reader.safeInteger() };
    case resultByte.registerAbsent:
      return { type: "registerAbsent" };
    case resultByte.revisionMismatch:
      return { type: "revisionMismatch", revision: reader.flag() ? reader.safeInteger() : undefined };
    case resultByte.valueMismatch:
      return { type: "valueMismatch", current: reader.flag() ? readRegisterState(reader) : undefined };
    default:
      throw new MalformedBytes(`unknown result ${tag}`);
  }
}

function readRegisterState(reader: ByteReader): RegisterState {
  const revision = reader.safeInteger();
  return { revision, value: reader.text() };
}
