// The client port without its sockets: everything that the connections of one node share, and the clock that ends slow ones.

import type { Clock } from "@quorate/contracts";
import { defaultSessionLimits } from "../sessions/limits.ts";
import type { ByteChannel, ByteChannelEvents } from "../wire/channel.ts";
import { frameOf } from "../wire/frame.ts";
import { encodeRefusal, type Refusal } from "../wire/handshake.ts";
import { ClientConnection } from "./client-connection.ts";
import { type ClusterFacts, refusalOf } from "./failures.ts";
import { type ClientPortLimits, defaultClientPortLimits } from "./limits.ts";
import { NodeCalls } from "./node-calls.ts";
import type { ServedApplication, ServedNode } from "./served.ts";
import { type Watch, type Watcher, Watches } from "./watches.ts";

/** What a client port is made of. */
export type ClientPortOptions<Query, Answer, Result> = {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly node: ServedNode<Query, Answer, Result>;
  readonly application: ServedApplication<Query, Answer, Result>;
  /** The address of each member's client port, `HOST:PORT`, by node id: where clients are sent to find the leader. */
  readonly addresses: ClusterFacts["addresses"];
  /** `maxInFlight` of the session table's limits, if they are not the defaults. */
  readonly sessionWindow?: number;
  readonly limits?: Partial<ClientPortLimits>;
  readonly clock: Clock;
  /** Called with every error that is a defect of the service. */
  onDefect(error: unknown): void;
  /** A client that was served is served no more: its connection was ended, and it was told why. */
  onExpelled?(expulsion: Expulsion): void;
};

/** Who a client is, as far as its channel knows. */
export type Guest = {
  /** What events call it. */
  readonly name: string;
  /** Why it is not served, undefined if it is. Asked at the hello, every second, and by `judgeAll`. */
  judge(): Refusal | undefined;
};

/** A client whose certificate was accepted when it connected, and is not any more. */
export type Expulsion = {
  /** Its address. */
  readonly client: string;
  readonly code: string;
  /** Why, in words. */
  readonly detail: string;
};

const anybody: Guest = { name: "a client", judge: () => undefined };
const timeCheckMs = 1000;

/** Answers the connections of clients. */
export class ClientPort<Query, Answer, Result> {
  readonly #options: ClientPortOptions<Query, Answer, Result>;
  readonly #limits: ClientPortLimits;
  readonly #calls: NodeCalls<Query, Answer, Result>;
  readonly #watches: Watches<Query, Answer>;
  readonly #facts: ClusterFacts;
  readonly #connections = new Set<ClientConnection>();
  readonly #load = { underWay: 0 };
  #cancelCheck: (() => void) | undefined;
  #isClosing = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: ClientPortOptions<Query, Answer, Result>) {
    const { node, application, clock, nodeId, addresses } = options;
    this.#options = options;
    this.#limits = { ...defaultClientPortLimits, ...options.limits };
    const facts: ClusterFacts = {
      nodeId,
      addresses,
      currentStatus: () => node.currentStatus(),
      onDefect: (error) => options.onDefect(error),
    };
    this.#facts = facts;
    this.#calls = new NodeCalls(node, application, facts);
    this.#watches = new Watches({ node, application, facts, clock, limits: this.#limits });
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Requests that are under way. */
  get underWay(): number {
    return this.#load.underWay;
  }

  /** Watches that are under way. */
  get watches(): number {
    return this.#watches.count;
  }

  /** Takes a connection. The events of its channel go to what is returned. */
  accept(channel: ByteChannel, guest: Guest = anybody): ByteChannelEvents {
    const { clusterId, nodeId, clock, sessionWindow = defaultSessionLimits.maxInFlight } = this.#options;
    if (this.#isClosing || this.#connections.size >= this.#limits.maxConnections) return turnAway(channel);
    const connection: ClientConnection = new ClientConnection(channel, {
      clusterId,
      nodeId,
      sessionWindow,
      clock,
      limits: this.#limits,
      load: this.#load,
      answer: (call, onAnswer) => this.#calls.answer(call, onAnswer),
      watch: (query, minIndex, watcher) => this.#watch(query, minIndex, watcher),
      judge: () => guest.judge(),
      onExpelled: ({ code, message }) => this.#options.onExpelled?.({ client: guest.name, code, detail: message }),
      onEnd: () => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#onEmpty?.();
      },
    });
    this.#connections.add(connection);
    this.#scheduleCheck();
    return {
      onData: (bytes) => connection.onData(bytes),
      onDrain: () => connection.onDrain(),
      onClose: () => connection.onClose(),
    };
  }

  /** Ends the connections of clients that are not to be served any more. */
  judgeAll(): void {
    for (const connection of this.#connections) connection.judge();
  }

  /** Takes no more connections and requests, answers those under way for at most `graceMs`, then ends all connections. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#watches.close();
    for (const connection of this.#connections) connection.end();
    if (this.#connections.size > 0) {
      const { clock } = this.#options;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.schedule(clock.now() + graceMs, resolve);
      this.#onEmpty = resolve;
      await promise;
      cancel();
    }
    for (const connection of this.#connections) connection.destroy();
    this.#cancelCheck?.();
  }

  #watch(bytes: Uint8Array, minIndex: number, watcher: Watcher): Watch | undefined {
    let query: Query;
    try {
      query = this.#options.application.query(bytes);
    } catch (error) {
      watcher.onAnswer(refusalOf(error, this.#facts));
      return undefined;
    }
    return this.#watches.begin(query, minIndex, watcher);
  }

  #scheduleCheck(): void {
    if (this.#cancelCheck !== undefined) return;
    const { clock } = this.#options;
    this.#cancelCheck = clock.schedule(clock.now() + timeCheckMs, () => {
      this.#cancelCheck = undefined;
      for (const connection of this.#connections) connection.checkTime(clock.now());
      this.judgeAll();
      if (this.#connections.size > 0) this.#scheduleCheck();
    });
  }
}

function turnAway(channel: ByteChannel): ByteChannelEvents {
  const hint = "Retry after a moment, or at another node.";
  channel.write(frameOf("refusal", encodeRefusal({ code: "QUORATE_BUSY", message: "no more connections", hint })));
  channel.end();
  return { onData: () => {}, onDrain: () => {}, onClose: () => {} };
}
