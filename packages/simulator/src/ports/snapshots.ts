// The snapshot store that a node sees: one process's handle on a disk. A snapshot takes its place in one flush of the disk,
// so a crash leaves the old one or the new one, whole.

import {
  crc32,
  QuorateError,
  type SnapshotPosition,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
  type StoredSnapshot,
} from "@quorate/contracts";
import type { Disk } from "./disk.ts";
import type { SnapshotImage } from "./log-image.ts";
import type { Process } from "./process.ts";
import { settled } from "./storage.ts";
import type { World } from "../world/world.ts";

/** How long it takes to read or to hand over a chunk. */
const CHUNK_MS = 0.2;

type Expected = { readonly sizeBytes: number; readonly checksum: number };

/** A process's handle on the snapshots of its disk. */
export class SimulatedSnapshots implements SnapshotStore {
  readonly #world: World;
  readonly #process: Process;
  readonly #disk: Disk;
  readonly #onCommit: (snapshot: SnapshotImage) => void;
  #isClosed = false;

  constructor(options: {
    readonly world: World;
    readonly process: Process;
    readonly disk: Disk;
    /** Sees every snapshot that is about to take its place. */
    readonly onCommit?: (snapshot: SnapshotImage) => void;
  }) {
    this.#world = options.world;
    this.#process = options.process;
    this.#disk = options.disk;
    this.#onCommit = options.onCommit ?? (() => undefined);
  }

  load(): Promise<StoredSnapshot | undefined> {
    return this.#soon(() => this.#readable()?.stored);
  }

  create(position: SnapshotPosition): Promise<SnapshotWriter> {
    return this.#soon(() => {
      this.#refuseStale(position);
      return this.#writer(position);
    });
  }

  openLatest(): Promise<SnapshotReader | undefined> {
    return this.#soon(() => {
      const snapshot = this.#readable();
      return snapshot && this.#reader(snapshot);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  #writer(position: SnapshotPosition): SnapshotWriter {
    let content = new Uint8Array(0);
    let isOver = false;
    const refuseOver = (): void => {
      if (isOver) throw closed();
    };
    return {
      get sizeBytes() {
        return content.byteLength;
      },
      write: (chunk) =>
        this.#soon(() => {
          refuseOver();
          content = joined(content, chunk);
        }),
      commit: async (expected) => {
        refuseOver();
        isOver = true;
        const snapshot = { stored: { ...position, ...measure(content) }, content };
        await this.#commit(snapshot, expected);
        return snapshot.stored;
      },
      abort: () => {
        isOver = true;
        return Promise.resolve();
      },
    };
  }

  async #commit(snapshot: SnapshotImage, expected: Expected | undefined): Promise<void> {
    this.#refuseClosed();
    if (expected !== undefined) refuseOther(snapshot.stored, expected);
    this.#refuseStale(snapshot.stored);
    // A dead process hears nothing more, and what it wanted to write was never handed over.
    if (!this.#process.mayAct()) return new Promise(() => undefined);
    if (this.#disk.failure === undefined) this.#onCommit(snapshot);
    return settled(this.#disk, { kind: "snapshot", snapshot }, (delayMs, tell) => this.#tell(delayMs, tell));
  }

  #reader(snapshot: SnapshotImage): SnapshotReader {
    let isOver = false;
    return {
      snapshot: snapshot.stored,
      read: (offsetBytes, lengthBytes) =>
        this.#soon(() => {
          if (isOver) throw closed();
          if (this.#disk.rot.snapshot !== undefined) throw corrupt("its bytes have changed on the disk");
          return snapshot.content.subarray(offsetBytes, offsetBytes + lengthBytes);
        }),
      close: () => {
        isOver = true;
        return Promise.resolve();
      },
    };
  }

  /** Only what is durable is there for others to see. */
  #readable(): SnapshotImage | undefined {
    const { rot, durable } = this.#disk;
    if (rot.snapshot === "damaged") throw corrupt("its bytes have changed on the disk");
    return rot.snapshot === "missing" ? undefined : durable.snapshot;
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw closed();
    if (this.#disk.failure !== undefined) throw this.#disk.failure;
  }

  #refuseStale({ index }: SnapshotPosition): void {
    const latest = this.#disk.visible.snapshot?.stored.index ?? 0;
    if (index > latest) return;
    throw new QuorateError({
      code: "QUORATE_SNAPSHOT_STALE",
      message: `A snapshot at index ${index} goes no further than the latest one, at ${latest}.`,
      hint: "Use the latest one; there is nothing to do.",
    });
  }

  /** Runs `work` after a moment; a failure of the disk or the handle comes first. */
  #soon<T>(work: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#tell(CHUNK_MS, () => {
      try {
        this.#refuseClosed();
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  #tell(delayMs: number, tell: () => void): void {
    this.#process.post(delayMs, () => {
      tell();
      this.#world.promisesSettled();
    });
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}

function measure(content: Uint8Array): Expected {
  return { sizeBytes: content.byteLength, checksum: crc32(content) };
}

function refuseOther(stored: StoredSnapshot, expected: Expected): void {
  if (stored.sizeBytes === expected.sizeBytes && stored.checksum === expected.checksum) return;
  throw corrupt(`${stored.sizeBytes} bytes with checksum ${stored.checksum} instead of what was expected`);
}

function corrupt(what: string): QuorateError {
  return new QuorateError({
    code: "QUORATE_SNAPSHOT_CORRUPT",
    message: `The simulated snapshot is damaged: ${what}.`,
    hint: "Part of the simulation: the node must not go on from it.",
  });
}

function closed(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "The snapshot store, writer or reader has been closed.",
    hint: "Open it anew; what is closed does not come back.",
  });
}
