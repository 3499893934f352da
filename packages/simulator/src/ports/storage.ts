// The log storage that a node sees: one process's handle on a disk.

import {
  type Entry,
  type EntryId,
  type LogRange,
  type LogStorage,
  type LogWrite,
  QuorateError,
  type StoredState,
  type StoreIdentity,
} from "@quorate/contracts";
import type { World } from "../world/world.ts";
import type { Disk } from "./disk.ts";
import type { DiskOperation } from "./log-image.ts";
import type { Process } from "./process.ts";

/** How long it takes to read. */
const READ_MS = 0.2;

/** A process's handle on its disk. */
export class SimulatedStorage implements LogStorage {
  readonly supports = { durable: true };
  readonly #world: World;
  readonly #process: Process;
  readonly #disk: Disk;
  readonly #onWrite: (write: LogWrite) => void;
  readonly #onCompact: (base: EntryId) => void;
  #closing: Promise<void> | undefined;

  constructor(options: {
    readonly world: World;
    readonly process: Process;
    readonly disk: Disk;
    /** Sees every write before it takes effect. */
    readonly onWrite?: (write: LogWrite) => void;
    /** Sees every compaction before it takes effect. */
    readonly onCompact?: (base: EntryId) => void;
  }) {
    this.#world = options.world;
    this.#process = options.process;
    this.#disk = options.disk;
    this.#onWrite = options.onWrite ?? (() => undefined);
    this.#onCompact = options.onCompact ?? (() => undefined);
  }

  load(): Promise<StoredState> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    const [bad] = this.#disk.rot.entries;
    if (bad !== undefined) return Promise.reject(corrupt(bad));
    const stored = this.#disk.visible.load();
    return this.#soon(() => stored);
  }

  initialise(identity: StoreIdentity): Promise<void> {
    const existing = this.#disk.visible.identity;
    if (this.#closing === undefined && existing !== undefined) return Promise.reject(alreadyInitialised(existing));
    return this.#submit({ kind: "initialise", identity });
  }

  write(write: LogWrite): Promise<void> {
    if (this.#closing === undefined && this.#disk.failure === undefined) {
      const misfit = this.#disk.visible.misfitOf(write);
      if (misfit !== undefined) return Promise.reject(writeRefused(misfit));
    }
    return this.#submit({ kind: "write", write });
  }

  read({ firstIndex, lastIndex, maxBytes }: LogRange): Promise<readonly Entry[]> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    const { failure, visible } = this.#disk;
    if (failure !== undefined) return Promise.reject(failure);
    if (firstIndex <= visible.base.index || lastIndex < firstIndex || lastIndex > visible.lastIndex) {
      return Promise.reject(outOfRange({ firstIndex, lastIndex }, visible.base.index + 1, visible.lastIndex));
    }
    const bad = this.#disk.rot.entries.find((index) => firstIndex <= index && index <= lastIndex);
    if (bad !== undefined) return Promise.reject(corrupt(bad));
    const entries = visible.slice(firstIndex, lastIndex, maxBytes);
    return this.#soon(() => entries);
  }

  compact(base: EntryId): Promise<void> {
    return this.#submit({ kind: "compact", base });
  }

  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    const drained = this.#disk.failure === undefined ? this.#submit({ kind: "barrier" }) : Promise.resolve();
    this.#closing = drained.catch(() => undefined);
    return this.#closing;
  }

  #submit(operation: DiskOperation): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    // A dead process hears nothing more, and what it wanted to write was never handed over.
    if (!this.#process.mayAct()) return new Promise(() => undefined);
    if (operation.kind === "write" && this.#disk.failure === undefined) this.#onWrite(operation.write);
    if (operation.kind === "compact" && this.#disk.failure === undefined) this.#onCompact(operation.base);
    return settled(this.#disk, operation, (delayMs, tell) => this.#tell(delayMs, tell));
  }

  #soon<T>(value: () => T): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    this.#tell(READ_MS, () => resolve(value()));
    return promise;
  }

  #tell(delayMs: number, tell: () => void): void {
    this.#process.post(delayMs, () => {
      tell();
      this.#world.promisesSettled();
    });
  }
}

/** A disk operation as a promise, which settles when `tell` brings the news to the process. */
export function settled(
  disk: Disk,
  operation: DiskOperation,
  tell: (delayMs: number, news: () => void) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  disk.submit(operation, (delayMs, failure) =>
    tell(delayMs, () => (failure === undefined ? resolve() : reject(failure))),
  );
  return promise;
}

function alreadyInitialised({ nodeId, clusterId }: StoreIdentity): QuorateError {
  return new QuorateError({
    code: "QUORATE_ALREADY_INITIALISED",
    message: `The store belongs to server ${nodeId} of cluster ${clusterId}.`,
    hint: "Use the store for that server, or another store for this one.",
  });
}

function writeRefused(misfit: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_WRITE_REFUSED",
    message: `The write does not fit the log: ${misfit}.`,
    hint: "The caller has lost track of the log. Nothing was changed.",
  });
}

function outOfRange(asked: { firstIndex: number; lastIndex: number }, first: number, last: number): QuorateError {
  return new QuorateError({
    code: "QUORATE_OUT_OF_RANGE",
    message: `Asked for entries ${asked.firstIndex} to ${asked.lastIndex} of a log of ${first} to ${last}.`,
    hint: "Read only what the log holds: from `base.index + 1` to `lastIndex`.",
  });
}

function corrupt(index: number): QuorateError {
  return new QuorateError({
    code: "QUORATE_LOG_CORRUPT",
    message: `The record of entry ${index} in the simulated log does not fit its checksum, or its place.`,
    hint: "Part of the simulation: the node must not vote or acknowledge from what is left.",
  });
}

function closed(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "The log storage has been closed.",
    hint: "Open it anew; a closed store does not come back.",
  });
}
