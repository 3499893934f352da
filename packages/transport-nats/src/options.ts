// What a user can set, with units, defaults and bounds, and the check that refuses a setting before anything is opened.

import type { Authenticator, NatsConnection, TlsOptions } from "@nats-io/transport-node";
import type { Codec } from "@quorate/contracts";
import { checkWholeNumber } from "@quorate/contracts";
import { readServers, type Servers } from "./servers.ts";

/** Bounds of what the transport holds and sends. */
export type NatsLimits = {
  /**
   * Largest encoded message in bytes, 16 KiB to 64 MiB, the same on all servers. The broker's `max_payload` must not be
   * below it. Default: 1 MiB, the default of nats-server; of a given connection that is open, its `max_payload`, at most
   * 8 MiB.
   */
  readonly maxMessageBytes?: number;
  /** Bytes per peer on the control lane that the broker has not taken yet; more are dropped. Default 1 MiB. */
  readonly controlInFlightBytes?: number;
  /** Bytes per peer that wait on the append lane; more are dropped. At least `maxMessageBytes`. Default 16 MiB. */
  readonly appendQueueBytes?: number;
  /** Bytes per peer that wait on the snapshot lane; more are dropped. At least `maxMessageBytes`. Default 8 MiB. */
  readonly snapshotQueueBytes?: number;
  /** Bytes that wait on both lanes for all peers together. At least `appendQueueBytes`. Default 64 MiB. */
  readonly totalQueueBytes?: number;
  /**
   * Bytes of both lanes, all peers together, that are given to the connection before the broker has confirmed them.
   * What is in this window stands in front of the next heartbeat. At least 64 KiB. Default 1 MiB.
   */
  readonly windowBytes?: number;
};

/** How long the transport waits, in ms. Ignored for a given connection, but for `closeMs` and `startMs`. */
export type NatsTimeouts = {
  /** One attempt to connect to one broker. Default 2000. */
  readonly connectMs?: number;
  /** How long `start` waits for the first answer of a broker before it goes on without. Default 2000. */
  readonly startMs?: number;
  /** A connection is checked this often; it is given up when two checks stay without answer. Default 1000. */
  readonly pingMs?: number;
  /** How long `close` waits for the broker to take what was sent. Default 1000. */
  readonly closeMs?: number;
};

/** The pause before the next attempt to connect: `minMs` to `maxMs`, at random. */
export type NatsReconnect = {
  /** Default 100. */
  readonly minMs?: number;
  /** Default 300. */
  readonly maxMs?: number;
};

type CommonOptions = {
  readonly codec: Codec;
  /** First tokens of every subject: letters, digits, "_" and "-", with dots between. Default `raft`. */
  readonly subjectPrefix?: string;
  readonly limits?: NatsLimits;
  readonly timeouts?: NatsTimeouts;
  readonly reconnect?: NatsReconnect;
};

/** A connection of its own, kept up for as long as the transport lives. */
export type OwnConnection = {
  /**
   * One or more brokers, such as `nats://10.0.0.5:4222`. A login may stand in front of the host, `user:password@` or
   * `token@`; `tls://` demands encryption.
   */
  readonly servers: string | readonly string[];
  /** Login by key or credentials file, see `nkeyAuthenticator` and `credsAuthenticator` of `@nats-io/transport-node`. */
  readonly authenticator?: Authenticator;
  readonly tls?: TlsOptions;
  readonly connection?: never;
};

/** A connection that the caller made, shares, and closes. It should reconnect for ever. */
export type GivenConnection = {
  readonly connection: NatsConnection;
  readonly servers?: never;
};

/** Options of `natsTransport`. */
export type NatsTransportOptions = CommonOptions & (OwnConnection | GivenConnection);

/** How the broker is reached. */
export type Reach =
  | { readonly type: "given"; readonly connection: NatsConnection }
  | {
      readonly type: "own";
      readonly servers: Servers;
      readonly authenticator: Authenticator | undefined;
      readonly tls: TlsOptions | undefined;
    };

