// How connections are made and whom they are believed: in plain text, where that is allowed, or with certificates.

import { createServer, connect, isIP, type Server, type Socket } from "node:net";
import type { TransportIdentity } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";
import { codes, describeAddress, type Failure } from "./failure.ts";
import type { TcpAddress } from "./options.ts";

/** What whoever accepts connections wants to hear. */
export type AcceptHooks = {
  /** Somebody has connected. If there is no room the socket is destroyed in this call. */
  onConnection(socket: Socket): void;
  /** A connection on which the other side can be heard: the same socket, or the encrypted one on top of it. */
  onReady(socket: Socket): void;
  /** What arrived before that is not the beginning of an encrypted connection. */
  onUnreadable(socket: Socket, failure: Failure): void;
};

/** What a transport tells about its own security. */
export type SecurityEvents = {
  onWarning(warning: Failure): void;
  onCertificate(certificate: { readonly fingerprint: string; readonly validUntilMs: number }): void;
};

/** Plain text or certificates. */
export type Security = {
  /** Rejects if this server cannot prove who it is. */
  start(identity: TransportIdentity, events: SecurityEvents): Promise<void>;
  close(): void;
  createServer(hooks: AcceptHooks): Server;
  /** @throws QuorateError `QUORATE_TLS_REQUIRED` if nothing may be sent to that address in plain text. */
  dial(address: TcpAddress): Socket;
  /** The event of a dialled socket after which bytes may be written. */
  readonly readyEvent: "connect" | "secureConnect";
  /** Why the other end of a connection is not believed to be this server; undefined if it is. */
  judge(socket: Socket, nodeId: string): Failure | undefined;
  /** Calls back once if what made `judge` believe is no longer true. The returned function ends the watch. */
  watch(socket: Socket, nodeId: string, onDoubt: (failure: Failure) => void): () => void;
};

/** No encryption and no proof: for one machine, or where the owner says that everybody may read and change everything. */
export class PlainText implements Security {
  readonly readyEvent = "connect";
  readonly #isAllowedAnywhere: boolean;

  constructor(isAllowedAnywhere: boolean) {
    this.#isAllowedAnywhere = isAllowedAnywhere;
  }

  start(_identity: TransportIdentity, events: SecurityEvents): Promise<void> {
    if (this.#isAllowedAnywhere) {
      const detail = "plain TCP between the servers: everybody in that network can read and change the data";
      events.onWarning({ code: "QUORATE_PLAIN_TEXT", detail });
    }
    return Promise.resolve();
  }

  close(): void {}

  createServer(hooks: AcceptHooks): Server {
    return createServer({ noDelay: true }, (socket) => {
      hooks.onConnection(socket);
      if (!socket.destroyed) hooks.onReady(socket);
    });
  }

  dial(address: TcpAddress): Socket {
    checkPlainText(address, this.#isAllowedAnywhere);
    return connect({ host: address.host, port: address.port, noDelay: true });
  }

  judge(): undefined {
    return undefined;
  }

  watch(): () => void {
    return () => {};
  }
}

/** @throws QuorateError `QUORATE_TLS_REQUIRED` unless the address never leaves the machine or plain text is allowed. */
export function checkPlainText(address: TcpAddress, isAllowedAnywhere: boolean): void {
  if (isAllowedAnywhere || isLoopback(address.host)) return;
  throw new QuorateError({
    code: codes.tlsRequired,
    message: `plain TCP would send everything unprotected through ${describeAddress(address)}`,
    hint: "Set `tls`, or `insecure: true` if everybody in that network may read and change your data.",
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
