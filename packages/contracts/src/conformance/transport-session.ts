// Servers under test on one network: starting them, seeing what they receive, and sending until something arrives.

import type { Entry, Message } from "@quorate/core";
import type { Transport, TransportEvent, TransportIdentity, TransportReceiver } from "../transport.ts";
import { assertThat, eventually, type TestFramework } from "./harness.ts";

/** A place where transports can find each other by node id. */
export type TransportNetwork = {
  /** A transport that was not started yet. Called again for the same node id after the earlier one was closed. */
  transport(nodeId: string): Transport;
  /** Called after each test, when all its transports are closed. */
  close?(): Promise<void>;
};

/** What the suite must know about a transport. */
export type TransportConformance = {
  /** Shown in the titles of the tests. */
  readonly name: string;
  /** A fresh network for one test; the suite uses the node ids n1 to n3 on it, and n9, which never starts. */
  newNetwork(): TransportNetwork | Promise<TransportNetwork>;
  /** Bytes of entry data that surely fit into one message. Default: `maxMessageBytes` less 4 KiB, at most 8 MiB. */
  readonly largestDataBytes?: number;
  /** Set, with the reason, if messages of any size are carried: the laws about size are then skipped. */
  readonly hasNoSizeLimit?: string;
  /** Sends these bytes to where a started server listens, as somebody who does not speak the protocol. */
  readonly sendNoise?: (server: TestServer, bytes: Uint8Array) => Promise<void>;
  /** Counts what keeps the process alive on behalf of transports: sockets, for example. */
  readonly openHandles?: () => number;
};

/** One started server: its transport and everything it was told. */
export class TestServer {
  readonly nodeId: string;
  readonly transport: Transport;
  readonly messages: Message[] = [];
  /** From which store each message came. */
  readonly incarnations: string[] = [];
  readonly events: TransportEvent[] = [];
  /** Set by tests to act inside a delivery. */
  onMessage: (message: Message) => void = () => {};

  constructor(nodeId: string, transport: Transport) {
    this.nodeId = nodeId;
    this.transport = transport;
  }

  async start(identity: Partial<TransportIdentity>): Promise<void> {
    const receiver: TransportReceiver = {
      identity: { clusterId: "c-1", nodeId: this.nodeId, incarnation: `${this.nodeId}-i`, ...identity },
      onMessage: (message, incarnation) => {
        this.messages.push(message);
        this.incarnations.push(incarnation);
        this.onMessage(message);
      },
      onEvent: (event) => this.events.push(event),
    };
    await this.transport.start(receiver);
  }

  /** Rounds of the heartbeats received, in order of arrival. */
  rounds(): readonly number[] {
    return this.messages.flatMap((message) => (message.type === "heartbeatRequest" ? [message.round] : []));
  }
}

/** The servers of one test. */
export class TransportSession {
  readonly #network: TransportNetwork;
  readonly #servers: TestServer[] = [];
  #round = 1_000_000;

  constructor(network: TransportNetwork) {
    this.#network = network;
  }

  /** A server whose transport is not started. */
  add(nodeId: string): TestServer {
    const server = new TestServer(nodeId, this.#network.transport(nodeId));
    this.#servers.push(server);
    return server;
  }

  async start(nodeId: string, identity: Partial<TransportIdentity> = {}): Promise<TestServer> {
    const server = this.add(nodeId);
    await server.start(identity);
    return server;
  }

  /** Sends markers until one arrives: from then on the way is open, and whatever was sent before has had its chance. */
  async untilDelivered(from: TestServer, to: TestServer): Promise<void> {
    const first = this.#round + 1;
    const what = `a message from ${from.nodeId} to ${to.nodeId}`;
    await eventually(() => {
      this.#round += 1;
      from.transport.send(heartbeat({ from: from.nodeId, to: to.nodeId, round: this.#round }));
      return to.rounds().some((round) => round >= first);
    }, what);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.transport.close()));
    await this.#network.close?.();
  }
}

/** Declares a test that gets a session and leaves nothing behind. */
export function sessionTest(
  framework: TestFramework,
  options: TransportConformance,
  law: { readonly title: string; readonly body: (session: TransportSession) => Promise<void> },
): void {
  framework.test(law.title, async () => {
    const session = new TransportSession(await options.newNetwork());
    try {
      await law.body(session);
    } finally {
      await session.close();
    }
  });
}

/** A message for the control lane. Rounds below 1,000,000 are free for tests. */
export function heartbeat(facts: { readonly from: string; readonly to: string; readonly round: number }): Message {
  return { type: "heartbeatRequest", term: 3, commitIndex: 5, ...facts };
}

/** A message for the append lane with one entry of this many bytes. */
export function append(facts: { readonly from: string; readonly to: string; readonly dataBytes: number }): Message {
  const data = new Uint8Array(facts.dataBytes).map((_byte, position) => (position * 31) % 251);
  const entry: Entry = { index: 10, term: 3, kind: "command", data };
  const { from, to } = facts;
  return {
    type: "appendRequest",
    from,
    to,
    term: 3,
    prevLogIndex: 9,
    prevLogTerm: 3,
    entries: [entry],
    leaderCommit: 5,
  };
}

/** A message for the snapshot lane. */
export function snapshotChunk(facts: { readonly from: string; readonly to: string }): Message {
  const data = new Uint8Array([1, 2, 3, 250, 255]);
  return {
    type: "snapshotRequest",
    ...facts,
    term: 3,
    lastIncludedIndex: 9,
    lastIncludedTerm: 2,
    configuration: new Uint8Array([7]),
    sizeBytes: 5,
    checksum: 77,
    offsetBytes: 0,
    data,
  };
}

/** Fails if a server received anything but markers and these rounds. */
export function assertOnlyMarkers(server: TestServer, what: string): void {
  assertThat(
    server.rounds().length === server.messages.length && server.rounds().every((round) => round >= 1_000_000),
    what,
  );
}
