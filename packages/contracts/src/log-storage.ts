// The port behind which a server keeps what it must not forget: its identity, term, vote and log.
// Correctness rests on one promise: what a resolved `write` contained is still there after a crash or power loss.

import type { Configuration, Entry, EntryId, HardState, LogSummary } from "@quorate/core";

/** Who a store belongs to. Written once, checked at every start: a store is never moved between servers. */
export type StoreIdentity = {
  readonly clusterId: string;
  readonly nodeId: string;
  /** Drawn at random when the store is made. A server that lost its disk comes back with another one. */
  readonly incarnation: string;
  /** The configuration that the cluster was formed with. */
  readonly configuration: Configuration;
};

/** What `load` found. */
export type StoredState = {
  /** Undefined for a store that was never initialised. */
  readonly identity: StoreIdentity | undefined;
  /** `{ term: 0, votedFor: undefined }` if none was written yet. */
  readonly hardState: HardState;
  readonly log: LogSummary;
  /** All stored entries of kind `configuration`, ascending by index. */
  readonly configurations: readonly Entry[];
};

/**
 * One atomic step of the log, in this order: truncate, append, and the hard state with them.
 * After a crash either all of a write is there or none of it (and nothing of later ones).
 */
export type LogWrite = {
  readonly hardState?: HardState | undefined;
  /** Deletes the entry at this index and all after it, before `entries` are appended. At most `lastIndex + 1`, which deletes nothing. */
  readonly truncateFrom?: number | undefined;
  /** Consecutive, beginning right after the last entry that remains. May be empty. */
  readonly entries: readonly Entry[];
};

/** A range of the log, both ends inclusive. */
export type LogRange = {
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Stop before the sum of `data` lengths passes this many bytes, but return at least one entry. */
  readonly maxBytes: number;
};

/** What an adapter can promise; honest answers, shown to users and checked by the conformance suite. */
export type LogStorageSupports = {
  /** A resolved write survives a crash of the process and loss of power. */
  readonly durable: boolean;
  /**
   * Space is taken from the disk before it is needed. So the store says in time that it is short of space, waits for more
   * instead of failing when it has run out, and opens on a full disk. Default false: then a full disk is a failed write.
   */
  readonly reservesSpace?: boolean;
};

/**
 * Storage of one server's log.
 *
 * - `write` calls take effect in call order. Several may be in flight; each resolves when it **and all before it** are
 *   durable. An adapter may join waiting writes into one disk operation (group commit).
 * - `read` sees every write that was called before it, durable or not, and nothing of those called after it.
 * - A write that does not fit the log as the writes before it leave it (entries not consecutive, a term lower than the
 *   term before it or than the base's, `truncateFrom` outside the log or not behind the base) rejects with `QUORATE_WRITE_REFUSED` and changes nothing. The caller
 *   is wrong, not the store: it stays usable.
 * - Fail closed: once a write has failed, every later call rejects with `QUORATE_STORAGE_FAILED` until the store is
 *   opened anew. A failed flush is never repeated: the system may have dropped the data that it could not write.
 * - A full disk is a failed write, unless the adapter `reservesSpace`: then nothing is lost but time. Writes that do not fit
 *   wait, in order, until there is space or the store is closed, and reads go on.
 * - Entries and bytes handed over are not copied by the caller and not changed afterwards by either side.
 */
export type LogStorage = {
  readonly supports: LogStorageSupports;
  /**
   * True while there is space for little more than terms, votes and what is on its way: a leader takes no new commands then.
   * Only for adapters that reserve space.
   */
  readonly isShortOfSpace?: boolean;
  /**
   * Reads what is stored. Called once, before anything else. Rejects with `QUORATE_LOG_CORRUPT` rather than guess, and
   * with `QUORATE_DATA_LOCKED` if somebody else has the store open.
   */
  load(): Promise<StoredState>;
  /** Stores the identity of a fresh store, durably. Rejects with `QUORATE_ALREADY_INITIALISED` if there is one. */
  initialise(identity: StoreIdentity): Promise<void>;
  write(write: LogWrite): Promise<void>;
  /** The entries of a range; rejects with `QUORATE_OUT_OF_RANGE` if the range is not inside the log. */
  read(range: LogRange): Promise<readonly Entry[]>;
  /**
   * Forgets the log up to and including `base`, whose content a durable snapshot has taken over. Entries after it stay if
   * `base` is in the log with this term; if it is behind the end or has another term, the whole log is replaced by an empty
   * one that begins after `base`. Takes effect and resolves in call order with `write`, when it and all before it are
   * durable; term, vote and identity stay. A base at or before the present one, whatever its term, changes nothing. Space may be given back later than the call. `QUORATE_OUT_OF_RANGE` from then on for
   * reads at or before `base.index`.
   */
  compact(base: EntryId): Promise<void>;
  /** Waits for writes in flight and releases everything. Idempotent. Later calls reject with `QUORATE_CLOSED`. */
  close(): Promise<void>;
};