/** Options with every default filled in. */
export type Settings = {
  readonly reach: Reach;
  readonly codec: Codec;
  readonly subjectPrefix: string;
  readonly limits: Required<NatsLimits>;
  readonly timeouts: Required<NatsTimeouts>;
  readonly reconnect: Required<NatsReconnect>;
};

const KiB = 1024;
const MiB = 1024 * KiB;

/** Control messages are small by nature; a larger one is a mistake. */
export const maxControlBytes: number = 16 * KiB;

/** Fills in defaults and refuses what cannot work, with `QUORATE_OPTIONS_INVALID` and the option's name. */
export function readOptions(options: NatsTransportOptions): Settings {
  const reach: Reach =
    options.connection === undefined
      ? {
          type: "own",
          servers: readServers(options.servers),
          authenticator: options.authenticator,
          tls: options.tls,
        }
      : { type: "given", connection: options.connection };
  const carriedBytes = reach.type === "given" ? reach.connection.info?.max_payload : undefined;
  return {
    reach,
    codec: options.codec,
    subjectPrefix: options.subjectPrefix ?? "raft",
    limits: readLimits(options.limits ?? {}, Math.min(carriedBytes ?? MiB, 8 * MiB)),
    timeouts: readTimeouts(options.timeouts ?? {}),
    reconnect: readReconnect(options.reconnect ?? {}),
  };
}

function readLimits(given: NatsLimits, defaultMessageBytes: number): Required<NatsLimits> {
  const maxMessageBytes = given.maxMessageBytes ?? defaultMessageBytes;
  const appendQueueBytes = given.appendQueueBytes ?? Math.max(16 * MiB, maxMessageBytes);
  const limits = {
    maxMessageBytes,
    controlInFlightBytes: given.controlInFlightBytes ?? MiB,
    appendQueueBytes,
    snapshotQueueBytes: given.snapshotQueueBytes ?? Math.max(8 * MiB, maxMessageBytes),
    totalQueueBytes: given.totalQueueBytes ?? Math.max(64 * MiB, appendQueueBytes),
    windowBytes: given.windowBytes ?? MiB,
  };
  checkRange("limits.maxMessageBytes", maxMessageBytes, { from: maxControlBytes, to: 64 * MiB });
  checkRange("limits.controlInFlightBytes", limits.controlInFlightBytes, { from: maxControlBytes });
  checkRange("limits.appendQueueBytes", appendQueueBytes, { from: maxMessageBytes });
  checkRange("limits.snapshotQueueBytes", limits.snapshotQueueBytes, { from: maxMessageBytes });
  checkRange("limits.totalQueueBytes", limits.totalQueueBytes, { from: appendQueueBytes });
  checkRange("limits.windowBytes", limits.windowBytes, { from: 64 * KiB });
  return limits;
}

function readTimeouts(given: NatsTimeouts): Required<NatsTimeouts> {
  const timeouts = {
    connectMs: given.connectMs ?? 2000,
    startMs: given.startMs ?? 2000,
    pingMs: given.pingMs ?? 1000,
    closeMs: given.closeMs ?? 1000,
  };
  for (const [name, value] of Object.entries(timeouts)) checkRange(`timeouts.${name}`, value, { from: 1 });
  return timeouts;
}

function readReconnect(given: NatsReconnect): Required<NatsReconnect> {
  const minMs = given.minMs ?? 100;
  const maxMs = given.maxMs ?? Math.max(300, minMs);
  checkRange("reconnect.minMs", minMs, { from: 1 });
  checkRange("reconnect.maxMs", maxMs, { from: minMs });
  return { minMs, maxMs };
}

function checkRange(option: string, value: number, range: { readonly from: number; readonly to?: number }): void {
  const hint = "Correct this option of natsTransport; the other options were not looked at yet.";
  checkWholeNumber({ option, value, ...range, hint });
}
