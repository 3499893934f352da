// Sends the latest snapshot to peers that the log no longer serves: one chunk at a time, each after the answer to the one
// before, so that a slow peer costs one chunk of memory and the transport is never flooded. Thesis chapter 5.

import type { SnapshotReader, SnapshotStore } from "@quorate/contracts";
import { encodeConfiguration, type NodeId, type SnapshotRequest, type SnapshotResponse } from "@quorate/core";

type Header = Pick<SnapshotRequest, "from" | "to" | "term">;
type Chunk = Omit<SnapshotRequest, keyof Header>;

type Transfer = {
  readonly reader: SnapshotReader;
  /** Where the peer wants to go on. */
  offsetBytes: number;
  /** When to send again if no answer comes. */
  resendAtMs: number;
  isReading: boolean;
};

/** What a sender needs of its node. */
export type SenderParts = {
  readonly store: SnapshotStore;
  readonly chunkBytes: number;
  readonly resendMs: number;
  readonly now: () => number;
  readonly send: (to: NodeId, chunk: Chunk) => void;
  readonly onError: (error: unknown) => void;
};

/** The transfers of one leader, one per peer. */
export class SnapshotSender {
  readonly #parts: SenderParts;
  readonly #transfers = new Map<NodeId, Transfer>();
  readonly #opening = new Set<NodeId>();

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** The oldest snapshot that is being sent: the log behind it is still needed. Infinity if there is none. */
  get oldestIndex(): number {
    const indexes = [...this.#transfers.values()].map(({ reader }) => reader.snapshot.index);
    return Math.min(Number.POSITIVE_INFINITY, ...indexes);
  }

  /** Begins with the latest snapshot. */
  begin(peer: NodeId): void {
    if (this.#transfers.has(peer) || this.#opening.has(peer)) return;
    this.#opening.add(peer);
    void this.#open(peer);
  }

  async #open(peer: NodeId): Promise<void> {
    try {
      const reader = await this.#parts.store.openLatest();
      const isStillWanted = this.#opening.delete(peer);
      if (reader === undefined) return;
      if (!isStillWanted) return await reader.close();
      const transfer = { reader, offsetBytes: 0, resendAtMs: 0, isReading: false };
      this.#transfers.set(peer, transfer);
      this.#sendNext(peer, transfer);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** The peer has `receivedBytes` of the snapshot and wants to go on from there. */
  answered({ from, lastIncludedIndex, receivedBytes }: SnapshotResponse): void {
    const transfer = this.#transfers.get(from);
    if (transfer === undefined || transfer.reader.snapshot.index !== lastIncludedIndex) return;
    // An answer that was overtaken by its own repetition asks for nothing new.
    if (receivedBytes === transfer.offsetBytes && receivedBytes > 0) return;
    transfer.offsetBytes = receivedBytes;
    this.#sendNext(from, transfer);
  }

  /**
   * Sends again what was not answered, and ends transfers to peers that no longer wait for one. `waiting` says which peers
   * do, and how far each of them agrees with the log.
   */
  tick(nowMs: number, waiting: ReadonlyMap<NodeId, number>): void {
    for (const [peer, transfer] of this.#transfers) {
      const matchIndex = waiting.get(peer);
      // A peer that has what it is being sent and waits all the same needs a newer one: the log behind this one is gone.
      const isOver = matchIndex === undefined || matchIndex >= transfer.reader.snapshot.index;
      if (isOver) this.#end(peer, transfer);
      else if (nowMs >= transfer.resendAtMs) this.#sendNext(peer, transfer);
    }
    for (const peer of waiting.keys()) this.begin(peer);
  }

  /** When {@link tick} has something to do; Infinity if nothing is under way. */
  nextDeadline(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#transfers.values()].map(({ resendAtMs }) => resendAtMs));
  }

  /** Ends all transfers. */
  close(): void {
    this.#opening.clear();
    for (const [peer, transfer] of this.#transfers) this.#end(peer, transfer);
  }

  #sendNext(peer: NodeId, transfer: Transfer): void {
    const { now, resendMs } = this.#parts;
    transfer.resendAtMs = now() + resendMs;
    if (transfer.isReading) return;
    transfer.isReading = true;
    void this.#sendChunk(peer, transfer);
  }

  async #sendChunk(peer: NodeId, transfer: Transfer): Promise<void> {
    const { chunkBytes, send, onError } = this.#parts;
    const { reader, offsetBytes } = transfer;
    try {
      const data = await reader.read(offsetBytes, chunkBytes);
      if (this.#transfers.get(peer) !== transfer) return;
      const { index, term, configuration, sizeBytes, checksum } = reader.snapshot;
      const place = { lastIncludedIndex: index, lastIncludedTerm: term };
      const whole = { configuration: encodeConfiguration(configuration), sizeBytes, checksum };
      send(peer, { type: "snapshotRequest", ...place, ...whole, offsetBytes, data });
    } catch (error) {
      // A reader that was closed because the transfer has ended may refuse what was asked of it before.
      if (this.#transfers.get(peer) === transfer) onError(error);
    } finally {
      transfer.isReading = false;
    }
  }

  #end(peer: NodeId, { reader }: Transfer): void {
    this.#transfers.delete(peer);
    reader.close().catch((error: unknown) => this.#parts.onError(error));
  }
}
