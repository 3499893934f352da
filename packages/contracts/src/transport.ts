// The port that carries messages between servers: at most once, in any order, or not at all. Raft asks for no more.

import type { Message, MessageType } from "@quorate/core";

/**
 * Lanes keep urgent messages from queueing behind bulk: what waits in `append` must not delay `control`, and a snapshot
 * on its way must delay neither.
 */
export type Lane = "control" | "append" | "snapshot";

/** All lanes, the most urgent first. */
export const lanes: readonly Lane[] = ["control", "append", "snapshot"];

/** The lane of each message type. */
export const laneOf: Readonly<Record<MessageType, Lane>> = {
  preVoteRequest: "control",
  preVoteResponse: "control",
  voteRequest: "control",
  voteResponse: "control",
  heartbeatRequest: "control",
  heartbeatResponse: "control",
  timeoutNow: "control",
  readIndexRequest: "control",
  readIndexResponse: "control",
  snapshotRequest: "snapshot",
  snapshotResponse: "snapshot",
  appendRequest: "append",
  appendResponse: "append",
};

/** Who is speaking. Peers of another cluster are refused. */
export type TransportIdentity = {
  readonly clusterId: string;
  readonly nodeId: string;
  /** See `StoreIdentity.incarnation`. */
  readonly incarnation: string;
};

/** What a transport tells besides messages. One event per change of state, not per attempt. */
export type TransportEvent =
  | { readonly type: "peerConnected"; readonly peer: string }
  | { readonly type: "peerDisconnected"; readonly peer: string; readonly code: string; readonly detail: string }
  /** A connection attempt failed: refused, timed out, name not found, wrong cluster, wrong node id … */
  | { readonly type: "peerUnreachable"; readonly peer: string; readonly code: string; readonly detail: string }
  /**
   * Only from transports whose messages all pass through a broker: the way to it is open. It does not tell who else is
   * there, so such a transport reports no `peerConnected`.
   */
  | { readonly type: "brokerConnected"; readonly broker: string }
  | { readonly type: "brokerDisconnected"; readonly broker: string; readonly code: string; readonly detail: string }
  /** An attempt to reach the broker failed, or it does not let this server do its work. */
  | { readonly type: "brokerUnreachable"; readonly broker: string; readonly code: string; readonly detail: string }
  /** Somebody sent what is not a message of this protocol; it was discarded, with its connection if it had one. */
  | { readonly type: "garbageReceived"; readonly from: string; readonly code: string; readonly detail: string }
  /** Somebody who speaks this protocol dialled us and was turned away: wrong cluster, another node expected … */
  | {
      readonly type: "peerRefused";
      /** The name it gave itself. */
      readonly peer: string;
      /** Where it came from, for example an address. */
      readonly from: string;
      readonly code: string;
      readonly detail: string;
    }
  /** The certificate that this server shows from now on; what is left of its validity makes a good metric. */
  | {
      readonly type: "certificateLoaded";
      /** SHA-256, as `openssl x509 -fingerprint -sha256` prints it. */
      readonly fingerprint: string;
      /** Milliseconds since 1970. */
      readonly validUntilMs: number;
    }
  /** All works, but not for long or not as it should: a certificate that expires soon, no encryption … */
  | { readonly type: "transportWarning"; readonly code: string; readonly detail: string }
  /** Messages were dropped; the count covers everything since the last such event. */
  | {
      readonly type: "messagesDropped";
      readonly peer: string;
      readonly lane: Lane;
      readonly count: number;
      readonly reason: DropReason;
    };

/** Why messages were dropped. What waits for a peer that cannot be reached may be dropped without an event of its own. */
export type DropReason =
  /** They are sent faster than the peer takes them. */
  | "queueFull"
  /** Over `maxMessageBytes`, or over the limit of the message's lane. */
  | "tooLarge"
  /** The codec refused to write them: a programming error on this side. */
  | "notEncodable";

/** Where a transport delivers. Both functions return at once and never throw. */
export type TransportReceiver = {
  readonly identity: TransportIdentity;
  /** `incarnation` names the store of the sender, so that a server that lost its disk is not taken for what it was. */
  onMessage(message: Message, incarnation: string): void;
  onEvent(event: TransportEvent): void;
};

/**
 * The other servers that may be talked to, by node id, with the address at which each listens for its peers, as
 * `host:port`. Undefined: the transport's own options know the address, or it needs none.
 */
export type PeerDirectory = ReadonlyMap<string, string | undefined>;

/**
 * Carries messages between the servers of one cluster.
 *
 * - Delivery is at most once; loss, reordering and (after reconnects) duplication are allowed, corruption is not.
 * - `send` never blocks, never throws and never queues without bound: over the limit, messages are dropped and counted.
 * - Messages of one turn of the event loop to one peer should leave in one write.
 */
export type Transport = {
  /** The largest encoded message that `send` can carry. */
  readonly maxMessageBytes: number;
  /** Starts listening and delivering. Rejects if the address cannot be used (`QUORATE_ADDRESS_IN_USE` …). Called once. */
  start(receiver: TransportReceiver): Promise<void>;
  /**
   * From now on these are the peers, and nobody else: what comes from others is refused until they are among them, what is
   * for others is dropped, and connections with others are ended. Until the first call the transport's options decide.
   * May be called at any time, also before `start`, and never throws; an address that cannot be used is an event
   * (`peerUnreachable`). The server itself may be among them and is ignored.
   *
   * Whoever calls this passes at least the members of the latest configuration in its log, and the servers that it was
   * given to begin with. A server that lags may be called by a leader that its log does not name yet (thesis 4.1): it
   * hears of it by `peerRefused` with `QUORATE_PEER_UNKNOWN`, and must learn of the new member from somebody it knows.
   * A server that was removed need not be told that it is refused: where there are no connections, it only hears nothing.
   */
  setPeers(peers: PeerDirectory): void;
  /**
   * Sends to `message.to`; delivery never happens inside this call. Before `start`, after `close` and to the server's own
   * id it does nothing.
   */
  send(message: Message): void;
  /** Stops delivering and releases everything. Idempotent. */
  close(): Promise<void>;
};
