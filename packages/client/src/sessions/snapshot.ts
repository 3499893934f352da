// The table's part of a snapshot. It stands before the machine's own part, which goes to the end:
//
//   0xC1 "QRSESS" version(1) · number of sessions · the sessions, least recently used first · the machine's snapshot
//
// A snapshot that begins otherwise was taken before sessions came into use, when there were none.

import { QuorateError, snapshotBytes, snapshotPieces, type SnapshotContent } from "@quorate/contracts";
import type { KeptAnswer, Session } from "./session-table.ts";
import { MalformedBytes, VarintReader, varintLength, writeVarint } from "./varint.ts";

const VERSION = 1;
const MAGIC: readonly number[] = [0xc1, ...new TextEncoder().encode("QRSESS")];

/** Sessions in one piece of a snapshot. */
const SESSIONS_PER_PIECE = 64;

/** The pieces of a snapshot with `sessions`, which are in the order of their last use; equal tables give equal bytes. */
export function* sessionSnapshot(sessions: readonly Session[], machine: SnapshotContent): Generator<Uint8Array> {
  yield head(sessions.length);
  for (let done = 0; done < sessions.length; done += SESSIONS_PER_PIECE) {
    yield snapshotBytes(sessions.slice(done, done + SESSIONS_PER_PIECE).flatMap(encodeSession));
  }
  yield* snapshotPieces(machine);
}

/** Takes a snapshot apart. Throws `QUORATE_SNAPSHOT_CORRUPT`. */
export function decodeSessionSnapshot(snapshot: Uint8Array): {
  readonly sessions: readonly Session[];
  readonly machine: Uint8Array;
} {
  if (!MAGIC.every((byte, at) => snapshot[at] === byte)) return { sessions: [], machine: snapshot };
  try {
    const reader = new VarintReader(snapshot, MAGIC.length);
    const version = reader.byte();
    if (version !== VERSION) throw new MalformedBytes(`version ${version}, expected ${VERSION}`);
    const sessions = readTable(reader);
    return { sessions, machine: reader.rest() };
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    throw new QuorateError({
      code: "QUORATE_SNAPSHOT_CORRUPT",
      message: `the session table of a snapshot cannot be read: ${error.message}`,
      hint: "remove the data directory and let the other servers bring this one up to date",
      cause: error,
    });
  }
}

function head(count: number): Uint8Array {
  const bytes = new Uint8Array(MAGIC.length + 1 + varintLength(count));
  bytes.set([...MAGIC, VERSION]);
  writeVarint(bytes, MAGIC.length + 1, count);
  return bytes;
}

function encodeSession({ id, lastUsedIndex, acknowledgedBelow, answers }: Session): readonly Uint8Array[] {
  return [varints([id, lastUsedIndex, acknowledgedBelow, answers.length]), ...answers.flatMap(encodeAnswer)];
}

/** The length of an answer is told plus one: 0 says that it was not kept. */
function encodeAnswer({ sequence, index, term, answer }: KeptAnswer): readonly Uint8Array[] {
  if (answer === undefined) return [varints([sequence, index, term, 0])];
  return [varints([sequence, index, term, answer.byteLength + 1]), answer];
}

function varints(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.reduce((sum, number) => sum + varintLength(number), 0));
  let offset = 0;
  for (const number of numbers) offset = writeVarint(bytes, offset, number);
  return bytes;
}

function readTable(reader: VarintReader): readonly Session[] {
  const count = reader.number(0);
  const sessions: Session[] = [];
  const ids = new Set<number>();
  let previousUse = 0;
  // Not allocated by the announced count: a wrong one runs into the end of the bytes instead of out of memory.
  for (let done = 0; done < count; done += 1) {
    const session = readSession(reader);
    if (ids.has(session.id)) throw new MalformedBytes(`session ${session.id} is there twice`);
    if (session.lastUsedIndex <= previousUse) throw new MalformedBytes("sessions are not in the order of their use");
    ids.add(session.id);
    previousUse = session.lastUsedIndex;
    sessions.push(session);
  }
  return sessions;
}

function readSession(reader: VarintReader): Session {
  const id = reader.number(1);
  const lastUsedIndex = reader.number(id);
  const acknowledgedBelow = reader.number(1);
  const count = reader.number(0);
  const answers: KeptAnswer[] = [];
  let previous = acknowledgedBelow - 1;
  for (let done = 0; done < count; done += 1) {
    const kept = readAnswer(reader, previous + 1);
    if (kept.index <= id || kept.index > lastUsedIndex) {
      throw new MalformedBytes(`an answer of index ${kept.index} in a session from ${id} to ${lastUsedIndex}`);
    }
    previous = kept.sequence;
    answers.push(kept);
  }
  return { id, lastUsedIndex, acknowledgedBelow, answers };
}

function readAnswer(reader: VarintReader, minSequence: number): KeptAnswer {
  const sequence = reader.number(minSequence);
  const index = reader.number(1);
  const term = reader.number(1);
  const length = reader.number(0);
  // A copy: a view would keep the whole snapshot in memory for as long as the answer lives.
  const answer = length === 0 ? undefined : reader.bytes(length - 1).slice();
  return { sequence, index, term, answer };
}
