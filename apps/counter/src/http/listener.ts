// The HTTP server's sockets: limits and time-outs, errors below HTTP, and an orderly end.

import { createServer, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { codeOf, QuorateError } from "@quorate/contracts";
import { getRequestListener } from "@hono/node-server";
import { describeCode, problemType } from "../errors/catalogue.ts";
import type { HttpHandler } from "./app.ts";

/** A host and a port; port 0 lets the system choose. */
export type Address = { readonly host: string; readonly port: number };

/** A server that listens. */
export type HttpListener = {
  /** Where it really listens. */
  readonly address: Address;
  /**
   * Takes no new connections, lets requests in progress end for at most `graceMs`, then closes everything. Idempotent.
   * The handler should answer with `connection: close` by then, or connections stay open for more requests.
   */
  close(graceMs: number): Promise<void>;
};

/** Bounds of the sockets. */
export type ListenerLimits = {
  /** Time for the headers of a request, in ms. Default 10 000. */
  readonly headersTimeoutMs: number;
  /** Time for a request with its body, in ms. Default 30 000. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection stays open, in ms. Default 60 000. */
  readonly keepAliveTimeoutMs: number;
  /** How often connections are checked for the time-outs, in ms. Default 5000. */
  readonly checkIntervalMs: number;
  /** Default 16 KiB. */
  readonly maxHeaderBytes: number;
  /** More connections are closed at once. Default 1024. */
  readonly maxConnections: number;
};

/** The bounds that the service uses. */
export const defaultListenerLimits: ListenerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 60_000,
  checkIntervalMs: 5000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 1024,
};

/** Starts to answer HTTP requests. Rejects with `QUORATE_ADDRESS_IN_USE` or `QUORATE_ADDRESS_UNUSABLE`. */
export async function listenHttp(options: {
  readonly listen: Address;
  readonly handler: HttpHandler;
  readonly onDefect: (error: unknown) => void;
  readonly limits?: Partial<ListenerLimits>;
}): Promise<HttpListener> {
  const { listen, handler, onDefect } = options;
  const limits = { ...defaultListenerLimits, ...options.limits };
  const onRequest = getRequestListener((request) => handler(request), {
    // Only requests that are no valid HTTP requests end here; the handler itself never rejects.
    errorHandler: (error) => {
      const isRequest = error instanceof Error && error.name === "RequestError";
      if (!isRequest) onDefect(error);
      return isRequest ? badRequest(error.message) : defect();
    },
  });
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
      connectionsCheckingInterval: limits.checkIntervalMs,
    },
    (incoming, outgoing) => void onRequest(incoming, outgoing),
  );
  server.maxConnections = limits.maxConnections;
  server.on("clientError", answerClientError);
  await start(server, listen);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : listen.port;
  return { address: { host: listen.host, port }, close: (graceMs) => stop(server, graceMs) };
}

/** Host and port as a base address of HTTP requests. */
export function urlOf({ host, port }: Address): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function start(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(listenError({ host, port }, cause)));
    server.listen({ host, port }, resolve);
  });
}

function listenError(address: Address, cause: unknown): QuorateError {
  const where = `${address.host}:${address.port}`;
  if (codeOf(cause) === "EADDRINUSE") {
    return new QuorateError({
      code: "QUORATE_ADDRESS_IN_USE",
      message: `The HTTP address ${where} is in use by another process.`,
      hint: "Stop the other process, or choose another port with listen.http.",
      cause,
    });
  }
  return new QuorateError({
    code: "QUORATE_ADDRESS_UNUSABLE",
    message: `Cannot listen for HTTP on ${where} (${codeOf(cause) ?? String(cause)}).`,
    hint: "Set listen.http to an address of this machine.",
    cause,
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Errors before there is a request: the answer is written by hand. */
function answerClientError(error: Error, socket: Duplex): void {
  if (codeOf(error) === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = clientErrorCode(codeOf(error));
  const body = problemText(code, describeCode(code).title);
  const { status } = describeCode(code);
  socket.end(
    `HTTP/1.1 ${status} ${describeCode(code).title}\r\nconnection: close\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function clientErrorCode(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") return "QUORATE_HEADERS_TOO_LARGE";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "QUORATE_REQUEST_TIMEOUT";
  return "QUORATE_REQUEST_INVALID";
}

function badRequest(message: string): Response {
  return problem("QUORATE_REQUEST_INVALID", message);
}

function defect(): Response {
  return problem("QUORATE_INTERNAL", describeCode("QUORATE_INTERNAL").title);
}

function problem(code: string, detail: string): Response {
  return new Response(problemText(code, detail), {
    status: describeCode(code).status,
    headers: { "content-type": "application/problem+json" },
  });
}

/** No node is asked here, so leader, term and node are not known. */
function problemText(code: string, detail: string): string {
  const { title, status, hint } = describeCode(code);
  return JSON.stringify({
    type: problemType(code),
    title,
    status,
    detail,
    instance: null,
    code,
    hint,
    retryable: false,
    outcome: code === "QUORATE_INTERNAL" ? "unknown" : "none",
    leader: null,
    term: null,
    node: null,
  });
}
