// The complete state as bytes: the same commands give the same bytes. Everything stands in the order in which it came into
// the state, and every part announces how many items it has.

import { ByteReader, ByteWriter, MalformedBytes } from "./bytes.ts";
import type { ItemView } from "./item-map.ts";
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
const snapshotVersion = 2;
/** Sorted by name; everything else is as in the current version. */
const sortedVersion = 1;

/** Bytes of one piece, at least. */
const pieceBytes = 16 * 1024;

/** Everything that a snapshot holds. */
export type SnapshotContent = {
  readonly counters: ItemView<CounterItem>;
  readonly registers: ItemView<RegisterItem>;
  /** Oldest first. */
  readonly answers: readonly AnswerItem[];
};

/** What was read from a snapshot. */
export type SnapshotItems = {
  readonly counters: readonly CounterItem[];
  readonly registers: readonly RegisterItem[];
  readonly answers: readonly AnswerItem[];
};

/** The bytes of the content in pieces, each made when it is asked for. */
export function* encodeSnapshot({ counters, registers, answers }: SnapshotContent): Generator<Uint8Array> {
  const writer = new ByteWriter(4 * pieceBytes);
  writer.uint32(magic);
  writer.uint8(snapshotVersion);
  yield* writeItems(writer, counters.size, counters);
  yield* writeItems(writer, registers.size, registers);
  yield* writeItems(writer, answers.length, answers);
  yield writer.finish();
}

/** Reads what `encodeSnapshot` wrote. Throws on everything else. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotItems {
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== magic) throw new MalformedBytes("not a snapshot of the counter service");
  const version = reader.uint8();
  if (version !== snapshotVersion && version !== sortedVersion) {
    throw new MalformedBytes(`snapshot version ${version}, expected ${sortedVersion} or ${snapshotVersion}`);
  }
  const counters = readItems(reader, readCounter);
  const registers = readItems(reader, readRegister);
  const answers = readItems(reader, readAnswer);
  reader.end();
  distinct("counter", counters, (item) => item.name);
  distinct("register", registers, (item) => item.key);
  distinct("answer", answers, (item) => item.key);
  ascending(answers);
  return { counters, registers, answers };
}

function* writeItems(writer: ByteWriter, count: number, items: Iterable<Item>): Generator<Uint8Array> {
  writer.uint32(count);
  for (const item of items) {
    writeItem(writer, item);
    if (writer.length < pieceBytes) continue;
    yield writer.finish();
    writer.reset();
  }
}

function readItems<T>(reader: ByteReader, read: (reader: ByteReader) => T): readonly T[] {
  const count = reader.uint32();
  const items: T[] = [];
  // Not allocated by the announced count: a wrong one runs into the end of the bytes instead of out of memory.
  for (let i = 0; i < count; i += 1) items.push(read(reader));
  return items;
}

function distinct<T>(what: string, items: readonly T[], keyOf: (item: T) => string): void {
  if (new Set(items.map(keyOf)).size < items.length) throw new MalformedBytes(`a ${what} is there twice`);
}

/** Answers leave the table in this order, which must be the same on all servers. */
function ascending(answers: readonly AnswerItem[]): void {
  const isSorted = answers.every(({ index }, at) => index > (answers[at - 1]?.index ?? 0));
  if (!isSorted) throw new MalformedBytes("answers are not in ascending order");
}
