// The client port's sockets: TCP or TLS.

import { constants } from "node:crypto";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, Server as TlsServer, type TLSSocket } from "node:tls";
import { codeOf, QuorateError } from "@quorate/contracts";
import { systemClock } from "../system-clock.ts";
import { ClientPort, type ClientPortOptions, type Guest } from "./client-port.ts";
import { ClientTrust } from "./client-trust.ts";
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
  /** Milliseconds since 1970, which the validity of clients' certificates is held against. Default `Date.now`. */
  readonly wallClock?: () => number;
};

/** A client port that listens. */
export type ClientListener = {
  /** Where it really listens. */
  readonly address: { readonly host: string; readonly port: number };
  /**
   * From now on new connections get this certificate. Those that are open stay, unless their client's certificate is of no
   * authority in `ca` any more. For listeners that began with `tls`; whether clients need certificates stays as it was.
   */
  setTls(tls: ServerTls): void;
  /** Takes nothing new, answers requests under way for at most `graceMs`, then closes everything. Idempotent. */
  close(graceMs: number): Promise<void>;
};

/** Begins to answer clients of a node. Rejects with `QUORATE_ADDRESS_IN_USE` or `QUORATE_ADDRESS_UNUSABLE`. */
export async function serveClients<Query, Answer, Result>(
  options: ServeOptions<Query, Answer, Result>,
): Promise<ClientListener> {
  const { listen, tls, wallClock = Date.now } = options;
  const trust = tls?.ca === undefined ? undefined : new ClientTrust(tls.ca, wallClock);
  const server =
    tls === undefined
      ? createTcpServer((socket) => attach(socket, port))
      : tlsServer(tls, (socket) => attach(socket, port, trust?.guestOf(socket)));
  server.maxConnections = (options.limits?.maxConnections ?? defaultClientPortLimits.maxConnections) + 1;
  await start(server, listen);
  const port = new ClientPort({ ...options, clock: systemClock });
  const bound = server.address();
  const address = { host: listen.host, port: typeof bound === "object" && bound !== null ? bound.port : listen.port };
  let closing: Promise<void> | undefined;
  return {
    address,
    setTls(next) {
      if (!(server instanceof TlsServer)) return;
      trust?.setAuthorities(next.ca ?? "");
      server.setSecureContext(contextOf(next));
      port.judgeAll();
    },
    close(graceMs) {
      closing ??= stop(server, port, graceMs);
      return closing;
    },
  };
}

function tlsServer(tls: ServerTls, onSocket: (socket: TLSSocket) => void): Server {
  // Whoever is refused can be told why only after the handshake.
  const clients = tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
  const server = createTlsServer({ ...contextOf(tls), ...clients, handshakeTimeout: 5000 }, onSocket);
  // A handshake that fails is the client's business; its socket is closed already.
  server.on("tlsClientError", () => {});
  return server;
}

function contextOf({ cert, key, ca }: ServerTls) {
  // A resumed session brings no chain to judge: where clients prove who they are, each connection begins with the whole proof.
  const clients = ca === undefined ? {} : { ca, secureOptions: constants.SSL_OP_NO_TICKET };
  return { cert, key, minVersion: "TLSv1.3", ...clients } as const;
}

function attach<Query, Answer, Result>(socket: Socket, port: ClientPort<Query, Answer, Result>, guest?: Guest): void {
  socket.setNoDelay(true);
  const events = port.accept(
    {
      write: (bytes) => socket.write(bytes),
      end: () => socket.destroySoon(),
      destroy: () => socket.destroy(),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      bufferedBytes: () => socket.writableLength,
    },
    guest,
  );
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
