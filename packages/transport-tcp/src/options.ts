// What a user can set, with units, defaults and bounds, and the check that refuses a setting before anything is opened.

import type { Clock, Codec, Random } from "@quorate/contracts";
import { checkWholeNumber, lanes, QuorateError } from "@quorate/contracts";
import { Certificates } from "./certificates.ts";
import type { TlsFiles } from "./credentials.ts";
import { checkPlainText, PlainText, type Security } from "./security.ts";
import { systemClock } from "./system-clock.ts";

/** Where a server listens or is dialled. */
export type TcpAddress = {
  /** A name or an IP address. */
  readonly host: string;
  /** 1 to 65535; 0 in `listen` lets the system choose, see `TcpTransport.address`. */
  readonly port: number;
};

/**
 * Where the other servers are: a fixed record, dialled from the start on, or a function that is asked before every
 * attempt. A server that has no address is neither dialled nor let in. An address for the server itself is ignored.
 * Once `setPeers` was called, it is only asked for the addresses of peers whose address was not told there.
 */
export type TcpPeers = Readonly<Record<string, TcpAddress>> | ((nodeId: string) => TcpAddress | undefined);

/** Bounds of what the transport holds. */
export type TcpLimits = {
  /** Largest encoded message in bytes, 64 KiB to 64 MiB. Default 8 MiB. The same on all servers. */
  readonly maxMessageBytes?: number;
  /** Bytes waiting per peer on the control lane; more are dropped. At least 64 KiB. Default 1 MiB. */
  readonly controlQueueBytes?: number;
  /** Bytes waiting per peer on the append lane; more are dropped. At least `maxMessageBytes`. Default 16 MiB. */
  readonly appendQueueBytes?: number;
  /** Bytes waiting per peer on the snapshot lane; more are dropped. At least `maxMessageBytes`. Default 8 MiB. */
  readonly snapshotQueueBytes?: number;
  /** Connections that others may hold to this server, at least 3, one for each lane. Default 256. */
  readonly maxConnections?: number;
};

/** How long the transport waits, in ms. */
export type TcpTimeouts = {
  /** From dialling or accepting to the end of the handshake. Default 5000. */
  readonly handshakeMs?: number;
  /** A connection on which nothing was written for this long carries a ping. Default 2000. */
  readonly keepAliveMs?: number;
  /** A connection on which nothing arrived for this long is closed. At least twice `keepAliveMs`. Default 6000. */
  readonly idleMs?: number;
  /** From the first byte of a frame to its last. Default 30 000. */
  readonly frameMs?: number;
};

/** The pause before dialling again: doubles from `minMs` to `maxMs`, and a random half of it is left out. */
export type TcpBackoff = {
  /** Default 50. */
  readonly minMs?: number;
  /** Default 1000. */
  readonly maxMs?: number;
};

/** Certificates and keys: TLS 1.3, with proof of identity from both sides. */
export type TcpTls = TlsFiles & {
  /** How often the files are looked at, in ms, 100 to one hour. Changes are used without a restart. Default 5000. */
  readonly reloadMs?: number;
  /** Days before the end of a certificate at which its owner is warned, 0 to 365. Default 14. */
  readonly expiryWarningDays?: number;
  /** Milliseconds since 1970, which the validity of certificates is held against. Default `Date.now`. */
  readonly wallClock?: () => number;
};

/** Options of `tcpTransport`. */
export type TcpTransportOptions = {
  readonly listen: TcpAddress;
  readonly peers: TcpPeers;
  readonly codec: Codec;
  /** Required as soon as an address is not of this machine alone, unless `insecure` is set. */
  readonly tls?: TcpTls;
  /** Plain TCP through any network: everybody in it can read and change everything. Default false. */
  readonly insecure?: boolean;
  readonly limits?: TcpLimits;
  readonly timeouts?: TcpTimeouts;
  readonly backoff?: TcpBackoff;
  /** Default: the system's monotonic clock. */
  readonly clock?: Clock;
  /** Spreads reconnects. Default `Math.random`. */
  readonly random?: Random;
};

/** Options with every default filled in. */
export type Settings = {
  readonly listen: TcpAddress;
  readonly lookUp: (nodeId: string) => TcpAddress | undefined;
  /** Peers to dial from the start on; the others are dialled when something is sent to them. */
  readonly knownPeers: readonly string[];
  readonly codec: Codec;
  readonly security: Security;
  readonly limits: Required<TcpLimits>;
  readonly timeouts: Required<TcpTimeouts>;
  readonly backoff: Required<TcpBackoff>;
  readonly clock: Clock;
  readonly random: Random;
};

const hint = "Correct this option of tcpTransport; the other options were not looked at yet.";

