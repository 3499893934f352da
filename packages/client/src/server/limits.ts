// The bounds of the client port.

import { maxFrameBytes } from "../wire/frame.ts";
import { defaultWatchLimits, type WatchLimits } from "./watches.ts";

/** Bounds of each connection, and of all together. */
export type ConnectionLimits = {
  /** Requests and watches under way on one connection; more are refused as `QUORATE_BUSY`. Default 1024. */
  readonly maxInFlight: number;
  /** Requests under way on all connections. Default 8192. */
  readonly maxInFlightTotal: number;
  /** Largest frame of requests in bytes. Default 4 MiB. */
  readonly maxFrameBytes: number;
  /** Bytes of answers that may wait for a client that does not read; over it the connection is cut. Default 64 MiB. */
  readonly maxBufferedBytes: number;
  /** Time for the handshake in ms. Default 5000. */
  readonly handshakeMs: number;
  /** Time for a frame from its first byte to its last, in ms. Default 30 000. */
  readonly frameMs: number;
  /** A connection with nothing under way on which nothing was heard for so long is closed, in ms. Default 120 000. */
  readonly idleMs: number;
};

/** Bounds of the client port. */
export type ClientPortLimits = ConnectionLimits &
  WatchLimits & {
    /** More connections are closed at once. Default 1024. */
    readonly maxConnections: number;
  };

/** The default bounds. */
export const defaultClientPortLimits: ClientPortLimits = {
  ...defaultWatchLimits,
  maxInFlight: 1024,
  maxInFlightTotal: 8192,
  maxFrameBytes,
  maxBufferedBytes: 64 * 1024 * 1024,
  handshakeMs: 5000,
  frameMs: 30_000,
  idleMs: 120_000,
  maxConnections: 1024,
};
