// A broker, servers connected to it, and everything that they report.

import type { TransportEvent, TransportIdentity } from "@quorate/contracts";
import { plainCodec } from "@quorate/contracts/conformance";
import { type NatsTransport, natsTransport, type NatsTransportOptions, type OwnConnection } from "../src/index.ts";
import { NatsServer } from "../src/test-server.ts";
import { eventually } from "./eventually.ts";

export type Message = Parameters<NatsTransport["send"]>[0];

/** One started transport and what it was told. */
export type Actor = {
  readonly nodeId: string;
  readonly transport: NatsTransport;
  readonly messages: Message[];
  readonly events: TransportEvent[];
};

type Settings = Omit<Partial<NatsTransportOptions & OwnConnection>, "connection"> & {
  readonly identity?: Partial<TransportIdentity>;
};

/** Fast enough for tests, slow enough for a busy machine. */
export const quick: Settings = { timeouts: { pingMs: 200 }, reconnect: { minMs: 10, maxMs: 30 } };

/** A broker and its servers; `await using` ends them all. */
export class Stage {
  readonly broker: NatsServer;
  readonly #transports: NatsTransport[] = [];
  #round = 1_000_000;

  private constructor(broker: NatsServer) {
    this.broker = broker;
  }

  static async open(config = ""): Promise<Stage> {
    return new Stage(await NatsServer.start({ download: true, config }));
  }

  make(settings: Settings = {}): NatsTransport {
    const transport = natsTransport({ servers: this.broker.url, codec: plainCodec(), ...quick, ...settings });
    this.#transports.push(transport);
    return transport;
  }

  /** A transport that is ready to start, and how to start it. */
  prepare(nodeId: string, settings: Settings = {}): Actor & { start(): Promise<void> } {
    const transport = this.make(settings);
    const actor: Actor = { nodeId, transport, messages: [], events: [] };
    const start = () =>
      transport.start({
        identity: { clusterId: "c-1", nodeId, incarnation: `${nodeId}-i`, ...settings.identity },
        onMessage: (message) => actor.messages.push(message),
        onEvent: (event) => actor.events.push(event),
      });
    return { ...actor, start };
  }

  async start(nodeId: string, settings: Settings = {}): Promise<Actor> {
    const actor = this.prepare(nodeId, settings);
    await actor.start();
    return actor;
  }

  /** Sends markers, whose rounds are above a million, until one arrives. */
  async untilDelivered(from: Actor, to: Actor): Promise<void> {
    const first = this.#round + 1;
    await eventually(() => {
      this.#round += 1;
      from.transport.send(beat(from.nodeId, to.nodeId, this.#round));
      if (!roundsOf(to).some((round) => round >= first)) throw new Error(`nothing from ${from.nodeId} at ${to.nodeId}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.broker.resume();
    await Promise.all(this.#transports.map((transport) => transport.close()));
    await this.broker.close();
  }
}

/** A message on the control lane. */
export function beat(from: string, to: string, round = 1): Message {
  return { type: "heartbeatRequest", from, to, term: 1, commitIndex: 0, round };
}

/** A message on the append lane that carries this many bytes. */
export function append(from: string, to: string, dataBytes: number): Message {
  const entry = { index: 1, term: 1, kind: "command", data: new Uint8Array(dataBytes).fill(7) } as const;
  return {
    type: "appendRequest",
    from,
    to,
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [entry],
    leaderCommit: 0,
  };
}

/** Rounds of the heartbeats that arrived, in order of arrival. */
export function roundsOf(actor: Actor): readonly number[] {
  return actor.messages.flatMap((message) => (message.type === "heartbeatRequest" ? [message.round] : []));
}

/** The rounds that are not markers. */
export function plainRoundsOf(actor: Actor): readonly number[] {
  return roundsOf(actor).filter((round) => round < 1_000_000);
}

/** All events of a type that an actor reported. */
export function eventsOf<Type extends TransportEvent["type"]>(
  actor: Actor,
  type: Type,
): readonly Extract<TransportEvent, { type: Type }>[] {
  return actor.events.filter((event): event is Extract<TransportEvent, { type: Type }> => event.type === type);
}
