// What is served: a node that replicates a state machine with sessions, and the application that knows what its bytes mean.
// Structural types, so that this package needs no other than the ports.

import type { SessionResult } from "../sessions/result.ts";

/** Where something stands in the log. */
export type Place = { readonly index: number; readonly term: number };

/** The part of a RaftNode that serves clients. Its state machine has sessions, see `withSessions`. */
export type ServedNode<Query, Answer, Result> = {
  propose(data: Uint8Array): Promise<Place & { readonly result: SessionResult<Result> }>;
  query(
    query: Query,
    options: {
      readonly consistency: "linearizable" | "lease" | "stale";
      readonly forward?: boolean;
      readonly minIndex?: number;
      readonly maxAgeMs?: number;
      readonly timeoutMs?: number;
    },
  ): Promise<Place & { readonly answer: Answer; readonly consistency: "linearizable" | "lease" | "stale" }>;
  transferLeadership(to?: string): Promise<{ readonly leaderId: string; readonly term: number }>;
  currentStatus(): {
    readonly leaderId?: string | undefined;
    readonly term: number;
    /** How long this node may have missed commits, in ms; undefined if it never heard a leader. */
    readonly stateAgeMs?: number | undefined;
  };
};

/** What a command came to, for its client. */
export type Reply = {
  readonly bytes: Uint8Array;
  /** If the application itself recognised a repetition: where the command took effect. */
  readonly first?: Place;
};

/**
 * What bytes of clients mean. `command`, `query`, `reply` and `answer` may throw errors with a code (`QuorateError`): the
 * client gets them as they are, with the promise that the command has had no effect.
 */
export type ServedApplication<Query, Answer, Result> = {
  /** The bytes for the log of a client's command. Checks everything: whatever is returned can be applied. */
  command(bytes: Uint8Array): Uint8Array;
  /** The answer to a command. Throws what the state machine refused. */
  reply(result: Result): Reply;
  /** The result that the session table kept as bytes. */
  decodeResult(bytes: Uint8Array): Result;
  query(bytes: Uint8Array): Query;
  /** The answer to a query. Throws if there is nothing to see. */
  answer(answer: Answer): Uint8Array;
  /** What a watch shows. Nothing to see is an event too: no bytes. */
  event(answer: Answer): Uint8Array;
  /** The name of what a query looks at; `changes` tells of it by that name. */
  watchKey(query: Query): string;
  /** Calls `onChange` with the name of everything that a command changed, undefined if it may be anything. Returns the end. */
  changes(onChange: (watchKey: string | undefined) => void): () => void;
  /** What the node says of itself: the text of a JSON object. */
  status(): string;
  /** More of a leader than its id and the address of its client port, for the answer to a transfer. */
  leaderFacts(leaderId: string): Readonly<Record<string, unknown>>;
};
