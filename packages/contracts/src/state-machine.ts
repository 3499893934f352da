// The port that users implement: what the cluster replicates. Every server applies the same commands in the same order,
// so `apply` must depend on nothing but the state and the command. Thesis 2.1, chapter 5 for snapshots.

/** A committed command on its way into the state machine. */
export type CommittedCommand = {
  readonly index: number;
  readonly term: number;
  readonly data: Uint8Array;
};

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
  /** The complete state as bytes; equal states give equal bytes. */
  snapshot(): Uint8Array;
  /** Replaces the state with that of a snapshot. Throws on bytes that are not one. */
  restore(snapshot: Uint8Array): void;
};
