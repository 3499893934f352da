// A bad network around any transport: messages are lost, doubled, delayed and overtaken, and servers cannot see each
// other, as the test or the demonstration says. Without faults it changes nothing.

import type {
  Clock,
  PeerDirectory,
  Random,
  Transport,
  TransportEvent,
  TransportIdentity,
  TransportReceiver,
} from "@quorate/contracts";
import { laneOf } from "@quorate/contracts";

type Message = Parameters<Transport["send"]>[0];

/** What happens to messages in one direction; chances are 0 to 1. */
export type LinkFaults = {
  /** Chance to be lost. */
  readonly drop?: number;
  /** Chance to be sent twice; each copy has a delay of its own. */
  readonly duplicate?: number;
  /** Every message waits between these two, in ms. */
  readonly delayMs?: readonly [number, number];
  /** Chance to be held back until the next message in this direction has gone, or `holdMs` have passed. */
  readonly reorder?: number;
};

/** One direction between two servers; left out: from or to everybody. */
export type FaultyLink = { readonly from?: string; readonly to?: string };

/** What a bad network needs, and its bounds. */
export type FaultyNetworkOptions = {
  readonly clock: Clock;
  /** Decides about chances and delays. Default `Math.random`; give a seeded one to repeat a run. */
  readonly random?: Random;
  /** How long a message that is to be overtaken waits for the next one, in ms. Default 50, at least 0. */
  readonly holdMs?: number;
  /** Messages that wait in all wrapped transports together; more are lost. Default 10,000, at least 1. */
  readonly maxWaiting?: number;
};

/** How often each fault has happened. */
export type FaultCounts = {
  readonly dropped: number;
  readonly duplicated: number;
  readonly delayed: number;
  readonly reordered: number;
  /** Messages that a cut or a partition kept away, on either side. */
  readonly cut: number;
  /** Messages that were lost because too many waited. */
  readonly overflowed: number;
};

/** The faults of one process; wraps one transport or many. In a cluster of processes, each has its own. */
export type FaultyNetwork = {
  /** The same transport with this network's faults. */
  wrap(transport: Transport): Transport;
  /** From now on these are the faults of a direction; `{}` ends them. The latest call that names a direction counts. */
  set(link: FaultyLink, faults: LinkFaults): void;
  /** Nothing gets through in this direction any more, also not what is under way. */
  cut(link: FaultyLink): void;
  /** Servers of different groups do not hear each other; those in no group hear everybody. Replaces an earlier partition. */
  partition(...groups: readonly (readonly string[])[]): void;
  /** Ends all cuts, the partition and all faults. What waits is still sent. */
  heal(): void;
  readonly counts: FaultCounts;
};

/**
 * Makes a network without faults.
 *
 * Faults strike once, on the sender's side; cuts and partitions also keep away what arrives from a process without faults.
 */
export function faultyNetwork(options: FaultyNetworkOptions): FaultyNetwork {
  const state = new FaultState(options);
  return {
    wrap: (transport) => new FaultyTransport(transport, state),
    set: (link, faults) => state.set(link, faults),
    cut: (link) => state.cut(link),
    partition: (...groups) => state.partition(groups),
    heal: () => state.heal(),
    get counts() {
      return { ...state.counts };
    },
  };
}

/** What the transports of one faulty network share. */
class FaultState {
  readonly clock: Clock;
  readonly random: Random;
  readonly holdMs: number;
  readonly maxWaiting: number;
  readonly counts = { dropped: 0, duplicated: 0, delayed: 0, reordered: 0, cut: 0, overflowed: 0 };
  waiting = 0;
  #rules: readonly { readonly link: FaultyLink; readonly faults: LinkFaults }[] = [];
  #cuts: readonly FaultyLink[] = [];
  #groups: readonly (readonly string[])[] = [];

  constructor(options: FaultyNetworkOptions) {
    this.clock = options.clock;
    this.random = options.random ?? Math.random;
    this.holdMs = options.holdMs ?? 50;
    this.maxWaiting = options.maxWaiting ?? 10_000;
  }

  set(link: FaultyLink, faults: LinkFaults): void {
    const others = this.#rules.filter((rule) => rule.link.from !== link.from || rule.link.to !== link.to);
    this.#rules = [...others, { link, faults }];
  }

  cut(link: FaultyLink): void {
    this.#cuts = [...this.#cuts, link];
  }

  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = groups;
  }

  heal(): void {
    this.#rules = [];
    this.#cuts = [];
    this.#groups = [];
  }

  faultsOf(message: Message): LinkFaults {
    return this.#rules.findLast(({ link }) => covers(link, message))?.faults ?? {};
  }

  /** Whether a cut or a partition stands between sender and receiver; counts it. */
  isCut(message: Message): boolean {
    if (!this.#isApart(message) && !this.#cuts.some((link) => covers(link, message))) return false;
    this.counts.cut += 1;
    return true;
  }

  #isApart({ from, to }: Message): boolean {
    const groupOf = (server: string) => this.#groups.findIndex((group) => group.includes(server));
    const [sender, receiver] = [groupOf(from), groupOf(to)];
    return sender !== receiver && sender !== -1 && receiver !== -1;
  }

  happens(chance: number | undefined): boolean {
    return chance !== undefined && this.random() < chance;
  }
}

