// The complete state as bytes: the same state gives the same bytes. Counters and registers are sorted, answers stand in the
// order of the log, and every part announces how many items it has.

import { ByteReader, ByteWriter, MalformedBytes } from "./bytes.ts";
import {
  type AnswerItem,
  type CounterItem,
  type Item,
  type RegisterItem,
  readAnswer,
  readCounter,
  readRegister,
  writeItem,
} from "./items.ts";

const magic = 0x51524353; // "QRCS": Quorate counter service
const snapshotVersion = 1;

/** Everything that a snapshot holds. */
export type SnapshotContent = {
  readonly counters: Iterable<CounterItem>;
  readonly registers: Iterable<RegisterItem>;
  /** Oldest first. */
  readonly answers: Iterable<AnswerItem>;
};

/** Canonical bytes of the content. */
export function encodeSnapshot(content: SnapshotContent): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  writer.uint32(magic);
  writer.uint8(snapshotVersion);
  writeItems(writer, [...content.counters].toSorted(byName((item) => item.name)));
  writeItems(writer, [...content.registers].toSorted(byName((item) => item.key)));
  writeItems(writer, [...content.answers]);
  return writer.finish();
}

/** Reads what `encodeSnapshot` wrote. Throws on everything else. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotContent {
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== magic) throw new MalformedBytes("not a snapshot of the counter service");
  const version = reader.uint8();
  if (version !== snapshotVersion) throw new MalformedBytes(`snapshot version ${version}, expected ${snapshotVersion}`);
  const counters = readItems(reader, readCounter);
  const registers = readItems(reader, readRegister);
  const answers = readItems(reader, readAnswer);
  reader.end();
  ascending("counters", counters, (item) => item.name);
  ascending("registers", registers, (item) => item.key);
  ascending("answers", answers, (item) => item.index);
  return { counters, registers, answers };
}

function writeItems(writer: ByteWriter, items: readonly Item[]): void {
  writer.uint32(items.length);
  for (const item of items) writeItem(writer, item);
}

function readItems<T>(reader: ByteReader, read: (reader: ByteReader) => T): readonly T[] {
  const count = reader.uint32();
  const items: T[] = [];
  // Not allocated by the announced count: a wrong one runs into the end of the bytes instead of out of memory.
  for (let i = 0; i < count; i += 1) items.push(read(reader));
  return items;
}

/** Order and uniqueness are part of the format; without them equal states could have different bytes. */
function ascending<T>(what: string, items: readonly T[], keyOf: (item: T) => string | number): void {
  let previous: string | number | undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (previous !== undefined && previous >= key) throw new MalformedBytes(`${what} are not in ascending order`);
    previous = key;
  }
}

function byName<T>(nameOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (nameOf(a) < nameOf(b) ? -1 : 1);
}
