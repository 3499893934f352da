// The network between all nodes: it loses, repeats, delays and reorders messages, brings old ones back, and has links that
// can be cut in each direction.

import type { Codec, Message, Transport, TransportReceiver } from "@quorate/contracts";
import type { LinkName } from "../faults/action.ts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { ChunkWatch } from "./chunk-watch.ts";
import type { Process } from "./process.ts";
import { received, type Sent } from "./wire.ts";

/** How the network treats a message. Probabilities per message, times in ms. */
export type NetworkBehaviour = {
  loss: number;
  duplicate: number;
  /** Probability that an old message is delivered once more along with a new one. */
  replay: number;
  /** Probability of a long delay. */
  delay: number;
  /** The longest delay. */
  readonly maxDelayMs: number;
  readonly usualDelayMs: readonly [number, number];
};

/** What the network has done. */
export type NetworkCounters = {
  loss: number;
  duplicate: number;
  replay: number;
  delay: number;
  reorder: number;
  cut: number;
  clogged: number;
  delivered: number;
  /** Bytes that the receiver could not read. */
  unreadable: number;
  /** Delivered, but sent from a store that its server has lost since. */
  ofLostStore: number;
};

/** How many old messages of each type are kept for replay: those of the last few seconds. */
const REMEMBERED_MESSAGES = 256;

/** A process that listens, and the store that it uses. */
type Seat = {
  readonly process: Process;
  readonly incarnation: string;
  /** `incarnation` names the store of the sender. */
  readonly onMessage: (message: Message, incarnation: string) => void;
  /** How the listening build reads. */
  readonly codec?: Codec | undefined;
};

type LinkState = {
  cuts: number;
  lastArrivalSentMs: number;
  /** How long a slow link takes for one message; 0 for a link that is not slow. */
  messageMs: number;
  /** Until when a slow link is busy with what was sent before. */
  busyUntilMs: number;
};

/** What would wait longer than this at a slow link is dropped: queues have bounds. */
const MAX_QUEUE_MS = 2_000;

/** The network of one cluster. */
export class Network {
  readonly behaviour: NetworkBehaviour;
  readonly counters: NetworkCounters = {
    loss: 0,
    duplicate: 0,
    replay: 0,
    delay: 0,
    reorder: 0,
    cut: 0,
    clogged: 0,
    delivered: 0,
    unreadable: 0,
    ofLostStore: 0,
  };
  readonly chunks: ChunkWatch = new ChunkWatch();
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #links = new Map<string, Map<string, LinkState>>();
  readonly #seats = new Map<string, Seat>();
  /** The store that each server has used last. */
  readonly #incarnations = new Map<string, string>();
  /** By type, so that the rare ones come again as often as the heartbeats. */
  readonly #remembered = new Map<string, Sent[]>();
  #sent = 0;

  constructor(options: { readonly world: World; readonly random: SeededRandom; readonly behaviour: NetworkBehaviour }) {
    this.#world = options.world;
    this.#random = options.random;
    this.behaviour = options.behaviour;
  }

  /** A node begins to listen. */
  join(nodeId: string, seat: Seat): void {
    this.#seats.set(nodeId, seat);
    this.#incarnations.set(nodeId, seat.incarnation);
  }

  /** A node stops to listen. */
  leave(nodeId: string, process: Process): void {
    if (this.#seats.get(nodeId)?.process === process) this.#seats.delete(nodeId);
  }

  /** Cuts links; each must be restored as often as it was cut. */
  cut(links: readonly LinkName[]): void {
    for (const name of links) this.#named(name).cuts += 1;
  }

  /** Restores links that were cut. */
  restore(links: readonly LinkName[]): void {
    for (const name of links) {
      const link = this.#named(name);
      link.cuts = Math.max(0, link.cuts - 1);
    }
  }

  /** Links take so long for each message from now on; 0 makes them fast again. */
  slow(links: readonly LinkName[], messageMs: number): void {
    for (const name of links) this.#named(name).messageMs = messageMs;
  }

  /** Ends every misbehaviour and restores all links. Messages that are late stay late. */
  heal(): void {
    Object.assign(this.behaviour, { loss: 0, duplicate: 0, replay: 0, delay: 0 });
    for (const links of this.#links.values()) {
      for (const link of links.values()) Object.assign(link, { cuts: 0, messageMs: 0 });
    }
    this.#remembered.clear();
  }

  send(sent: Sent): void {
    const { loss, duplicate, replay } = this.behaviour;
    if (this.#random.chance(loss)) {
      this.counters.loss += 1;
      this.chunks.lost(sent.message);
      return;
    }
    this.#travel(sent);
    if (this.#random.chance(duplicate)) {
      this.counters.duplicate += 1;
      this.#travel(sent);
    }
    if (replay === 0) return;
    if (this.#remembered.size > 0 && this.#random.chance(replay)) {
      this.counters.replay += 1;
      this.#travel(this.#random.pick(this.#random.pick([...this.#remembered.values()])));
    }
    this.#remember(sent);
  }

  #remember(sent: Sent): void {
    const { type } = sent.message;
    const alike = this.#remembered.get(type) ?? [];
    this.#remembered.set(type, alike);
    if (alike.length < REMEMBERED_MESSAGES) alike.push(sent);
    else alike[this.#sent % REMEMBERED_MESSAGES] = sent;
    this.#sent += 1;
  }

  #travel(sent: Sent): void {
    const sentMs = this.#world.nowMs;
    const queueMs = this.#queueMs(sent.message);
    if (queueMs === undefined) this.counters.clogged += 1;
    else this.#world.after(this.#delayMs() + queueMs, () => this.#arrive(sent, sentMs));
  }

