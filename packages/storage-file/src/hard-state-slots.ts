// Term and vote once more, outside the log: two slots, written by turns once the log's own record is durable and before anybody
// hears of it. A log that lost the end in which a vote stood looks like one whose last write was torn; the slot knows better.

import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { HardState } from "@quorate/contracts";
import { formatUnsupported, logCorrupt, storageFailed } from "./errors.ts";
import { type FileSystem, readBytes } from "./file-system.ts";
import { getUint53, LOG_ID_BYTES, setUint53, viewOf } from "./format.ts";
import { MAX_VOTED_FOR_BYTES } from "./records.ts";
import type { RecoveredLog } from "./recovery.ts";
import { segmentFileName } from "./segment-files.ts";

export const hardStateFileName = "hard-state.bin";
const SLOTS_VERSION = 1;
/** The slots stand in pages of their own: the write of one never touches the other. */
const pageBytes = 4096;
const nameAt = 40 + LOG_ID_BYTES;
const crcAt = nameAt + MAX_VOTED_FOR_BYTES;
const slotBytes = crcAt + 4;
const magic = new TextEncoder().encode("QUOSLOT\n");
/** Stands for the length of a name where there is none. */
const noVote = 0xffffffff;

/** What a slot says: in batch `sequence` of this log, term and vote became durable. */
export type HardStateSlot = {
  readonly logId: Uint8Array;
  readonly hardState: HardState;
  /** Number of the batch that holds the record; 0 if no batch does. */
  readonly sequence: number;
  /** Counts the writes of slots from 1; the valid slot with the higher one counts. */
  readonly generation: number;
  /** Which of the two it is, 0 or 1. */
  readonly position: number;
};

type Place = { readonly fileSystem: FileSystem; readonly directory: string };

/** Keeps the slots of a log that is open. */
export class HardStateSlots {
  readonly #place: Place;
  readonly #logId: Uint8Array;
  #newest: HardStateSlot | undefined;

  /** `newest` is what `readHardStateSlots` found. */
  constructor(place: Place, logId: Uint8Array, newest: HardStateSlot | undefined) {
    this.#place = place;
    this.#logId = logId;
    this.#newest = newest;
  }

