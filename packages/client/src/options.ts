// What a client is made of: its options with units and defaults, checked once.

import { type Clock, QuorateError, type Random } from "@quorate/contracts";
import { systemClock } from "./system-clock.ts";
import type { Dial } from "./tcp/connection.ts";
import { socketDial, type TlsOptions } from "./tcp/node-sockets.ts";

/** The part of `fetch` that the client uses. It must honour `init.signal`. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** How long and how often a call is tried. */
export type RetryOptions = {
  /** Time for one call with all its attempts and pauses, in ms, above 0. Default 10 000. */
  readonly budgetMs?: number;
  /**
   * Time for one attempt in ms, above 0, so that a node that hangs does not stall the call. Doubles after each attempt
   * at the same node that ran out of it, so that a slow cluster is not burdened with ever more attempts. Default 1000.
   */
  readonly attemptTimeoutMs?: number;
  /** Upper bound of the random pause after the first round over all endpoints, in ms; doubles each round. Default 25. */
  readonly firstPauseMs?: number;
  /** Upper bound of every pause in ms. Default 500. */
  readonly maxPauseMs?: number;
};

/** What a client is made of. */
export type ClientOptions = {
  /**
   * Addresses of one or more nodes; the others are found through them. `tcp://127.0.0.1:8201` and `tls://…` name client
   * ports and speak the binary protocol, `http://127.0.0.1:8101` and `https://…` the HTTP interface.
   */
  readonly endpoints: readonly string[];
  readonly retry?: RetryOptions;
  /** What `tls://` endpoints need. */
  readonly tls?: TlsOptions;
  /** Default: the global `fetch`. */
  readonly fetch?: FetchFunction;
  /** How connections to `tcp://` and `tls://` endpoints are made. Default: the sockets of Node. */
  readonly dial?: Dial;
  /** Default: the system's monotonic clock. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
};

/** Options with every default filled in. */
export type Settings = {
  readonly endpoints: readonly string[];
  readonly retry: Required<RetryOptions>;
  readonly fetch: FetchFunction;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
};

/** Fills in the defaults; throws `QUORATE_CONFIG_INVALID` on what cannot work. */
export function completeOptions(options: ClientOptions): Settings {
  const endpoints = [...new Set(options.endpoints.map(originOf))];
  if (endpoints.length === 0) {
    throw invalid("endpoints is empty", "Give the address of at least one node.");
  }
  const retry = {
    budgetMs: positive("retry.budgetMs", options.retry?.budgetMs ?? 10_000),
    attemptTimeoutMs: positive("retry.attemptTimeoutMs", options.retry?.attemptTimeoutMs ?? 1000),
    firstPauseMs: positive("retry.firstPauseMs", options.retry?.firstPauseMs ?? 25),
    maxPauseMs: positive("retry.maxPauseMs", options.retry?.maxPauseMs ?? 500),
  };
  return {
    endpoints,
    retry,
    dial: options.dial ?? socketDial(options.tls),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

/** True if an endpoint, as `originOf` writes it, speaks the binary protocol. */
export function isBinary(endpoint: string): boolean {
  return endpoint.startsWith("tcp:") || endpoint.startsWith("tls:");
}

/** The origin of an endpoint, the form in which endpoints are compared. Throws on anything but the four kinds. */
export function originOf(endpoint: string): string {
  const url = URL.parse(endpoint);
  if (url === null || !/^(?:https?|tcp|tls):$/.test(url.protocol) || url.hostname === "") {
    throw invalid(
      `endpoint "${endpoint}" is neither an HTTP address nor that of a client port`,
      "Write it as http://HOST:PORT, https://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT.",
    );
  }
  const origin = `${url.protocol}//${url.host}`;
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    throw invalid(`endpoint "${endpoint}" has a path`, `Give the origin alone: ${origin}`);
  }
  if (isBinary(origin) && url.port === "") throw invalid(`endpoint "${endpoint}" has no port`, `Write ${origin}:PORT.`);
  return origin;
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw invalid(`${name} is ${value}`, "Give a number of milliseconds above 0.");
}

function invalid(what: string, hint: string): QuorateError {
  return new QuorateError({ code: "QUORATE_CONFIG_INVALID", message: `Client options: ${what}.`, hint });
}
