// The port that users implement: what the cluster replicates. Every server applies the same commands in the same order,
// so `apply` must depend on nothing but the state and the command. Thesis 2.1, chapter 5 for snapshots.

/** A committed command on its way into the state machine. */
export type CommittedCommand = {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
};

/**
 * A state as bytes: whole, or in pieces that are made one after the other while somebody asks for them. Where it is cut
 * says nothing; empty pieces are allowed.
 */
export type SnapshotContent = Uint8Array | Iterable<Uint8Array>;

/**
 * A deterministic state machine. All methods are synchronous and are never called concurrently.
 *
 * An expected refusal ("no such key") is a result, not an exception: an `apply` that throws stops the node, because it
 * would throw on every server.
 */
export type StateMachine<Query, Answer, Result> = {
  /** Applies a batch in order and returns one result for each command. No clock, no randomness, no IO. */
  apply(batch: readonly CommittedCommand[]): readonly Result[];
  /** Answers from the current state without changing it. */
  query(query: Query): Answer;
  /**
   * The complete state of this moment; servers that applied the same commands give equal bytes.
   *
   * Bytes are simplest, and the server does nothing else until they are made. A large state returns pieces, for example
   * from a generator: between two of them the server goes on, and `apply` and `query` are called, so the pieces must come
   * from the state as it was when `snapshot` was called (structures that are copied when written to, or are never
   * changed). A server reads one snapshot at a time. If it stops early it calls the iterator's `return`, which ends a
   * generator; it never calls `next` while another method runs.
   */
  snapshot(): SnapshotContent;
  /** Replaces the state with that of a snapshot, whole. Throws on bytes that are not one. */
  restore(snapshot: Uint8Array): void;
};
