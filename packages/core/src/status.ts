// A picture of one server at one moment, for people and dashboards. Nothing in the protocol reads it.

import type { Configuration, NodeId, Role } from "./types.ts";

/** How a leader sends to a peer: searching for the match point, streaming, or waiting for a snapshot. */
export type ReplicationMode = "probe" | "replicate" | "snapshot";

/** What a leader knows of one peer. */
export type PeerStatus = {
  readonly id: NodeId;
  readonly mode: ReplicationMode;
  /** Highest index known to be durable there. */
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  /** Milliseconds since the peer last answered. */
  readonly lastContactMs: number;
  /** Another store speaks under this name now; it does not count until it is readmitted. Undefined as it should be. */
  readonly stranger: string | undefined;
};

/** A picture of one server at one moment. */
export type RaftStatus = {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly votedFor: NodeId | undefined;
  readonly leaderId: NodeId | undefined;
  /** The configuration in use: the newest in the log, committed or not. */
  readonly configuration: Configuration;
  /** Where it stands in the log; the change to it is committed once `commitIndex` has reached this. */
  readonly configurationIndex: number;
  readonly commitIndex: number;
  /** Last index whose application the driver has reported. */
  readonly lastApplied: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly firstIndex: number;
  /** Last index that is durable on this server. */
  readonly durableIndex: number;
  /** Milliseconds since a leader was last heard; undefined for a leader and before the first contact. */
  readonly leaderHeardMsAgo: number | undefined;
  /**
   * Milliseconds of which this server may have missed what was committed: since it heard a leader, or a leader a majority.
   * Undefined while it follows nobody.
   */
  readonly stateAgeMs: number | undefined;
  /** Only while leading: to whom leadership is being handed over. */
  readonly transferringTo: NodeId | undefined;
  /** Only while leading: every other member. */
  readonly peers: readonly PeerStatus[];
};
