// Everything about snapshots that a driver does beside its loop, for a node that keeps them.

import type { Clock, StoredSnapshot, Transport } from "@quorate/contracts";
import { codeOf } from "@quorate/contracts";
import type { Entry, NodeId, Raft, Ready } from "@quorate/core";
import type { SnapshotOutrun, SnapshotPostponed } from "./api.ts";
import { LogVolume } from "./log-volume.ts";
import type { Replica } from "./replica.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";
import { type LogExtent, SnapshotTaker } from "./snapshot-taker.ts";
import { readSnapshot, type SnapshotOptions } from "./snapshots.ts";

const KiB = 1024;

/** Room that a message needs around a chunk. */
const MESSAGE_OVERHEAD_BYTES = 8 * KiB;
const MAX_CHUNK_BYTES = 256 * KiB;
/** How long a chunk may stay unanswered before it is sent again. */
const RESEND_MS = 500;
/** How long after the disk had no space for a snapshot the next attempt is made. */
const RETRY_WHEN_FULL_MS = 10_000;
const DEFAULT_RETAIN_ENTRIES = 10_000;
const DEFAULT_RETAIN_BYTES = 32 * KiB * KiB;
const DEFAULT_PINNED_BYTES = 256 * KiB * KiB;

/** What snapshot work needs of its driver. */
export type SnapshotWorkParts = {
  readonly options: SnapshotOptions;
  readonly nodeId: NodeId;
  readonly raft: Raft;
  readonly replica: Pick<Replica<never, unknown, unknown>, "last" | "snapshot" | "restore">;
  readonly transport: Transport;
  readonly latestIndex: number;
  readonly clock: Clock;
  /** Runs `deliver` as an input of the loop, unless the node has stopped. */
  readonly input: (deliver: () => void) => void;
  readonly onEvent: (event: SnapshotOutrun | SnapshotPostponed) => void;
  readonly onError: (error: unknown) => void;
};

