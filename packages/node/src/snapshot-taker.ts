// Takes snapshots of the state machine beside the loop: a slice of bounded size at a time, and between two of them the node
// applies, answers and sends as ever. Thesis 5.1.

import {
  type Clock,
  QuorateError,
  snapshotBytes,
  snapshotPieces,
  type SnapshotContent,
  type SnapshotPosition,
  type SnapshotStore,
  type StoredSnapshot,
} from "@quorate/contracts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** What is made of the state between two turns of the loop, besides the last piece of a slice. */
const SLICE_BYTES = 64 * KiB;

const DEFAULT_EVERY_ENTRIES = 20_000;
const DEFAULT_EVERY_BYTES = 64 * MiB;

/** What a taker needs of its node. */
export type TakerParts = {
  readonly store: SnapshotStore;
  readonly clock: Pick<Clock, "defer">;
  readonly everyEntries?: number | undefined;
  readonly everyBytes?: number | undefined;
  /** The state of this moment, and where it stands in the log. */
  readonly capture: () => Captured;
};

/** A state and its place in the log. */
export type Captured = {
  readonly position: SnapshotPosition;
  /** Bytes of all entries up to there, by the node's count. */
  readonly totalBytes: number;
  readonly content: SnapshotContent;
};

/** How far a log has come: its last applied entry, and the bytes of all entries up to there. */
export type LogExtent = { readonly index: number; readonly totalBytes: number };

/** Takes snapshots of one state machine, one at a time. */
export class SnapshotTaker {
  readonly #parts: TakerParts;
  #latest: LogExtent;
  #pending = 0;
  #previous: Promise<unknown> = Promise.resolve();

  constructor(parts: TakerParts, latestIndex: number) {
    this.#parts = parts;
    this.#latest = { index: latestIndex, totalBytes: 0 };
  }

  /** True if it is time for a snapshot. Asked again whenever one is finished, so that no wish is lost meanwhile. */
  isDue({ index, totalBytes }: LogExtent): boolean {
    if (this.#pending > 0 || index === this.#latest.index) return false;
    const { everyEntries = DEFAULT_EVERY_ENTRIES, everyBytes = DEFAULT_EVERY_BYTES } = this.#parts;
    return index - this.#latest.index >= everyEntries || totalBytes - this.#latest.totalBytes >= everyBytes;
  }

  /** There is a snapshot that goes so far, taken here or come from elsewhere. */
  noteLatest(extent: LogExtent): void {
    if (extent.index > this.#latest.index) this.#latest = extent;
  }

  /** Stores the state of this moment, or of the moment when the snapshot under way is finished; resolves when durable. */
  take(): Promise<StoredSnapshot> {
    this.#pending += 1;
    const taken = this.#pending === 1 ? this.#take() : this.#previous.then(() => this.#take());
    this.#previous = taken.then(
      () => this.#settled(),
      () => this.#settled(),
    );
    return taken;
  }

  #settled(): void {
    this.#pending -= 1;
  }

  async #take(): Promise<StoredSnapshot> {
    const { store, clock } = this.#parts;
    const { position, totalBytes, content } = this.#captured();
    const writer = await store.create(position);
    try {
      for (const slice of slices(content)) {
        await writer.write(slice);
        // A shorter slice is the last one, or the rest of a piece that was cut; what comes next is no more than one slice.
        if (slice.byteLength === SLICE_BYTES) await new Promise<void>((resolve) => clock.defer(resolve));
      }
      const stored = await writer.commit();
      this.noteLatest({ index: stored.index, totalBytes });
      return stored;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  #captured(): Captured {
    try {
      return this.#parts.capture();
    } catch (cause) {
      throw snapshotFailed(cause);
    }
  }
}

/** The content in slices of at most `SLICE_BYTES`, each of which is made when it is asked for. */
function* slices(content: SnapshotContent): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const piece of guarded(snapshotPieces(content))) {
    pieces.push(piece);
    sizeBytes += piece.byteLength;
    if (sizeBytes < SLICE_BYTES) continue;
    yield* cut(snapshotBytes(pieces));
    pieces = [];
    sizeBytes = 0;
  }
  yield* cut(snapshotBytes(pieces));
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += SLICE_BYTES) {
    yield bytes.subarray(offset, offset + SLICE_BYTES);
  }
}

/** The state machine's pieces; what it throws is told apart from what the disk refuses. */
function* guarded(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* pieces;
  } catch (cause) {
    throw snapshotFailed(cause);
  }
}

function snapshotFailed(cause: unknown): QuorateError {
  return new QuorateError({
    code: "QUORATE_SNAPSHOT_FAILED",
    message: `the state machine could not make its snapshot: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "a state machine must not throw while it is asked for its state: fix it before restarting",
    cause,
  });
}
