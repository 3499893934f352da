// The transport as a whole: one listener for what comes in, one link per peer for what goes out.

import type { Envelope, PeerDirectory, Transport, TransportEvent, TransportReceiver } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";
import { Directory } from "./directory.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { codes, type Failure, printable } from "./failure.ts";
import { helloFrame } from "./handshake.ts";
import { Listener } from "./listener.ts";
import { readOptions, type Settings, type TcpAddress, type TcpTransportOptions } from "./options.ts";
import { PeerLink } from "./peer-link.ts";
import { RefusalLog } from "./refusal-log.ts";

type Message = Parameters<Transport["send"]>[0];

/** A transport over TCP. `await using` closes it. */
export type TcpTransport = Transport & {
  /** Where it listens, with the port that the system chose; undefined before `start` has resolved. */
  readonly address: TcpAddress | undefined;
  /** The certificate in use; undefined before `start` and without `tls`. */
  readonly certificate: { readonly fingerprint: string; readonly validUntilMs: number } | undefined;
  /** Bytes that wait to be written, per peer that has been dialled or sent to. */
  queuedBytes(peer: string): number;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Makes a transport that carries messages in frames over TCP: with `tls`, encrypted and from servers that have proved
 * their names; without it, in plain text, which is refused beyond loopback addresses unless `insecure` is set.
 *
 * `start` rejects with `QUORATE_ADDRESS_IN_USE` or `QUORATE_ADDRESS_UNUSABLE` if it cannot listen, with
 * `QUORATE_TLS_UNUSABLE` or `QUORATE_CERTIFICATE_MISMATCH` if this server cannot prove its name, and with
 * `QUORATE_OPTIONS_INVALID` if names are too long. Messages of one turn of the event loop to one peer and lane leave in
 * one write. Delivery is in order per connection; after a reconnect, messages may be missing but are never repeated.
 *
 * @throws QuorateError `QUORATE_OPTIONS_INVALID` if an option is out of range, `QUORATE_TLS_REQUIRED` if an address needs
 * encryption.
 */
export function tcpTransport(options: TcpTransportOptions): TcpTransport {
  return new RunningTransport(readOptions(options));
}

type Parts = {
  readonly receiver: TransportReceiver;
  readonly doorkeeper: Doorkeeper;
  readonly listener: Listener;
  readonly links: Map<string, PeerLink>;
};

class RunningTransport implements TcpTransport {
  readonly maxMessageBytes: number;
  readonly #settings: Settings;
  readonly #directory: Directory;
  /** Links that were given up while the transport went on, until their sockets are gone. */
  readonly #retiring: Set<Promise<void>> = new Set();
  #address: TcpAddress | undefined;
  #certificate: TcpTransport["certificate"];
  #parts: Parts | undefined;
  #closing: Promise<void> | undefined;
  /** Settles when the attempt to listen has ended, either way: only then can the port be released. */
  #listening: Promise<unknown> = Promise.resolve();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#directory = new Directory(settings);
    this.maxMessageBytes = settings.limits.maxMessageBytes;
  }

  get address(): TcpAddress | undefined {
    return this.#address;
  }

  get certificate(): TcpTransport["certificate"] {
    return this.#certificate;
  }

  async start(receiver: TransportReceiver): Promise<void> {
    if (this.#parts !== undefined || this.#closing !== undefined) throw notStartable();
    const { identity } = receiver;
    const { codec } = this.#settings;
    // The longest of what this server will say about itself must fit into a handshake; better known now than when dialling.
    helloFrame({ ...identity, expects: identity.nodeId, lane: "snapshot", versions: [1], codec });
    const doorkeeper = new Doorkeeper({ identity, codec, isKnown: (nodeId) => this.#directory.isKnown(nodeId) });
    const links = new Map<string, PeerLink>();
    const refusals = new RefusalLog();
    const onEvent = (event: TransportEvent) => this.#tell(event);
    const listener = new Listener(
      { identity, settings: this.#settings, doorkeeper },
      {
        onAdmitted: (peer) => {
          refusals.forget(peer);
          links.get(peer)?.dial();
        },
        onMessage: (envelope) => this.#deliver(envelope),
        onGarbage: (from, failure) => onEvent({ type: "garbageReceived", from, ...failure }),
        onRefused: (hello, from, failure) => {
          const peer = printable(hello.nodeId);
          if (refusals.isNew(peer, failure)) onEvent({ type: "peerRefused", peer, from, ...failure });
        },
      },
    );
    this.#parts = { receiver, doorkeeper, listener, links };
    const listening = this.#listen(receiver, listener);
    this.#listening = Promise.allSettled([listening]);
    const address = await listening;
    if (this.#closing !== undefined) throw notStartable();
    this.#address = address;
    this.#dialStanding();
  }

  setPeers(peers: PeerDirectory): void {
    if (this.#closing !== undefined) return;
    const { links, doorkeeper } = this.#parts ?? {};
    const places = [...(links?.keys() ?? [])].map((peer) => [peer, this.#directory.whereabouts(peer)] as const);
    this.#directory.replace(peers);
    for (const [peer, place] of places) {
      const next = this.#directory.whereabouts(peer);
      if (next === place) continue;
      const detail =
        next === undefined ? `${peer} is no peer any more` : `${peer} is to be found at ${printable(next)} now`;
      this.#retire(peer, { code: next === undefined ? codes.unknownPeer : codes.unreachable, detail });
    }
    doorkeeper?.expelStrangers();
    if (this.#address !== undefined) this.#dialStanding();
  }

  send(message: Message): void {
    if (this.#address === undefined || this.#closing !== undefined) return;
    if (this.#directory.isAllowed(message.to)) this.#link(message.to)?.send(message);
  }

  queuedBytes(peer: string): number {
    return this.#parts?.links.get(peer)?.queuedBytes ?? 0;
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeParts();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeParts(): Promise<void> {
    const parts = this.#parts;
    this.#settings.security.close();
    if (parts === undefined) return;
    await this.#listening;
    const links = [...parts.links.values()].map((link) => link.close());
    await Promise.all([...links, ...this.#retiring, parts.listener.close()]);
  }

  async #listen({ identity }: TransportReceiver, listener: Listener): Promise<TcpAddress> {
    await this.#settings.security.start(identity, {
      onWarning: (warning) => this.#tell({ type: "transportWarning", ...warning }),
      onCertificate: (certificate) => {
        this.#certificate = certificate;
        this.#tell({ type: "certificateLoaded", ...certificate });
      },
    });
    if (this.#closing !== undefined) throw notStartable();
    return listener.listen();
  }

  #dialStanding(): void {
    for (const peer of this.#directory.standing) this.#link(peer)?.dialIfIdle();
  }

  #retire(peer: string, failure: Failure): void {
    const link = this.#parts?.links.get(peer);
    if (link === undefined) return;
    this.#parts?.links.delete(peer);
    const retired = link.retire(failure);
    this.#retiring.add(retired);
    void retired.then(() => this.#retiring.delete(retired));
  }

  /** The link to a peer, made at first use; undefined for this server itself. */
  #link(peer: string): PeerLink | undefined {
    const parts = this.#parts;
    if (parts === undefined || peer === parts.receiver.identity.nodeId) return undefined;
    const known = parts.links.get(peer);
    if (known !== undefined) return known;
    const link = new PeerLink({
      identity: parts.receiver.identity,
      settings: this.#settings,
      directory: this.#directory,
      peer,
      liveIncarnation: () => parts.doorkeeper.liveIncarnation(peer),
      onEvent: (event) => this.#tell(event),
    });
    parts.links.set(peer, link);
    return link;
  }

  #deliver({ message, incarnation }: Envelope): void {
    if (this.#closing === undefined) this.#parts?.receiver.onMessage(message, incarnation);
  }

  #tell(event: TransportEvent): void {
    if (this.#closing === undefined) this.#parts?.receiver.onEvent(event);
  }
}

function notStartable(): QuorateError {
  return new QuorateError({
    code: "QUORATE_CLOSED",
    message: "This transport was started or closed before.",
    hint: "Make a new one with tcpTransport for every start.",
  });
}
