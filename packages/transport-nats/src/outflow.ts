// Publishing has no back-pressure: the library would take any amount into memory. So bytes count as in flight until the
// broker has confirmed them, bulk waits here until there is room, and what finds no room is dropped.

import type { DropReason, Lane } from "@quorate/contracts";
import type { BrokerLink } from "./broker-link.ts";
import type { NatsLimits } from "./options.ts";

/** One encoded message. */
export type Parcel = { readonly subject: string; readonly bytes: Uint8Array };

/** What waits for one peer on one lane of bulk. */
type Queue = { readonly parcels: Parcel[]; bytes: number };

type Peer = {
  readonly queues: Readonly<Record<BulkLane, Queue>>;
  /** On the control lane, published and not confirmed. */
  controlBytes: number;
};

type BulkLane = Exclude<Lane, "control">;

type Facts = {
  readonly link: Pick<BrokerLink, "isUp" | "epoch" | "publish" | "confirm">;
  readonly limits: Required<NatsLimits>;
  readonly onDropped: (peer: string, lane: Lane, reason: DropReason) => void;
};

/** Bounds what is between this server and the broker, per peer and in all. */
export class Outflow {
  readonly #facts: Facts;
  readonly #peers: Map<string, Peer> = new Map();
  /** Queues with something in them; the first is served next. So a snapshot takes turns with the log, and peers do too. */
  readonly #waiting: Set<Queue> = new Set();
  #queuedBytes = 0;
  /** On the lanes of bulk, published and not confirmed. */
  #windowBytes = 0;
  #isConfirming = false;
  #epoch = 0;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Bytes that are held for a peer: waiting, or not confirmed on the control lane. */
  heldBytes(name: string): number {
    const peer = this.#peers.get(name);
    return peer === undefined ? 0 : peer.queues.append.bytes + peer.queues.snapshot.bytes + peer.controlBytes;
  }

  /** Publishes, queues or drops. While the link is down everything is dropped without a word: nobody could take it. */
  send(name: string, lane: Lane, parcel: Parcel): void {
    const { link } = this.#facts;
    if (!link.isUp) return;
    if (link.epoch !== this.#epoch) this.clear();
    const peer = this.#peer(name);
    const isTaken = lane === "control" ? this.#sendControl(peer, parcel) : this.#queue(peer.queues[lane], lane, parcel);
    if (!isTaken) this.#facts.onDropped(name, lane, "queueFull");
  }

  /** Drops what waits for a peer. What the broker was given already is on its way. */
  forget(name: string): void {
    const { append, snapshot } = this.#peer(name).queues;
    for (const queue of [append, snapshot]) {
      this.#queuedBytes -= queue.bytes;
      this.#waiting.delete(queue);
    }
    this.#peers.delete(name);
  }

  /** Forgets everything: the connection is gone, and what was meant for it must not be sent on the next one. */
  clear(): void {
    this.#peers.clear();
    this.#waiting.clear();
    this.#queuedBytes = 0;
    this.#windowBytes = 0;
    this.#isConfirming = false;
    this.#epoch = this.#facts.link.epoch;
  }

  #sendControl(peer: Peer, parcel: Parcel): boolean {
    if (peer.controlBytes + parcel.bytes.length > this.#facts.limits.controlInFlightBytes) return false;
    peer.controlBytes += parcel.bytes.length;
    this.#publish(parcel);
    return true;
  }

  #queue(queue: Queue, lane: BulkLane, parcel: Parcel): boolean {
    const { appendQueueBytes, snapshotQueueBytes, totalQueueBytes } = this.#facts.limits;
    const size = parcel.bytes.length;
    const mostBytes = lane === "append" ? appendQueueBytes : snapshotQueueBytes;
    if (queue.bytes + size > mostBytes || this.#queuedBytes + size > totalQueueBytes) return false;
    queue.parcels.push(parcel);
    queue.bytes += size;
    this.#queuedBytes += size;
    this.#waiting.add(queue);
    this.#pump();
    return true;
  }

  /** Fills the window from the queues, one message of each in turn. A message larger than the window goes alone. */
  #pump(): void {
    for (const queue of this.#waiting) {
      const [parcel] = queue.parcels;
      const size = parcel?.bytes.length ?? 0;
      if (this.#windowBytes > 0 && this.#windowBytes + size > this.#facts.limits.windowBytes) return;
      this.#waiting.delete(queue);
      if (parcel === undefined) continue;
      queue.parcels.shift();
      queue.bytes -= size;
      this.#queuedBytes -= size;
      this.#windowBytes += size;
      // Behind the others: the loop comes to it again when they have had their turn.
      if (queue.parcels.length > 0) this.#waiting.add(queue);
      this.#publish(parcel);
    }
  }

  #publish(parcel: Parcel): void {
    if (!this.#isConfirming) {
      this.#isConfirming = true;
      // At the end of this turn, and before the library writes: its question goes out in the same write.
      queueMicrotask(() => void this.#confirm());
    }
    this.#facts.link.publish(parcel.subject, parcel.bytes);
  }

  /** Asks the broker whether it has taken everything that was published until now; never twice at a time. */
  async #confirm(): Promise<void> {
    const { link } = this.#facts;
    const epoch = this.#epoch;
    if (link.epoch !== epoch || !link.isUp) return;
    const windowBytes = this.#windowBytes;
    const controlBytes = [...this.#peers.values()].map((peer) => ({ peer, bytes: peer.controlBytes }));
    try {
      await link.confirm();
    } catch {
      return; // the connection is lost, and with it everything that was counted
    }
    if (this.#epoch !== epoch || link.epoch !== epoch) return;
    this.#windowBytes -= windowBytes;
    for (const { peer, bytes } of controlBytes) peer.controlBytes -= bytes;
    this.#isConfirming = false;
    this.#pump();
    if (!this.#isConfirming && this.#hasUnconfirmed()) {
      this.#isConfirming = true;
      void this.#confirm();
    }
  }

  #hasUnconfirmed(): boolean {
    return this.#windowBytes > 0 || [...this.#peers.values()].some((peer) => peer.controlBytes > 0);
  }

  #peer(name: string): Peer {
    const known = this.#peers.get(name);
    if (known !== undefined) return known;
    const queues = { append: { parcels: [], bytes: 0 }, snapshot: { parcels: [], bytes: 0 } };
    const peer: Peer = { queues, controlBytes: 0 };
    this.#peers.set(name, peer);
    return peer;
  }
}
