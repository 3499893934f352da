// Messages between servers of one process, by reference: the shortest correct transport, and one whose links tests can cut.

import type { PeerDirectory, Transport, TransportEvent, TransportReceiver } from "@quorate/contracts";
import { laneOf } from "@quorate/contracts";

type Message = Parameters<Transport["send"]>[0];

/** How a network in memory delivers. */
export type MemoryNetworkOptions = {
  /** Runs a delivery soon, never inside the call. Default `queueMicrotask`; a test may collect and order deliveries. */
  readonly defer?: (deliver: () => void) => void;
  /** Messages under way to one server; more are dropped. Default 10,000, at least 1. */
  readonly maxInFlight?: number;
};

/** One direction of a connection between two servers. */
export type MemoryLink = {
  readonly from: string;
  readonly to: string;
};

/** The servers of one process that can reach each other. */
export type MemoryNetwork = {
  /** A transport for this server. It joins the network at `start` and takes the place of an earlier one of that name. */
  transport(nodeId: string): Transport;
  /** Drops everything sent in this direction from now on, and what is under way. */
  cut(link: MemoryLink): void;
  /** Repairs all links. */
  heal(): void;
};

/** What the members of one network share. */
type Wires = {
  readonly members: Map<string, Member>;
  readonly cutLinks: Set<string>;
  readonly defer: (deliver: () => void) => void;
  readonly maxInFlight: number;
};

type Member = {
  readonly receiver: TransportReceiver;
  inFlight: number;
  /** Whether this server talks to that one. */
  knows(peer: string): boolean;
};

/**
 * Makes a network without members. Messages are neither copied nor measured, so `maxMessageBytes` is as good as endless.
 * In order per pair of servers as long as `defer` keeps its order.
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const wires: Wires = {
    members: new Map(),
    cutLinks: new Set(),
    defer: options.defer ?? queueMicrotask,
    maxInFlight: options.maxInFlight ?? 10_000,
  };
  return {
    transport: (nodeId) => new MemoryTransport(nodeId, wires),
    cut: (link) => wires.cutLinks.add(linkKey(link)),
    heal: () => wires.cutLinks.clear(),
  };
}

class MemoryTransport implements Transport {
  readonly maxMessageBytes: number = Number.MAX_SAFE_INTEGER;
  readonly #nodeId: string;
  readonly #wires: Wires;
  #self: Member | undefined;
  #peers: ReadonlySet<string> | undefined;

  constructor(nodeId: string, wires: Wires) {
    this.#nodeId = nodeId;
    this.#wires = wires;
  }

  start(receiver: TransportReceiver): Promise<void> {
    this.#self = { receiver, inFlight: 0, knows: (peer) => this.#peers?.has(peer) ?? true };
    this.#wires.members.set(this.#nodeId, this.#self);
    return Promise.resolve();
  }

  setPeers(peers: PeerDirectory): void {
    this.#peers = new Set(peers.keys());
  }

  send(message: Message): void {
    const { members, cutLinks, defer, maxInFlight } = this.#wires;
    const sender = this.#self;
    const target = members.get(message.to);
    if (sender === undefined || target === undefined || message.to === this.#nodeId) return;
    if (!sender.knows(message.to)) return;
    if (sender.receiver.identity.clusterId !== target.receiver.identity.clusterId) return;
    if (target.inFlight >= maxInFlight) {
      sender.receiver.onEvent(describeDrop(message));
      return;
    }
    target.inFlight += 1;
    const { incarnation } = sender.receiver.identity;
    defer(() => {
      target.inFlight -= 1;
      const isCut = cutLinks.has(linkKey({ from: this.#nodeId, to: message.to }));
      if (isCut || !target.knows(message.from)) return;
      // The receiver may have been closed or replaced since: then it is no longer the member of that name.
      if (members.get(message.to) === target) target.receiver.onMessage(message, incarnation);
    });
  }

  close(): Promise<void> {
    const { members } = this.#wires;
    if (this.#self !== undefined && members.get(this.#nodeId) === this.#self) members.delete(this.#nodeId);
    this.#self = undefined;
    return Promise.resolve();
  }
}

function linkKey(link: MemoryLink): string {
  return JSON.stringify([link.from, link.to]);
}

function describeDrop(message: Message): TransportEvent {
  return { type: "messagesDropped", peer: message.to, lane: laneOf[message.type], count: 1, reason: "queueFull" };
}
