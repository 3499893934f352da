// Log storage in memory: the shortest correct adapter, meant to be copied. It forgets everything with the process, so a
// server that runs on it must never come back under the same identity; in tests, a disk object stands in for the disk.

import {
  type Entry,
  type EntryId,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
  type TermRun,
} from "@quorate/contracts";
import { type MemoryDisk, memoryDisk } from "./disk.ts";

/** Log storage that keeps everything in `disk` and nothing beyond the life of the process. */
export function memoryLogStorage(disk: MemoryDisk = memoryDisk()): LogStorage {
  return new MemoryLogStorage(disk);
}

// Every method does its work before its first await, so calls take effect in call order and promises resolve in that order.
class MemoryLogStorage implements LogStorage {
  readonly supports = { durable: false };
  readonly #disk: MemoryDisk;
  #isClosed = false;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  async load(): Promise<StoredState> {
    this.#refuseIfClosed();
    const { identity, hardState, base, entries } = this.#disk;
    const log = { base, lastIndex: base.index + entries.length, termRuns: termRunsOf(entries) };
    return { identity, hardState, log, configurations: entries.filter((entry) => entry.kind === "configuration") };
  }

  async initialise(identity: StoreIdentity): Promise<void> {
    this.#refuseIfClosed();
    if (this.#disk.identity !== undefined) throw alreadyInitialised(this.#disk.identity);
    this.#disk.identity = identity;
  }

  async write(write: LogWrite): Promise<void> {
    this.#refuseIfClosed();
    const { base, entries } = this.#disk;
    const misfit = describeMisfit(write, this.#disk);
    if (misfit !== undefined) throw writeRefused(misfit);
    if (write.truncateFrom !== undefined) entries.length = write.truncateFrom - base.index - 1;
    for (const entry of write.entries) entries.push(entry);
    this.#disk.hardState = write.hardState ?? this.#disk.hardState;
  }

  async read({ firstIndex, lastIndex, maxBytes }: LogRange): Promise<readonly Entry[]> {
    this.#refuseIfClosed();
    const { base, entries } = this.#disk;
    if (firstIndex <= base.index || lastIndex < firstIndex || lastIndex > base.index + entries.length) {
      throw outOfRange(`entries ${firstIndex} to ${lastIndex} of ${describeLog(this.#disk)}`);
    }
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of entries.slice(firstIndex - base.index - 1, lastIndex - base.index)) {
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  async compact(base: EntryId): Promise<void> {
    this.#refuseIfClosed();
    const { base: before, entries } = this.#disk;
    if (base.index <= before.index) return;
    const position = base.index - before.index - 1;
    const isInLog = entries[position]?.term === base.term;
    entries.splice(0, isInLog ? position + 1 : entries.length);
    this.#disk.base = base;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #refuseIfClosed(): void {
    if (this.#isClosed) throw closed();
  }
}

function termRunsOf(entries: readonly Entry[]): readonly TermRun[] {
  return entries
    .filter((entry, position) => entry.term !== entries[position - 1]?.term)
    .map((entry) => ({ firstIndex: entry.index, term: entry.term }));
}

/** Why the write does not fit the log, or undefined if it does. */
function describeMisfit(write: LogWrite, disk: MemoryDisk): string | undefined {
  const { base, entries } = disk;
  const kept = write.truncateFrom === undefined ? entries.length : write.truncateFrom - base.index - 1;
  if (kept < 0 || kept > entries.length) return `truncation from ${write.truncateFrom} in ${describeLog(disk)}`;
  let last: EntryId = entries[kept - 1] ?? base;
  for (const entry of write.entries) {
    if (entry.index !== last.index + 1) return `entry ${entry.index} after entry ${last.index}`;
    if (entry.term < last.term) return `entry ${entry.index} of term ${entry.term} after one of term ${last.term}`;
    last = entry;
  }
  return undefined;
}

function describeLog({ base, entries }: MemoryDisk): string {
  return `a log of ${base.index + 1} to ${base.index + entries.length}`;
}

function alreadyInitialised(identity: StoreIdentity): QuorateError {
  return new QuorateError({
    code: "QUORATE_ALREADY_INITIALISED",
    message: `The store belongs to server ${identity.nodeId} of cluster ${identity.clusterId}.`,
    hint: "Use the store for that server, or another store for this one.",
  });
}

function writeRefused(misfit: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_WRITE_REFUSED",
    message: `The write does not fit the log: ${misfit}.`,
    hint: "The caller has lost track of the log. Nothing was changed; load the store anew and report the bug.",
  });
}

function outOfRange(what: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_OUT_OF_RANGE",
    message: `Asked for ${what}.`,
    hint: "Read only what the log holds: from `base.index + 1` to `lastIndex`.",
  });
}

function closed(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "The log storage has been closed.",
    hint: "Open it anew; a closed store does not come back.",
  });
}
