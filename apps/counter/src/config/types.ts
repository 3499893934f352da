// A node's configuration after all checks: every default is filled in and every address is split.

import type { NodeLimits, SnapshotOptions } from "@quorate/node";

/** A host name or IP address, and a port. */
export type HostPort = { readonly host: string; readonly port: number };

/** How a member is reached. */
export type Member = {
  /** Other members connect here; undefined only if the transport needs no address of its own. */
  readonly peer: HostPort | undefined;
  /** Clients send HTTP requests here. */
  readonly http: HostPort;
  /** Clients speak the binary protocol here; undefined if the member does not serve it. */
  readonly client: HostPort | undefined;
};

/** The way between the nodes. */
export type TransportConfig =
  | {
      readonly type: "tcp";
      /** Plain TCP through any network. */
      readonly insecure: boolean;
      /** Paths of PEM files; undefined: plain TCP. */
      readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
    }
  | { readonly type: "nats"; readonly servers: readonly string[]; readonly subjectPrefix: string };

/** How log and snapshots are kept. */
export type StorageConfig = {
  readonly type: "file" | "sqlite";
  /** What a node does that finds its own files damaged: stop, or set them aside and get everything from the others. */
  readonly onCorruption: "halt" | "rebuild";
};

/** Timing and behaviour of the protocol. */
export type RaftConfig = {
  readonly electionTimeoutMs: readonly [number, number];
  readonly heartbeatMs: number;
  readonly preVote: boolean;
  readonly leaderLease: boolean;
  readonly checkQuorum: boolean;
  /** Lease reads are answered from the leader's clock. Needs `leaderLease`. */
  readonly leaseReads: boolean;
  /** By how much clocks may run apart, as a share of elapsed time: 0 to below 1. */
  readonly maxClockDrift: number;
  /** A node whose disk has not completed a write for this long does not lead, in ms. */
  readonly diskStallMs: number;
  /** Whether a member that lost its disk is taken back by the leader, or only when told to. */
  readonly readmission: "automatic" | "manual";
};

/** When snapshots are taken and how much of the log stays behind them. What is not given has the node's default. */
export type SnapshotConfig = Omit<SnapshotOptions, "store">;

/** Everything that `quorate start` needs to know. */
export type Config = {
  readonly cluster: string;
  readonly id: string;
  /** Directory of this node's files. */
  readonly data: string;
  readonly members: Readonly<Record<string, Member>>;
  readonly listen: {
    readonly peer: HostPort | undefined;
    readonly http: HostPort;
    readonly client: HostPort | undefined;
  };
  readonly transport: TransportConfig;
  /** How the binary protocol is served, where there is an address to listen on. */
  readonly client: {
    /** Paths of PEM files; with `ca`, clients must show a certificate that it has signed. Undefined: plain TCP. */
    readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string | undefined } | undefined;
  };
  readonly storage: StorageConfig;
  readonly raft: RaftConfig;
  readonly snapshots: SnapshotConfig;
  /** Bounds of what the node holds. What is not given has the node's default. */
  readonly limits: NodeLimits;
  /** This node is to be added to the cluster of the other members: it never forms one. */
  readonly join: boolean;
  /** Which of two addresses of a member counts: that in the log, or that in this configuration. */
  readonly addresses: "log" | "file";
};

/** A checked configuration and what its owner should know nevertheless. */
export type CheckedConfig = { readonly config: Config; readonly warnings: readonly string[] };
