// The client port's sockets: TCP or TLS.

import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, Server as TlsServer } from "node:tls";
import { codeOf, QuorateError } from "@quorate/contracts";
import { systemClock } from "../system-clock.ts";
import { ClientPort, type ClientPortOptions } from "./client-port.ts";
import { defaultClientPortLimits } from "./limits.ts";

/** Certificates for TLS, as PEM texts. */
export type ServerTls = {
  readonly cert: string;
  readonly key: string;
  /** If given, clients must show a certificate that one of these has signed. */
  readonly ca?: string;
};

/** What `serveClients` needs. */
export type ServeOptions<Query, Answer, Result> = Omit<ClientPortOptions<Query, Answer, Result>, "clock"> & {
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Without it connections are plain TCP. */
  readonly tls?: ServerTls;
};

/** A client port that listens. */
export type ClientListener = {
  /** Where it really listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** From now on new connections get this certificate; those that are open stay. For listeners that began with `tls`. */
  setTls(tls: ServerTls): void;
  /** Takes nothing new, answers requests under way for at most `graceMs`, then closes everything. Idempotent. */
  close(graceMs: number): Promise<void>;
};

/** Begins to answer clients of a node. Rejects with `QUORATE_ADDRESS_IN_USE` or `QUORATE_ADDRESS_UNUSABLE`. */
export async function serveClients<Query, Answer, Result>(
  options: ServeOptions<Query, Answer, Result>,
): Promise<ClientListener> {
  const { listen, tls } = options;
  const onSocket = (socket: Socket): void => attach(socket, port);
  const server = tls === undefined ? createTcpServer(onSocket) : tlsServer(tls, onSocket);
  server.maxConnections = (options.limits?.maxConnections ?? defaultClientPortLimits.maxConnections) + 1;
  await start(server, listen);
  const port = new ClientPort({ ...options, clock: systemClock });
  const bound = server.address();
  const address = { host: listen.host, port: typeof bound === "object" && bound !== null ? bound.port : listen.port };
  let closing: Promise<void> | undefined;
  return {
    address,
    setTls(next) {
      if (server instanceof TlsServer) server.setSecureContext(contextOf(next));
    },
    close(graceMs) {
      closing ??= stop(server, port, graceMs);
      return closing;
    },
  };
}

function tlsServer(tls: ServerTls, onSocket: (socket: Socket) => void): Server {
  const clients = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer({ ...contextOf(tls), ...clients, handshakeTimeout: 5000 }, onSocket);
  // A handshake that fails is the client's business; its socket is closed already.
  server.on("tlsClientError", () => {});
  return server;
}

function contextOf({ cert, key, ca }: ServerTls) {
  return { cert, key, minVersion: "TLSv1.3", ...(ca !== undefined && { ca }) } as const;
}

function attach<Query, Answer, Result>(socket: Socket, port: ClientPort<Query, Answer, Result>): void {
  socket.setNoDelay(true);
  const events = port.accept({
    write: (bytes) => socket.write(bytes),
    end: () => socket.destroySoon(),
    destroy: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    bufferedBytes: () => socket.writableLength,
  });
  socket.on("data", (bytes: Buffer) => events.onData(bytes));
  socket.on("drain", () => events.onDrain());
  // The close that follows says all that matters.
  socket.on("error", () => {});
  socket.once("close", () => events.onClose("closed"));
}

function start(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(listenError(`${host}:${port}`, cause)));
    server.listen({ host, port }, resolve);
  });
}

function listenError(where: string, cause: unknown): QuorateError {
  if (codeOf(cause) === "EADDRINUSE") {
    return new QuorateError({
      code: "QUORATE_ADDRESS_IN_USE",
      message: `The client address ${where} is in use by another process.`,
      hint: "Stop the other process, or choose another port with listen.client.",
      cause,
    });
  }
  return new QuorateError({
    code: "QUORATE_ADDRESS_UNUSABLE",
    message: `Cannot listen for clients on ${where} (${codeOf(cause) ?? String(cause)}).`,
    hint: "Set listen.client to an address of this machine.",
    cause,
  });
}

async function stop<Query, Answer, Result>(
  server: Server,
  port: ClientPort<Query, Answer, Result>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await port.close(graceMs);
  await closed;
}
