// What happens to the pieces of snapshots on their way: lost, repeated, or mixed with those of another snapshot.

import type { Message } from "@quorate/contracts";

/** How often each has happened. */
export type ChunkCounters = { chunksLost: number; chunksRepeated: number; chunksMixed: number };

/** The transfer that a receiver has seen last. */
type Transfer = { readonly name: string; readonly offsets: Set<number>; isWhole: boolean };

/** Follows the transfers of one network. */
export class ChunkWatch {
  readonly counters: ChunkCounters = { chunksLost: 0, chunksRepeated: 0, chunksMixed: 0 };
  readonly #transfers = new Map<string, Transfer>();

  /** A message does not arrive. */
  lost({ type }: Message): void {
    if (type === "snapshotRequest") this.counters.chunksLost += 1;
  }

  /** A message arrives. */
  arrived(message: Message): void {
    if (message.type !== "snapshotRequest") return;
    const { to, lastIncludedIndex, lastIncludedTerm, checksum, offsetBytes, sizeBytes, data } = message;
    const name = [lastIncludedIndex, lastIncludedTerm, checksum].join();
    const before = this.#transfers.get(to);
    if (before !== undefined && before.name !== name && !before.isWhole) this.counters.chunksMixed += 1;
    const transfer = before?.name === name ? before : { name, offsets: new Set<number>(), isWhole: false };
    if (transfer.offsets.has(offsetBytes)) this.counters.chunksRepeated += 1;
    transfer.offsets.add(offsetBytes);
    transfer.isWhole ||= offsetBytes + data.byteLength >= sizeBytes;
    this.#transfers.set(to, transfer);
  }
}
