// What calls take and what they give back: plain data, as the HTTP interface defines it.

/** Anything that JSON can carry. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/** Where an answer stands in the replicated log. */
export type LogPosition = {
  readonly index: number;
  readonly term: number;
};

/** What the answer to a read says about itself. */
export type ReadMark = {
  /** The level that the node really used. */
  readonly consistency: Consistency;
};

/** What the answer to a write says about itself. */
export type WriteMark = {
  /** True if this is the answer of an earlier attempt with the same key: the write took effect then, and only then. */
  readonly replayed: boolean;
  /** The key that the write carried: the caller's, or a generated one. Undefined if it was made safe by a session instead. */
  readonly idempotencyKey: string | undefined;
};

/** A counter's value at a position of the log. */
export type CounterValue = LogPosition & {
  readonly name: string;
  readonly value: number;
};

/** A register's value at a position of the log. */
export type RegisterValue = LogPosition & {
  readonly key: string;
  readonly value: JsonValue;
  /** Changes with every write of this register; give it back as `ifMatch`. */
  readonly revision: number;
};

/** How fresh a read must be. */
export type Consistency =
  /** Sees every write that was acknowledged before the read began. */
  | "linearizable"
  /** As linearizable while clocks drift within the configured bound; saves a round trip. */
  | "lease"
  /** Any node answers from what it has, which may be old. */
  | "stale";

/** Options of a read. */
export type ReadOptions = {
  /** Default `linearizable`. */
  readonly consistency?: Consistency;
  /** Only with `stale`: refuse an answer from a node that heard the leader longer ago than this, in ms, 0 or more. */
  readonly maxAgeMs?: number;
  /**
   * The answer is from this index of the log or later: give the `index` of a write to see it at any node. A node that has not
   * applied it yet is given the time of one attempt; then the next one is asked. `QUORATE_INDEX_NOT_REACHED` if none has it.
   */
  readonly minIndex?: number;
  /**
   * Only with `linearizable` and `lease`: whichever node is asked answers, a follower after asking its leader how far its
   * state must have come. As fresh, and the leader is spared the answers. Default false: the leader answers.
   */
  readonly forward?: boolean;
  /** Rejects the call with the signal's reason. */
  readonly signal?: AbortSignal;
};

/** Options of a write. */
export type WriteOptions = {
  /**
   * 1 to 128 visible ASCII characters. The same key with the same request takes effect once, however often it is sent.
   * Default: a random UUID for each call over HTTP, a place in the client's session over the binary protocol.
   */
  readonly idempotencyKey?: string;
  /** Rejects the call with the signal's reason. The write may still take effect. */
  readonly signal?: AbortSignal;
};

/** Options of watching. */
export type WatchOptions = {
  /** Ends the watch with the signal's reason. */
  readonly signal?: AbortSignal;
};

/** A counter at a moment. */
export type CounterState = {
  readonly name: string;
  /** Undefined if nothing was ever added. */
  readonly value: number | undefined;
  /** The state is as of this index of the log. */
  readonly index: number;
};

/** A register at a moment. */
export type RegisterState = {
  readonly key: string;
  /** Undefined if there is none. */
  readonly value: JsonValue | undefined;
  readonly revision: number | undefined;
  /** The state is as of this index of the log. */
  readonly index: number;
};

/** Who leads, and since which term. */
export type Leadership = {
  /** The leader's id and the address of its HTTP interface. */
  readonly leader: { readonly id: string; readonly http: string };
  readonly term: number;
};

/** One member of the cluster as a node sees it. */
export type MemberStatus = {
  readonly id: string;
  readonly voter: boolean;
  readonly http: string;
  /** Only from the leader: highest index known to be durable on that member. */
  readonly matchIndex?: number;
  /** Only from the leader: milliseconds since that member last answered. */
  readonly lastContactMs?: number;
};

/** One node's picture of itself and of the cluster. */
export type NodeStatus = {
  readonly cluster: string;
  readonly id: string;
  readonly role: string;
  readonly term: number;
  readonly leader: { readonly id: string; readonly http: string } | null;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly lastIndex: number;
  readonly firstIndex: number;
  /** Equal on all nodes that have the same `lastApplied`. */
  readonly stateHash: string;
  readonly members: readonly MemberStatus[];
  readonly version: string;
};