/** The snapshot work of one node. */
export class SnapshotWork {
  readonly #parts: SnapshotWorkParts;
  readonly #volume = new LogVolume();
  readonly #taker: SnapshotTaker;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  /** No snapshot is taken or received before: the disk was full. */
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SnapshotWorkParts) {
    const { options, transport, nodeId, raft, replica, onError, clock } = parts;
    const { store, everyEntries, everyBytes } = options;
    const header = (to: NodeId) => ({ from: nodeId, to, term: raft.status().term });
    this.#parts = parts;
    const capture = () => {
      const { index, term } = replica.last;
      const position = { index, term, configuration: raft.configurationAt(index) };
      return { position, totalBytes: this.#volume.totalBytes, content: replica.snapshot() };
    };
    this.#taker = new SnapshotTaker({ store, clock, everyEntries, everyBytes, capture }, parts.latestIndex);
    this.#sender = new SnapshotSender({
      store,
      chunkBytes: chunkBytesFor(transport.maxMessageBytes),
      resendMs: RESEND_MS,
      now: () => clock.now(),
      send: (to, chunk) => transport.send({ ...header(to), ...chunk }),
      onError,
    });
    this.#receiver = new SnapshotReceiver({
      store,
      answer: ({ from, lastIncludedIndex }, receivedBytes) =>
        transport.send({ type: "snapshotResponse", ...header(from), lastIncludedIndex, receivedBytes }),
      onComplete: (snapshot) => this.#install(snapshot),
      onError: (error) => this.#failed(error),
    });
  }

  /** Does what the core asks for. */
  perform({ snapshotNeeded, snapshotAnswers, snapshotChunks }: Ready): void {
    for (const peer of snapshotNeeded) this.#sender.begin(peer);
    for (const answer of snapshotAnswers) this.#sender.answered(answer);
    if (this.#isPostponed) return;
    for (const chunk of snapshotChunks) this.#receiver.take(chunk);
  }

  /** Looks at the time and at who still waits for a snapshot. */
  tick(nowMs: number): void {
    const { raft } = this.#parts;
    if (!raft.isLeader) this.#sender.close();
    else if (nowMs >= this.#sender.nextDeadline()) {
      const waiting = raft.status().peers.filter(({ mode }) => mode === "snapshot");
      this.#sender.tick(nowMs, new Map(waiting.map(({ id, matchIndex }) => [id, matchIndex])));
    }
  }

  /** When {@link tick} has something to do; Infinity for never. */
  nextDeadline(): number {
    return this.#sender.nextDeadline();
  }

  /** Takes a snapshot if the log has grown enough. */
  afterApply(entries: readonly Entry[]): void {
    this.#volume.add(entries);
    this.#takeIfDue();
  }

  /** Takes a snapshot of this moment's state and lets the log forget what it contains, but for a tail. */
  async take(): Promise<StoredSnapshot | undefined> {
    try {
      const stored = await this.#taker.take();
      this.#parts.input(() => {
        this.#cutLog(stored.index);
        this.#takeIfDue();
      });
      return stored;
    } catch (error) {
      // A newer one came from the leader meanwhile.
      if (codeOf(error) === "QUORATE_SNAPSHOT_STALE") return undefined;
      throw error;
    }
  }

  #takeIfDue(): void {
    if (this.#isPostponed || !this.#taker.isDue(this.#extent())) return;
    this.take().catch((error: unknown) => this.#failed(error));
  }

  get #isPostponed(): boolean {
    return this.#parts.clock.now() < this.#retryAtMs;
  }

  /** Without space for a snapshot a node goes on as it is; whatever else is wrong with the store ends it. */
  #failed(error: unknown): void {
    const { clock, onError, onEvent } = this.#parts;
    if (codeOf(error) !== "QUORATE_STORAGE_FULL" || !(error instanceof Error)) {
      onError(error);
      return;
    }
    this.#retryAtMs = clock.now() + RETRY_WHEN_FULL_MS;
    onEvent({ type: "snapshotPostponed", detail: error.message, retryInMs: RETRY_WHEN_FULL_MS });
  }

  #extent(): LogExtent {
    return { index: this.#parts.replica.last.index, totalBytes: this.#volume.totalBytes };
  }

  #cutLog(snapshotIndex: number): void {
    const { raft, replica, options, onEvent } = this.#parts;
    const { retainEntries = DEFAULT_RETAIN_ENTRIES, retainBytes = DEFAULT_RETAIN_BYTES } = options;
    const { pinnedBytes = DEFAULT_PINNED_BYTES } = options;
    const tail = Math.max(snapshotIndex - retainEntries, this.#volume.reach(snapshotIndex, retainBytes));
    // A peer that is being sent an older snapshot will need the log right behind it, unless that has become too much: then
    // it will be sent the latest one as well.
    const pinned = Math.max(this.#sender.oldestIndex, this.#volume.reach(replica.last.index, pinnedBytes));
    const firstIndex = raft.compact(Math.min(tail, pinned)).index + 1;
    this.#volume.forget(firstIndex - 1);
    const sendingIndex = this.#sender.oldestIndex;
    if (sendingIndex + 1 < firstIndex) onEvent({ type: "snapshotOutrun", sendingIndex, firstIndex, pinnedBytes });
  }

  close(): Promise<void> {
    this.#sender.close();
    return this.#parts.options.store.close();
  }

  async #install(snapshot: StoredSnapshot): Promise<void> {
    const content = await readSnapshot(this.#parts.options.store);
    const { raft, replica, input } = this.#parts;
    this.#taker.noteLatest({ index: snapshot.index, totalBytes: this.#volume.totalBytes });
    input(() => {
      const { index, term, configuration } = snapshot;
      // The log may have overtaken the snapshot while it was stored; then the state machine is ahead of it.
      if (raft.snapshotInstalled({ index, term, configuration })) replica.restore(content, { index, term });
    });
  }
}

/** What is left beside the rest of a message; half of it at least, however small messages have to be. */
function chunkBytesFor(maxMessageBytes: number): number {
  const room = Math.max(maxMessageBytes - MESSAGE_OVERHEAD_BYTES, Math.floor(maxMessageBytes / 2));
  return Math.min(MAX_CHUNK_BYTES, room);
}
