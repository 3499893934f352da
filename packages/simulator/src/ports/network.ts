// The network between all nodes: it loses, repeats, delays and reorders messages, brings old ones back, and has links that
// can be cut in each direction.

import type { Message, Transport, TransportReceiver } from "@quorate/contracts";
import type { SeededRandom } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { Process } from "./process.ts";

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
  delivered: number;
};

/** How many old messages are kept for replay: those of the last few seconds. */
const REMEMBERED_MESSAGES = 2_048;

type Seat = { readonly process: Process; readonly receiver: TransportReceiver };

/** One direction between two nodes. */
export type Link = { readonly from: string; readonly to: string };

type LinkState = { cuts: number; lastArrivalSentMs: number };

/** The network of one cluster. */
export class Network {
  readonly behaviour: NetworkBehaviour;
  readonly counters: NetworkCounters = { loss: 0, duplicate: 0, replay: 0, delay: 0, reorder: 0, cut: 0, delivered: 0 };
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #links = new Map<string, Map<string, LinkState>>();
  readonly #seats = new Map<string, Seat>();
  #remembered: Message[] = [];
  #sent = 0;

  constructor(options: { readonly world: World; readonly random: SeededRandom; readonly behaviour: NetworkBehaviour }) {
    this.#world = options.world;
    this.#random = options.random;
    this.behaviour = options.behaviour;
  }

  /** A node begins to listen. */
  join(nodeId: string, seat: Seat): void {
    this.#seats.set(nodeId, seat);
  }

  /** A node stops to listen. */
  leave(nodeId: string, process: Process): void {
    if (this.#seats.get(nodeId)?.process === process) this.#seats.delete(nodeId);
  }

  /** Cuts links; each must be restored as often as it was cut. */
  cut(links: readonly Link[]): void {
    for (const { from, to } of links) this.#link(from, to).cuts += 1;
  }

  /** Restores links that were cut. */
  restore(links: readonly Link[]): void {
    for (const { from, to } of links) {
      const link = this.#link(from, to);
      link.cuts = Math.max(0, link.cuts - 1);
    }
  }

  /** Ends every misbehaviour and restores all links. Messages that are late stay late. */
  heal(): void {
    Object.assign(this.behaviour, { loss: 0, duplicate: 0, replay: 0, delay: 0 });
    for (const links of this.#links.values()) for (const link of links.values()) link.cuts = 0;
    this.#remembered = [];
  }

  send(message: Message): void {
    const { loss, duplicate, replay } = this.behaviour;
    if (this.#random.chance(loss)) {
      this.counters.loss += 1;
      return;
    }
    this.#travel(message);
    if (this.#random.chance(duplicate)) {
      this.counters.duplicate += 1;
      this.#travel(message);
    }
    if (replay === 0) return;
    if (this.#remembered.length > 0 && this.#random.chance(replay)) {
      this.counters.replay += 1;
      this.#travel(this.#random.pick(this.#remembered));
    }
    this.#remembered[this.#sent % REMEMBERED_MESSAGES] = message;
    this.#sent += 1;
  }

  #travel(message: Message): void {
    const sentMs = this.#world.nowMs;
    this.#world.after(this.#delayMs(), () => this.#arrive(message, sentMs));
  }

  #delayMs(): number {
    const { delay, usualDelayMs, maxDelayMs } = this.behaviour;
    if (!this.#random.chance(delay)) return this.#random.between(...usualDelayMs);
    this.counters.delay += 1;
    return this.#random.heavyTail(20, maxDelayMs);
  }

  #arrive(message: Message, sentMs: number): void {
    const link = this.#link(message.from, message.to);
    if (link.cuts > 0) {
      this.counters.cut += 1;
      return;
    }
    const seat = this.#seats.get(message.to);
    if (seat === undefined) return;
    if (sentMs < link.lastArrivalSentMs) this.counters.reorder += 1;
    else link.lastArrivalSentMs = sentMs;
    this.counters.delivered += 1;
    this.#world.trace.note(this.#world.nowMs, message.type, message.to, message.term, message);
    if (seat.process.isPaused) seat.process.post(0, () => seat.receiver.onMessage(message));
    else if (seat.process.isAlive) seat.receiver.onMessage(message);
  }

  #link(from: string, to: string): LinkState {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = { cuts: 0, lastArrivalSentMs: 0 };
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
  #isOpen = false;

  constructor(options: {
    readonly nodeId: string;
    readonly network: Network;
    readonly process: Process;
    readonly maxMessageBytes: number;
    /** Sees every message that really leaves. */
    readonly onSend: (message: Message) => void;
  }) {
    this.#nodeId = options.nodeId;
    this.#network = options.network;
    this.#process = options.process;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#onSend = options.onSend;
  }

  start(receiver: TransportReceiver): Promise<void> {
    this.#isOpen = true;
    this.#network.join(this.#nodeId, { process: this.#process, receiver });
    return Promise.resolve();
  }

  /** Everybody in a simulated cluster can be reached: who may be listened to is the core's affair there. */
  setPeers(): void {}

  send(message: Message): void {
    if (!this.#isOpen || message.to === this.#nodeId || !this.#process.mayAct()) return;
    this.#onSend(message);
    this.#network.send(message);
  }

  close(): Promise<void> {
    this.#isOpen = false;
    this.#network.leave(this.#nodeId, this.#process);
    return Promise.resolve();
  }
}