/** Fills in defaults and refuses what cannot work, with `QUORATE_OPTIONS_INVALID` and the option's name. */
export function readOptions(options: TcpTransportOptions): Settings {
  const { peers } = options;
  const isLookUp = typeof peers === "function";
  const knownPeers = isLookUp ? [] : Object.keys(peers);
  checkAddress("listen", options.listen, 0);
  if (!isLookUp) for (const peer of knownPeers) checkAddress(`peers.${peer}`, peers[peer], 1);
  const limits = readLimits(options.limits ?? {});
  const timeouts = readTimeouts(options.timeouts ?? {});
  const clock = options.clock ?? systemClock;
  return {
    listen: options.listen,
    lookUp: isLookUp ? peers : (nodeId) => (Object.hasOwn(peers, nodeId) ? peers[nodeId] : undefined),
    knownPeers,
    codec: options.codec,
    security: readSecurity(options, { clock, handshakeMs: timeouts.handshakeMs }),
    limits,
    timeouts,
    backoff: readBackoff(options.backoff ?? {}),
    clock,
    random: options.random ?? Math.random,
  };
}

/** An address as `HOST:PORT`, or `[HOST]:PORT` for IPv6; undefined if it is none that can be dialled. */
export function parseAddress(text: string): TcpAddress | undefined {
  const {
    bracketed,
    plain,
    port = "",
  } = /^(?:\[(?<bracketed>[^\]\s]+)\]|(?<plain>[^:\s[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host, port: Number(port) };
}

/** Control messages are small by nature; a larger one is a mistake or an attack. */
export const maxControlBytes: number = 64 * 1024;

function readSecurity(
  options: TcpTransportOptions,
  facts: { readonly clock: Clock; readonly handshakeMs: number },
): Security {
  const { tls, insecure = false, listen, peers } = options;
  if (tls === undefined) {
    const fixed = typeof peers === "function" ? [] : Object.values(peers);
    for (const address of [listen, ...fixed]) checkPlainText(address, insecure);
    return new PlainText(insecure);
  }
  if (insecure) throw invalid("insecure has no meaning together with tls.");
  const { reloadMs = 5000, expiryWarningDays = 14, wallClock = Date.now, ca, cert, key } = tls;
  checkRange("tls.reloadMs", reloadMs, { from: 100, to: 3_600_000 });
  checkRange("tls.expiryWarningDays", expiryWarningDays, { from: 0, to: 365 });
  const { clock, handshakeMs } = facts;
  return new Certificates({ files: { ca, cert, key }, reloadMs, expiryWarningDays, wallClock, clock }, handshakeMs);
}

function readLimits(given: TcpLimits): Required<TcpLimits> {
  const maxMessageBytes = given.maxMessageBytes ?? 8 * 1024 * 1024;
  const limits = {
    maxMessageBytes,
    controlQueueBytes: given.controlQueueBytes ?? 1024 * 1024,
    appendQueueBytes: given.appendQueueBytes ?? Math.max(16 * 1024 * 1024, maxMessageBytes),
    snapshotQueueBytes: given.snapshotQueueBytes ?? Math.max(8 * 1024 * 1024, maxMessageBytes),
    maxConnections: given.maxConnections ?? 256,
  };
  checkRange("limits.maxMessageBytes", maxMessageBytes, { from: maxControlBytes, to: 64 * 1024 * 1024 });
  checkRange("limits.controlQueueBytes", limits.controlQueueBytes, { from: maxControlBytes });
  checkRange("limits.appendQueueBytes", limits.appendQueueBytes, { from: maxMessageBytes });
  checkRange("limits.snapshotQueueBytes", limits.snapshotQueueBytes, { from: maxMessageBytes });
  checkRange("limits.maxConnections", limits.maxConnections, { from: lanes.length });
  return limits;
}

function readTimeouts(given: TcpTimeouts): Required<TcpTimeouts> {
  const keepAliveMs = given.keepAliveMs ?? 2000;
  const timeouts = {
    handshakeMs: given.handshakeMs ?? 5000,
    keepAliveMs,
    idleMs: given.idleMs ?? Math.max(6000, 3 * keepAliveMs),
    frameMs: given.frameMs ?? 30_000,
  };
  checkRange("timeouts.handshakeMs", timeouts.handshakeMs, { from: 1 });
  checkRange("timeouts.keepAliveMs", keepAliveMs, { from: 1 });
  checkRange("timeouts.idleMs", timeouts.idleMs, { from: 2 * keepAliveMs });
  checkRange("timeouts.frameMs", timeouts.frameMs, { from: 1 });
  return timeouts;
}

function readBackoff(given: TcpBackoff): Required<TcpBackoff> {
  const minMs = given.minMs ?? 50;
  const maxMs = given.maxMs ?? Math.max(1000, minMs);
  checkRange("backoff.minMs", minMs, { from: 1 });
  checkRange("backoff.maxMs", maxMs, { from: minMs });
  return { minMs, maxMs };
}

function checkAddress(name: string, address: TcpAddress | undefined, firstPort: number): void {
  if (address === undefined || typeof address.host !== "string" || address.host === "") {
    throw invalid(`${name} needs a host.`);
  }
  checkRange(`${name}.port`, address.port, { from: firstPort, to: 65_535 });
}

function checkRange(option: string, value: number, range: { readonly from: number; readonly to?: number }): void {
  checkWholeNumber({ option, value, ...range, hint });
}

function invalid(message: string): QuorateError {
  return new QuorateError({ code: "QUORATE_OPTIONS_INVALID", message, hint });
}
