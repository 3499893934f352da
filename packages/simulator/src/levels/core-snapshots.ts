// Snapshots around a bare core, which only says when a peer needs one and what a received one replaces: they are taken in one
// flush, sent piece by piece, each after the answer to the one before, and put together at the other end. Thesis chapter 5.

import {
  crc32,
  type EntryId,
  type Message,
  type NodeId,
  snapshotBytes,
  type SnapshotContent,
} from "@quorate/contracts";
import { decodeConfiguration, encodeConfiguration, type Raft, type Ready } from "@quorate/core";
import type { SnapshotSettings } from "../options.ts";
import type { Disk } from "../ports/disk.ts";
import type { SnapshotImage } from "../ports/log-image.ts";

/** How long a piece may stay unanswered before it is sent again. */
const RESEND_MS = 500;

type SnapshotChunk = Ready["snapshotChunks"][number];
type Transfer = {
  readonly snapshot: SnapshotImage;
  /** What every piece says about the whole. */
  readonly whole: Omit<SnapshotChunk, "from" | "to" | "term" | "offsetBytes" | "data">;
  offsetBytes: number;
  resendAtMs: number;
};
type Incoming = { readonly name: string; readonly content: Uint8Array; receivedBytes: number };

/** What snapshots need of their server. */
export type SnapshotParts = {
  readonly id: NodeId;
  readonly raft: Raft;
  readonly disk: Disk;
  readonly settings: SnapshotSettings;
  /** Bytes of one piece. */
  readonly pieceBytes: number;
  readonly now: () => number;
  readonly send: (message: Message) => void;
  /** Stores a snapshot; `onStored` is called when it is durable, as an input of the server. */
  readonly store: (snapshot: SnapshotImage, onStored: () => void) => void;
  /** The last entry that is in the state machine. */
  readonly applied: () => EntryId;
  readonly capture: () => SnapshotContent;
  readonly restore: (snapshot: SnapshotImage) => void;
};

/** The snapshots of one server. */
export class CoreSnapshots {
  readonly #parts: SnapshotParts;
  readonly #transfers = new Map<NodeId, Transfer>();
  #incoming: Incoming | undefined;
  #isStoring = false;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /** Does what the core asks for. */
  perform({ snapshotNeeded, snapshotAnswers, snapshotChunks }: Ready): void {
    for (const chunk of snapshotChunks) this.#receive(chunk);
    // Leadership may have been lost within the turn, and nobody sends a snapshot in a term that it does not lead.
    if (!this.#parts.raft.isLeader) return;
    for (const peer of snapshotNeeded) this.#begin(peer);
    for (const answer of snapshotAnswers) this.#answered(answer);
  }

  /** When {@link tick} has something to do; Infinity if nothing is under way. */
  nextDeadline(): number {
    if (this.#transfers.size === 0) return Number.POSITIVE_INFINITY;
    return Math.min(...[...this.#transfers.values()].map(({ resendAtMs }) => resendAtMs));
  }

  /** Sends again what was not answered, and the latest snapshot to whoever needs a newer one. */
  tick(now: number): void {
    const { raft } = this.#parts;
    if (!raft.isLeader) this.#transfers.clear();
    if (now < this.nextDeadline()) return;
    const waiting = raft.status().peers.filter(({ mode }) => mode === "snapshot");
    for (const [peer, transfer] of this.#transfers) {
      const { matchIndex } = waiting.find(({ id }) => id === peer) ?? {};
      if (matchIndex === undefined || matchIndex >= transfer.snapshot.stored.index) this.#transfers.delete(peer);
      else if (now >= transfer.resendAtMs) this.#sendNext(peer, transfer);
    }
    for (const { id } of waiting) this.#begin(id);
  }

  /** Takes a snapshot if the log has grown enough. */
  takeIfDue(): void {
    const { raft, settings, capture, applied } = this.#parts;
    const { index, term } = applied();
    if (this.#isStoring || index - this.#latestIndex < settings.everyEntries) return;
    const content = snapshotBytes(capture());
    const measures = { sizeBytes: content.byteLength, checksum: crc32(content) };
    const stored = { index, term, configuration: raft.configurationAt(index), ...measures };
    this.#store({ stored, content }, () => this.#cutLog(index));
  }

  get #latestIndex(): number {
    return this.#parts.disk.visible.snapshot?.stored.index ?? 0;
  }

  #store(snapshot: SnapshotImage, onStored: () => void): void {
    this.#isStoring = true;
    this.#parts.store(snapshot, () => {
      this.#isStoring = false;
      onStored();
    });
  }

  /** A peer that is being sent an older snapshot will need the log right behind it. */
  #cutLog(index: number): void {
    const sending = [...this.#transfers.values()].map(({ snapshot }) => snapshot.stored.index);
    this.#parts.raft.compact(Math.min(index - this.#parts.settings.retainEntries, ...sending));
  }

  #begin(peer: NodeId): void {
    const { snapshot } = this.#parts.disk.durable;
    if (snapshot === undefined || this.#transfers.has(peer)) return;
    const { index, term, configuration, sizeBytes, checksum } = snapshot.stored;
    const whole = {
      type: "snapshotRequest",
      lastIncludedIndex: index,
      lastIncludedTerm: term,
      configuration: encodeConfiguration(configuration),
      sizeBytes,
      checksum,
    } as const;
    const transfer = { snapshot, whole, offsetBytes: 0, resendAtMs: 0 };
    this.#transfers.set(peer, transfer);
    this.#sendNext(peer, transfer);
  }

  /** The peer has this much of the snapshot and wants to go on from there. */
  #answered({ from, lastIncludedIndex, receivedBytes }: Ready["snapshotAnswers"][number]): void {
    const transfer = this.#transfers.get(from);
    if (transfer?.snapshot.stored.index !== lastIncludedIndex) return;
    // An answer that was overtaken by its own repetition asks for nothing new.
    if (receivedBytes === transfer.offsetBytes && receivedBytes > 0) return;
    transfer.offsetBytes = receivedBytes;
    this.#sendNext(from, transfer);
  }

