// The transport as a whole: one connection to the broker, one subject to listen on, one subject per peer to publish on.

import type { Lane, PeerDirectory, Transport, TransportEvent, TransportReceiver } from "@quorate/contracts";
import { codeOf, laneOf, QuorateError } from "@quorate/contracts";
import { BrokerLink, type LinkEvents } from "./broker-link.ts";
import { codes, type Failure, printable } from "./failure.ts";
import { checkArrival } from "./inbox-check.ts";
import { Incarnations } from "./incarnations.ts";
import { maxControlBytes, type NatsTransportOptions, readOptions, type Settings } from "./options.ts";
import { Outflow } from "./outflow.ts";
import { Reports } from "./reports.ts";
import { Subjects } from "./subjects.ts";

type Message = Parameters<Transport["send"]>[0];

/** A transport over NATS. `await using` closes it. */
export type NatsTransport = Transport & {
  /** Whether the broker answers, lets this server in, and carries messages as large as it sends. */
  readonly isConnected: boolean;
  /** Bytes that are held for a peer: waiting, or not yet taken by the broker on the control lane. */
  queuedBytes(peer: string): number;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Makes a transport that carries messages over the subjects of a NATS server.
 *
 * `start` waits for the first answer of a broker, at most `timeouts.startMs`. It resolves without one: the broker is
 * reported as `brokerUnreachable`, and this server joins when it is there. It rejects with `QUORATE_NATS_PAYLOAD_LIMIT` if
 * the broker carries less than `maxMessageBytes`, with `QUORATE_NATS_REFUSED` if it refuses the login or the subscription,
 * and with `QUORATE_OPTIONS_INVALID` if a name cannot be part of a subject. Delivery is at most once and unordered; what
 * could not be sent while the broker was away is not sent later.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if an option is out of range.
 */
export function natsTransport(options: NatsTransportOptions): NatsTransport {
  return new RunningTransport(readOptions(options));
}

type Parts = {
  readonly receiver: TransportReceiver;
  readonly subjects: Subjects;
  readonly link: BrokerLink;
  readonly outflow: Outflow;
};

class RunningTransport implements NatsTransport {
  readonly maxMessageBytes: number;
  readonly #settings: Settings;
  readonly #reports: Reports = new Reports();
  readonly #incarnations: Incarnations = new Incarnations();
  /** Subjects by peer; a name that cannot be part of one is remembered as undefined. */
  readonly #outboxes: Map<string, string | undefined> = new Map();
  /** Undefined until the cluster has said who belongs to it: then the broker's permissions alone decide. */
  #peers: ReadonlySet<string> | undefined;
  #parts: Parts | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.maxMessageBytes = settings.limits.maxMessageBytes;
  }

  get isConnected(): boolean {
    return this.#closing === undefined && this.#parts?.link.isUp === true;
  }

  async start(receiver: TransportReceiver): Promise<void> {
    if (this.#parts !== undefined || this.#closing !== undefined) throw notStartable();
    const { clusterId, nodeId } = receiver.identity;
    const { subjectPrefix: prefix, limits } = this.#settings;
    const subjects = new Subjects({ prefix, clusterId, nodeId });
    const link = new BrokerLink(
      { settings: this.#settings, inbox: subjects.inbox, clientName: `quorate ${clusterId} ${nodeId}` },
      this.#linkEvents(),
    );
    const outflow = new Outflow({
      link,
      limits,
      onDropped: (peer, lane, reason) => this.#reportDrop(peer, lane, reason),
    });
    this.#parts = { receiver, subjects, link, outflow };
    try {
      await link.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#closing !== undefined) throw notStartable();
  }

  setPeers(peers: PeerDirectory): void {
    this.#peers = new Set(peers.keys());
    for (const peer of this.#outboxes.keys()) {
      if (this.#peers.has(peer)) continue;
      this.#outboxes.delete(peer);
      this.#parts?.outflow.forget(peer);
    }
  }

  send(message: Message): void {
    const parts = this.#parts;
    if (parts === undefined || this.#closing !== undefined || !parts.link.isUp) return;
    const { to } = message;
    if (to === parts.receiver.identity.nodeId || this.#peers?.has(to) === false) return;
    const lane = laneOf[message.type];
    const subject = this.#outbox(parts.subjects, to);
    const bytes = subject === undefined ? undefined : this.#encode(message);
    if (subject === undefined || bytes === undefined) return;
    if (bytes.length > (lane === "control" ? maxControlBytes : this.maxMessageBytes)) {
      this.#reportDrop(to, lane, "tooLarge");
    } else {
      parts.outflow.send(to, lane, { subject, bytes });
    }
  }

  queuedBytes(peer: string): number {
    return this.#parts?.outflow.heldBytes(peer) ?? 0;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeParts();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeParts(): Promise<void> {
    this.#reports.close();
    this.#parts?.outflow.clear();
    await this.#parts?.link.close();
  }

  #encode(message: Message): Uint8Array | undefined {
    const identity = this.#parts?.receiver.identity;
    if (identity === undefined) return undefined;
    const { clusterId, incarnation } = identity;
    try {
      return this.#settings.codec.encode({ clusterId, groupId: 0, incarnation, message });
    } catch (error) {
      const reason = codeOf(error) === "QUORATE_TOO_LARGE" ? "tooLarge" : "notEncodable";
      this.#reportDrop(message.to, laneOf[message.type], reason);
      return undefined;
    }
  }

  #outbox(subjects: Subjects, peer: string): string | undefined {
    if (!this.#outboxes.has(peer)) this.#outboxes.set(peer, subjects.outbox(peer));
    const subject = this.#outboxes.get(peer);
    if (subject === undefined) this.#reportDrop(peer, "control", "notEncodable");
    return subject;
  }

  #linkEvents(): LinkEvents {
    return {
      onUp: (broker) => this.#tell({ type: "brokerConnected", broker }),
      onDown: (broker, failure) => {
        this.#parts?.outflow.clear();
        this.#tell({ type: "brokerDisconnected", broker, ...failure });
      },
      onUnreachable: (broker, failure) => this.#tell({ type: "brokerUnreachable", broker, ...failure }),
      onPublishRefused: (subject, failure) => this.#reportPublishRefused(subject, failure),
      onMessage: (subject, data) => this.#onArrival(subject, data),
    };
  }

  #onArrival(subject: string, data: Uint8Array): void {
    const parts = this.#parts;
    if (parts === undefined || this.#closing !== undefined) return;
    const { receiver, subjects } = parts;
    const facts = { identity: receiver.identity, subjects, codec: this.#settings.codec };
    const verdict = checkArrival({ subject, data }, facts);
    if (verdict.type === "message") {
      const { message, incarnation } = verdict;
      if (this.#peers?.has(message.from) === false) this.#reportStranger(message.from, subject);
      else if (this.#incarnations.admit(message.from, incarnation, performance.now()))
        receiver.onMessage(message, incarnation);
      else this.#reportDuplicate(message.from, subject);
      return;
    }
    const { from, failure } = verdict;
    this.#reports.add(`garbage ${from} ${failure.code}`, (count) => {
      const detail = count === 1 ? failure.detail : `${failure.detail} (${count} such messages)`;
      this.#tell({ type: "garbageReceived", from, code: failure.code, detail });
    });
  }

  #reportStranger(peer: string, from: string): void {
    this.#reports.add(`stranger ${peer}`, (count) => {
      const detail = `${count} messages of ${printable(peer)}, which is not among the peers`;
      this.#tell({ type: "peerRefused", peer: printable(peer), from, code: codes.unknownPeer, detail });
    });
  }

  #reportDuplicate(peer: string, from: string): void {
    this.#reports.add(`duplicate ${peer}`, (count) => {
      const detail = `${count} messages of another ${peer}, on another store than the one that was heard last`;
      this.#tell({ type: "peerRefused", peer, from, code: codes.duplicateId, detail });
    });
  }

  #reportDrop(peer: string, lane: Lane, reason: "queueFull" | "tooLarge" | "notEncodable"): void {
    this.#reports.add(`drop ${lane} ${reason} ${peer}`, (count) => {
      this.#tell({ type: "messagesDropped", peer, lane, count, reason });
    });
  }

  #reportPublishRefused(subject: string, failure: Failure): void {
    const peer = [...this.#outboxes].find(([, outbox]) => outbox === subject)?.[0] ?? subject;
    this.#reports.add(`publish ${subject}`, () => this.#tell({ type: "peerUnreachable", peer, ...failure }));
  }

  #tell(event: TransportEvent): void {
    if (this.#closing === undefined) this.#parts?.receiver.onEvent(event);
  }
}

function notStartable(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "This transport was started or closed before.",
    hint: "Make a new one with natsTransport for every start.",
  });
}
