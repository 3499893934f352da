// The user's state machine with somebody watching what it is told. Its snapshots carry, besides the state, the index up to which
// they go, so that a snapshot under a wrong name is noticed, and ballast, so that they are as large as a run wants them.

import {
  type CommittedCommand,
  snapshotBytes,
  type SnapshotContent,
  snapshotPieces,
  type StateMachine,
} from "@quorate/contracts";

/** Bytes of the index in front of ballast and state. */
const INDEX_BYTES = 8;

/** A state machine between a node and the user's. */
export class WatchedStateMachine<Query, Answer, Result> implements StateMachine<Query, Answer, Result> {
  readonly #machine: StateMachine<Query, Answer, Result>;
  readonly #isWatched: () => boolean;
  readonly #onApply: (command: CommittedCommand, result: Result | undefined) => void;
  readonly #onRestore: (appliedIndex: number) => void;
  readonly #onThrow: () => void;
  readonly #headerBytes: number;
  #appliedIndex = 0;
  #throwsNext = false;
  #hasThrown = false;

  constructor(options: {
    readonly machine: StateMachine<Query, Answer, Result>;
    /** Bytes that every snapshot carries besides index and state. */
    readonly ballastBytes: number;
    /** False once the process has died: what it still does then is nobody's business. */
    readonly isWatched: () => boolean;
    readonly onApply: (command: CommittedCommand, result: Result | undefined) => void;
    readonly onRestore: (appliedIndex: number) => void;
    /** It is about to throw, because it was told to. */
    readonly onThrow: () => void;
  }) {
    this.#machine = options.machine;
    this.#headerBytes = INDEX_BYTES + options.ballastBytes;
    this.#isWatched = options.isWatched;
    this.#onApply = options.onApply;
    this.#onRestore = options.onRestore;
    this.#onThrow = options.onThrow;
  }

  /** True once it has thrown because it was told to. */
  get hasThrown(): boolean {
    return this.#hasThrown;
  }

  /** Throws in the middle of the next batch: after half of its commands, which nobody is told of. */
  failNextApply(): void {
    this.#throwsNext = true;
  }

  /** Does not throw any more. */
  heal(): void {
    this.#throwsNext = false;
  }

  apply(batch: readonly CommittedCommand[]): readonly Result[] {
    if (this.#throwsNext && this.#isWatched()) {
      this.#throwsNext = false;
      this.#machine.apply(batch.slice(0, batch.length / 2));
      this.#hasThrown = true;
      this.#onThrow();
      throw new Error("simulated: the state machine has run out of memory");
    }
    const results = this.#machine.apply(batch);
    for (const [position, command] of batch.entries()) {
      this.#appliedIndex = command.index;
      if (this.#isWatched()) this.#onApply(command, results[position]);
    }
    return results;
  }

  query(query: Query): Answer {
    return this.#machine.query(query);
  }

  snapshot(): Iterable<Uint8Array> {
    const header = new Uint8Array(this.#headerBytes);
    new DataView(header.buffer).setFloat64(0, this.#appliedIndex);
    // The user's pieces stay pieces, so that a run tells whether they are of one moment.
    return behind(header, this.#machine.snapshot());
  }

  restore(snapshot: Uint8Array): void {
    const { appliedIndex, content } = this.unwrap(snapshot);
    this.#machine.restore(content);
    this.#appliedIndex = appliedIndex;
    if (this.#isWatched()) this.#onRestore(appliedIndex);
  }

  /** The state alone. */
  state(): Uint8Array {
    return snapshotBytes(this.#machine.snapshot());
  }

  /** What {@link snapshot} has put together. */
  unwrap(snapshot: Uint8Array): { readonly appliedIndex: number; readonly content: Uint8Array } {
    const appliedIndex = new DataView(snapshot.buffer, snapshot.byteOffset).getFloat64(0);
    return { appliedIndex, content: snapshot.subarray(this.#headerBytes) };
  }
}

function* behind(header: Uint8Array, content: SnapshotContent): Generator<Uint8Array> {
  yield header;
  yield* snapshotPieces(content);
}