  /** Makes sure, durably, that the newest slot holds this. The log's record of it, in batch `sequence`, must be durable. */
  async record(hardState: HardState, sequence: number): Promise<void> {
    const newest = this.#newest;
    if (newest !== undefined && isSame(newest.hardState, hardState)) return;
    const position = newest === undefined ? 0 : 1 - newest.position;
    const generation = (newest?.generation ?? 0) + 1;
    const slot = { logId: this.#logId, hardState, sequence, generation, position };
    const path = join(this.#place.directory, hardStateFileName);
    try {
      if (newest === undefined) await this.#create(path, encodeSlot(slot));
      else await this.#overwrite(path, encodeSlot(slot), position * pageBytes);
    } catch (cause) {
      throw storageFailed({ action: "write term and vote to", path, cause });
    }
    this.#newest = slot;
  }

  /** Under its name when it is whole, and at its full size: later writes change no metadata and need no space. */
  async #create(path: string, bytes: Uint8Array): Promise<void> {
    const { fileSystem, directory } = this.#place;
    const file = await fileSystem.open(`${path}.tmp`, "create");
    try {
      const whole = new Uint8Array(2 * pageBytes);
      whole.set(bytes);
      await file.write(whole, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await fileSystem.rename({ from: `${path}.tmp`, to: path });
    await fileSystem.syncDirectory(directory);
  }

  async #overwrite(path: string, bytes: Uint8Array, at: number): Promise<void> {
    const file = await this.#place.fileSystem.open(path, "write");
    try {
      await file.write(bytes, at);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

/** The newest valid slot; undefined if there is no file of slots. A crash may tear the slot that is being written, never both. */
export async function readHardStateSlots(
  { fileSystem, directory }: Place,
  names: readonly string[],
): Promise<HardStateSlot | undefined> {
  if (!names.includes(hardStateFileName)) return undefined;
  const file = join(directory, hardStateFileName);
  const bytes = await readBytes(fileSystem, { path: file, position: 0 }).catch((cause: unknown) => {
    throw storageFailed({ action: "read", path: file, cause });
  });
  const found = [0, 1].flatMap((position) => decodeSlot(bytes, position, file) ?? []);
  const [newest] = found.toSorted((one, other) => other.generation - one.generation);
  if (newest !== undefined && bytes.length === 2 * pageBytes) return newest;
  const expected = `term and vote with their checksum, in a file of ${2 * pageBytes} bytes`;
  throw logCorrupt({ file, offset: 0, expected, found: `${found.length} valid slots in ${bytes.length} bytes` });
}

/**
 * Fails if the log does not reach the batch in which term and vote became durable, or if slots are missing that must be there.
 * What the log says behind that batch is right: the process may have ended between the two writes.
 */
export function refuseForgottenVote(
  { directory }: Place,
  slot: HardStateSlot | undefined,
  log: RecoveredLog | undefined,
): void {
  const file = join(directory, hardStateFileName);
  if (slot === undefined) {
    if (log?.hasSlots !== true) return;
    throw logCorrupt({ file, offset: 0, expected: "term and vote beside the log", found: "no such file" });
  }
  if (log === undefined) {
    if (slot.sequence === 0) return;
    const expected = `a log that reaches batch ${slot.sequence}`;
    throw logCorrupt({ file, offset: slot.position * pageBytes, expected, found: "no segment" });
  }
  if (Buffer.compare(slot.logId, log.logId) !== 0) {
    const expected = `term and vote of log ${Buffer.from(log.logId).toString("hex")}`;
    const found = `those of log ${Buffer.from(slot.logId).toString("hex")}`;
    throw logCorrupt({ file, offset: slot.position * pageBytes, expected, found });
  }
  if (log.hardStateSequence >= slot.sequence) return;
  throw logCorrupt({
    file: join(directory, segmentFileName(log.segment.segmentId)),
    offset: log.offset,
    expected: `batch ${slot.sequence}, in which ${describe(slot.hardState)} became durable`,
    found: `a log that ends with batch ${log.sequence} and ${describe(log.hardState)}`,
  });
}

function describe({ term, votedFor }: HardState): string {
  return `term ${term} ${votedFor === undefined ? "without a vote" : `with a vote for ${votedFor}`}`;
}

function isSame(one: HardState, other: HardState): boolean {
  return one.term === other.term && one.votedFor === other.votedFor;
}

function encodeSlot({ hardState, sequence, generation, logId }: HardStateSlot): Uint8Array {
  const bytes = new Uint8Array(slotBytes);
  const view = viewOf(bytes);
  const name = hardState.votedFor === undefined ? undefined : new TextEncoder().encode(hardState.votedFor);
  bytes.set(magic);
  view.setUint32(8, SLOTS_VERSION, true);
  view.setUint32(12, name?.length ?? noVote, true);
  setUint53(view, 16, generation);
  setUint53(view, 24, hardState.term);
  setUint53(view, 32, sequence);
  bytes.set(logId, 40);
  bytes.set(name ?? [], nameAt);
  view.setUint32(crcAt, crc32(bytes.subarray(0, crcAt)), true);
  return bytes;
}

/** Undefined if the slot is not valid. Throws if a later version wrote it. */
function decodeSlot(file: Uint8Array, position: number, path: string): HardStateSlot | undefined {
  const bytes = file.subarray(position * pageBytes, position * pageBytes + slotBytes);
  if (bytes.length < slotBytes || magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(crcAt, true) !== crc32(bytes.subarray(0, crcAt))) return undefined;
  const version = view.getUint32(8, true);
  if (version > SLOTS_VERSION) throw formatUnsupported({ file: path, version, supported: SLOTS_VERSION });
  const nameBytes = view.getUint32(12, true);
  const votedFor = new TextDecoder().decode(bytes.subarray(nameAt, Math.min(crcAt, nameAt + nameBytes)));
  return {
    logId: bytes.slice(40, nameAt),
    hardState: { term: getUint53(view, 24), votedFor: nameBytes === noVote ? undefined : votedFor },
    sequence: getUint53(view, 32),
    generation: getUint53(view, 16),
    position,
  };
}
