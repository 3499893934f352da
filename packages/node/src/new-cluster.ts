// A new cluster from what one server of a lost cluster has, or from a saved snapshot. No protocol can do this safely: what a
// majority had committed and this one server never received is lost. So it is never done by a node, only by a tool that its
// owner calls by name; it writes a fresh store, under another cluster's name, and leaves the old one as it is.

import {
  type LogStorage,
  QuorateError,
  type Random,
  type SnapshotReader,
  type SnapshotStore,
  type StoredSnapshot,
  type StoreIdentity,
} from "@quorate/contracts";
import {
  type Configuration,
  decodeConfiguration,
  type Entry,
  type EntryId,
  encodeConfiguration,
  type NodeId,
} from "@quorate/core";
import { newIncarnation } from "./identity.ts";
import { refuseGap, termAt } from "./recovery.ts";

/** Log and snapshots of one server. Both stay open: whoever opened them closes them. */
export type Stores = { readonly storage: LogStorage; readonly snapshots: SnapshotStore };

/** A snapshot and its bytes, from a store or a file. */
export type SnapshotSource = {
  readonly snapshot: StoredSnapshot;
  readonly chunks: () => AsyncIterable<Uint8Array>;
};

/** What a new cluster can begin with. */
export type Beginning = {
  /** Whose it was; undefined for a snapshot alone. */
  readonly identity: StoreIdentity | undefined;
  /** Latest term of it. */
  readonly term: number;
  /** Just before the first entry. */
  readonly base: EntryId;
  readonly last: EntryId;
  /** The members that it names last. */
  readonly configuration: Configuration;
  readonly entries: () => AsyncIterable<readonly Entry[]>;
  readonly source: SnapshotSource | undefined;
};

/** Who the only member of a new cluster is. */
export type Founder = {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Where it is reached, as the log keeps it. */
  readonly address?: string;
  /** Default: `Math.random`. */
  readonly random?: Random;
};

const CHUNK_BYTES = 256 * 1024;
const BATCH_BYTES = 1024 * 1024;

/**
 * Reads what a server that does not run has. `stores` are freshly made and not loaded. Opening them may repair what a crash
 * left: give a copy if the original must stay as it is. Rejects with `QUORATE_LOG_CORRUPT`, also if there is nothing.
 */
export async function readBeginning({ storage, snapshots }: Stores): Promise<Beginning> {
  const stored = await storage.load();
  const snapshot = await snapshots.load();
  const { identity, hardState, configurations } = stored;
  if (identity === undefined) {
    throw new QuorateError({
      code: "QUORATE_LOG_CORRUPT",
      message: "the store belongs to nobody: no node has ever started from it",
      hint: "name the data directory of a node of the lost cluster",
    });
  }
  refuseGap(stored.log.base.index, snapshot?.index ?? 0);
  const joins = snapshot === undefined || termAt(stored.log, snapshot.index) === snapshot.term;
  // A snapshot that the log does not reach replaces the log, as at a start.
  const base = joins || snapshot === undefined ? stored.log.base : { index: snapshot.index, term: snapshot.term };
  const lastIndex = joins ? stored.log.lastIndex : base.index;
  const latest = joins ? configurations.at(-1) : undefined;
  const known = latest === undefined ? snapshot?.configuration : decodeConfiguration(latest);
  return {
    identity,
    term: hardState.term,
    base,
    last: { index: lastIndex, term: (joins ? termAt(stored.log, lastIndex) : undefined) ?? base.term },
    configuration: known ?? identity.configuration,
    entries: () => entriesOf(storage, base.index + 1, lastIndex),
    source: snapshot && { snapshot, chunks: () => latestOf(snapshots) },
  };
}

/** A new cluster from a snapshot alone. */
export function beginFromSnapshot(source: SnapshotSource): Beginning {
  const { index, term, configuration } = source.snapshot;
  const base = { index, term };
  return { identity: undefined, term, base, last: base, configuration, entries: noEntries, source };
}

/**
 * Writes the fresh stores of the only member of a new cluster: everything of the beginning, and behind it a configuration of
 * that member alone. Entries that were never committed count as committed from then on. Resolves when it is durable, with
 * the place of the new configuration. Rejects with `QUORATE_ALREADY_INITIALISED` if the stores are not fresh.
 */
export async function writeNewCluster(beginning: Beginning, founder: Founder, stores: Stores): Promise<EntryId> {
  const { storage, snapshots } = stores;
  const { clusterId, nodeId, address, random = Math.random } = founder;
  const incarnation = newIncarnation(random);
  const record = { id: nodeId, incarnation, ...(address !== undefined && { address }) };
  const configuration: Configuration = { voters: [nodeId], learners: [], records: [record] };
  const formed = { voters: [nodeId], learners: [] };
  await storage.load();
  await snapshots.load();
  await storage.initialise({ clusterId, nodeId, incarnation, configuration: formed });
  if (beginning.source !== undefined) await copySnapshot(beginning.source, snapshots);
  if (beginning.base.index > 0) await storage.compact(beginning.base);
  // In a term of its own: nobody ever led in it, so no entry of the old cluster can be taken for this one.
  const term = Math.max(beginning.term, beginning.last.term) + 1;
  for await (const entries of beginning.entries()) {
    await storage.write({ hardState: { term, votedFor: undefined }, entries });
  }
  const index = beginning.last.index + 1;
  const data = encodeConfiguration(configuration);
  await storage.write({
    hardState: { term, votedFor: undefined },
    entries: [{ index, term, kind: "configuration", data }],
  });
  return { index, term };
}

/** The bytes of an open snapshot, piece by piece; closes it at the end, however that comes. */
export async function* chunksOf(reader: SnapshotReader): AsyncIterable<Uint8Array> {
  try {
    const { sizeBytes } = reader.snapshot;
    for (let offset = 0; offset < sizeBytes; ) {
      const chunk = await reader.read(offset, CHUNK_BYTES);
      yield chunk;
      offset += chunk.byteLength;
    }
  } finally {
    await reader.close();
  }
}

async function* latestOf(snapshots: SnapshotStore): AsyncIterable<Uint8Array> {
  const reader = await snapshots.openLatest();
  if (reader !== undefined) yield* chunksOf(reader);
}

async function copySnapshot({ snapshot, chunks }: SnapshotSource, snapshots: SnapshotStore): Promise<void> {
  const { index, term, configuration, sizeBytes, checksum } = snapshot;
  const writer = await snapshots.create({ index, term, configuration });
  try {
    for await (const chunk of chunks()) await writer.write(chunk);
    await writer.commit({ sizeBytes, checksum });
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function* entriesOf(storage: LogStorage, firstIndex: number, lastIndex: number): AsyncIterable<readonly Entry[]> {
  for (let next = firstIndex; next <= lastIndex; ) {
    const entries = await storage.read({ firstIndex: next, lastIndex, maxBytes: BATCH_BYTES });
    yield entries;
    next += entries.length;
  }
}

async function* noEntries(): AsyncIterable<readonly Entry[]> {}