class FaultyTransport implements Transport {
  readonly #inner: Transport;
  readonly #state: FaultState;
  #receiver: TransportReceiver | undefined;
  /** Ends the waiting of each message that waits. */
  readonly #waiting: Set<() => void> = new Set();
  /** By peer: sends the message that is held back until the next one has gone. */
  readonly #held: Map<string, () => void> = new Map();
  #isOpen = false;

  constructor(inner: Transport, state: FaultState) {
    this.#inner = inner;
    this.#state = state;
  }

  get maxMessageBytes(): number {
    return this.#inner.maxMessageBytes;
  }

  async start(receiver: TransportReceiver): Promise<void> {
    this.#receiver = receiver;
    await this.#inner.start(new FaultyReceiver(receiver, this.#state));
    this.#isOpen = true;
  }

  setPeers(peers: PeerDirectory): void {
    this.#inner.setPeers(peers);
  }

  send(message: Message): void {
    const { counts } = this.#state;
    const { drop, duplicate, reorder } = this.#state.faultsOf(message);
    if (!this.#isOpen || this.#state.isCut(message)) return;
    if (this.#state.happens(drop)) {
      counts.dropped += 1;
      return;
    }
    if (this.#state.happens(duplicate)) {
      counts.duplicated += 1;
      this.#delay(message);
    }
    if (this.#state.happens(reorder) && !this.#held.has(message.to)) this.#hold(message);
    else this.#delay(message);
  }

  close(): Promise<void> {
    this.#isOpen = false;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
    this.#held.clear();
    return this.#inner.close();
  }

  #delay(message: Message): void {
    const [leastMs, mostMs] = this.#state.faultsOf(message).delayMs ?? [0, 0];
    const delayMs = leastMs + this.#state.random() * (mostMs - leastMs);
    if (delayMs > 0) {
      this.#state.counts.delayed += 1;
      this.#later(message, delayMs);
      return;
    }
    this.#forward(message);
  }

  /** Lets the next message in this direction overtake. */
  #hold(message: Message): void {
    this.#state.counts.reordered += 1;
    const sendNow = this.#later(message, this.#state.holdMs);
    if (sendNow !== undefined) this.#held.set(message.to, sendNow);
  }

  /** Sends after a while. Returns a function that sends at once; undefined if too many wait already. */
  #later(message: Message, delayMs: number): (() => void) | undefined {
    const { clock, counts, maxWaiting } = this.#state;
    if (this.#state.waiting >= maxWaiting) {
      counts.overflowed += 1;
      this.#receiver?.onEvent(describeOverflow(message));
      return undefined;
    }
    this.#state.waiting += 1;
    const end = (): void => {
      cancelTimer();
      this.#waiting.delete(end);
      this.#state.waiting -= 1;
    };
    const sendNow = (): void => {
      end();
      if (this.#held.get(message.to) === sendNow) this.#held.delete(message.to);
      // A partition that came up meanwhile also stops what is under way.
      if (!this.#state.isCut(message)) this.#forward(message);
    };
    const cancelTimer = clock.schedule(clock.now() + delayMs, sendNow);
    this.#waiting.add(end);
    return sendNow;
  }

  #forward(message: Message): void {
    this.#inner.send(message);
    const overtaken = this.#held.get(message.to);
    this.#held.delete(message.to);
    overtaken?.();
  }
}

/** Hands on what a partition does not keep away. */
class FaultyReceiver implements TransportReceiver {
  readonly #receiver: TransportReceiver;
  readonly #state: FaultState;

  constructor(receiver: TransportReceiver, state: FaultState) {
    this.#receiver = receiver;
    this.#state = state;
  }

  get identity(): TransportIdentity {
    return this.#receiver.identity;
  }

  onMessage(message: Message, incarnation: string): void {
    if (!this.#state.isCut(message)) this.#receiver.onMessage(message, incarnation);
  }

  onEvent(event: TransportEvent): void {
    this.#receiver.onEvent(event);
  }
}

function covers(link: FaultyLink, { from, to }: Message): boolean {
  return (link.from === undefined || link.from === from) && (link.to === undefined || link.to === to);
}

function describeOverflow(message: Message): TransportEvent {
  return { type: "messagesDropped", peer: message.to, lane: laneOf[message.type], count: 1, reason: "queueFull" };
}