  /** How long a message waits at a slow link; undefined if the queue there is full. */
  #queueMs({ from, to }: Message): number | undefined {
    const link = this.#link(from, to);
    if (link.messageMs === 0) return 0;
    const { nowMs } = this.#world;
    const freeMs = Math.max(nowMs, link.busyUntilMs) + link.messageMs;
    if (freeMs - nowMs > MAX_QUEUE_MS) return undefined;
    link.busyUntilMs = freeMs;
    return freeMs - nowMs;
  }

  #delayMs(): number {
    const { delay, usualDelayMs, maxDelayMs } = this.behaviour;
    if (!this.#random.chance(delay)) return this.#random.between(...usualDelayMs);
    this.counters.delay += 1;
    return this.#random.heavyTail(20, maxDelayMs);
  }

  #arrive(sent: Sent, sentMs: number): void {
    const link = this.#link(sent.message.from, sent.message.to);
    if (link.cuts > 0) {
      this.counters.cut += 1;
      this.chunks.lost(sent.message);
      return;
    }
    const seat = this.#seats.get(sent.message.to);
    if (seat === undefined) return;
    if (sentMs < link.lastArrivalSentMs) this.counters.reorder += 1;
    else link.lastArrivalSentMs = sentMs;
    const arrived = received(sent, seat.codec);
    if (arrived === undefined) {
      this.counters.unreadable += 1;
      return;
    }
    this.counters.delivered += 1;
    const { message, incarnation } = arrived;
    if (incarnation !== this.#incarnations.get(message.from)) this.counters.ofLostStore += 1;
    this.chunks.arrived(message);
    this.#world.trace.note(this.#world.nowMs, message.type, message.to, message.term, message);
    if (seat.process.isPaused) seat.process.post(0, () => seat.onMessage(message, incarnation));
    else if (seat.process.isAlive) seat.onMessage(message, incarnation);
  }

  #named(name: LinkName): LinkState {
    const [from = "", to = ""] = name.split(">");
    return this.#link(from, to);
  }

  #link(from: string, to: string): LinkState {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = { cuts: 0, lastArrivalSentMs: 0, messageMs: 0, busyUntilMs: 0 };
      links.set(to, link);
    }
    return link;
  }
}

/** The transport that one process of a node sees. */
export class SimulatedTransport implements Transport {
  readonly maxMessageBytes: number;
  readonly #nodeId: string;
  readonly #network: Network;
  readonly #process: Process;
  readonly #onSend: (message: Message) => void;
  readonly #codec: Codec | undefined;
  #isOpen = false;
  #sender = { incarnation: "", clusterId: "" };

  constructor(options: {
    readonly nodeId: string;
    readonly network: Network;
    readonly process: Process;
    readonly maxMessageBytes: number;
    /** How the node's build writes and reads messages. */
    readonly codec?: Codec | undefined;
    /** Sees every message that really leaves. */
    readonly onSend: (message: Message) => void;
  }) {
    this.#nodeId = options.nodeId;
    this.#network = options.network;
    this.#process = options.process;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#onSend = options.onSend;
    this.#codec = options.codec;
  }

  start(receiver: TransportReceiver): Promise<void> {
    this.#isOpen = true;
    this.#sender = receiver.identity;
    this.#network.join(this.#nodeId, {
      process: this.#process,
      incarnation: receiver.identity.incarnation,
      onMessage: (message, incarnation) => receiver.onMessage(message, incarnation),
      codec: this.#codec,
    });
    return Promise.resolve();
  }

  /** Everybody in a simulated cluster can be reached: who may be listened to is the core's affair there. */
  setPeers(): void {}

  send(message: Message): void {
    if (!this.#isOpen || message.to === this.#nodeId || !this.#process.mayAct()) return;
    this.#onSend(message);
    const { incarnation, clusterId } = this.#sender;
    this.#network.send({ message, incarnation, clusterId, codec: this.#codec });
  }

  close(): Promise<void> {
    this.#isOpen = false;
    this.#network.leave(this.#nodeId, this.#process);
    return Promise.resolve();
  }
}