  #sendNext(to: NodeId, transfer: Transfer): void {
    const { id, raft, send, now, pieceBytes } = this.#parts;
    const { snapshot, whole, offsetBytes } = transfer;
    const data = snapshot.content.subarray(offsetBytes, offsetBytes + pieceBytes);
    transfer.resendAtMs = now() + RESEND_MS;
    send({ ...whole, from: id, to, term: raft.status().term, offsetBytes, data });
  }

  #receive(chunk: SnapshotChunk): void {
    const { lastIncludedIndex: index, lastIncludedTerm: term, sizeBytes, checksum, offsetBytes, data } = chunk;
    // What goes no further than the latest one is of no use, and one is put in its place at a time.
    if (this.#isStoring || index <= this.#latestIndex) return;
    const name = [index, term, sizeBytes, checksum].join();
    if (this.#incoming?.name !== name) {
      this.#incoming = { name, content: new Uint8Array(sizeBytes), receivedBytes: 0 };
    }
    const incoming = this.#incoming;
    if (offsetBytes === incoming.receivedBytes) {
      incoming.content.set(data, offsetBytes);
      incoming.receivedBytes += data.byteLength;
    }
    if (incoming.receivedBytes < sizeBytes) this.#answer(chunk, incoming.receivedBytes);
    else this.#complete(chunk, incoming);
  }

  #answer({ from, lastIncludedIndex }: SnapshotChunk, receivedBytes: number): void {
    const { id, raft, send } = this.#parts;
    send({
      type: "snapshotResponse",
      from: id,
      to: from,
      term: raft.status().term,
      lastIncludedIndex,
      receivedBytes,
    });
  }

  #complete(chunk: SnapshotChunk, { content }: Incoming): void {
    const { lastIncludedIndex: index, lastIncludedTerm: term, sizeBytes, checksum } = chunk;
    const configuration = decodeConfiguration({ data: chunk.configuration });
    this.#incoming = undefined;
    // What was sent is damaged: forget it, the leader begins again.
    if (configuration === undefined || crc32(content) !== checksum) return;
    const snapshot = { stored: { index, term, configuration, sizeBytes, checksum }, content };
    this.#store(snapshot, () => {
      // The log may have overtaken the snapshot meanwhile; then the state machine is ahead of it.
      if (this.#parts.raft.snapshotInstalled({ index, term, configuration })) this.#parts.restore(snapshot);
    });
  }
}
