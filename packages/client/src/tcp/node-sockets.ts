// Channels over TCP and TLS in Node, Deno and Bun. Nothing is imported from the platform until a connection is dialled, so
// that this package loads in browsers, which have no sockets.

import { QuorateError } from "@quorate/contracts";
import type { ByteChannel } from "../wire/channel.ts";
import type { Dial } from "./connection.ts";

/** What connections to `tls://` endpoints need. PEM texts. */
export type TlsOptions = {
  /** Who may have signed the servers' certificates. Default: whom the platform trusts. */
  readonly ca?: string;
  /** This client's certificate, where the servers ask for one. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the servers' certificates, if it is not the host of the endpoint. */
  readonly servername?: string;
};

/** Dials with the sockets of the platform. */
export function socketDial(tls: TlsOptions = {}): Dial {
  return (endpoint, events) => {
    const url = new URL(endpoint);
    const host = url.hostname.replaceAll(/[[\]]/g, "");
    const port = Number(url.port);
    const isTls = url.protocol === "tls:";
    const node = platform();
    const servername = tls.servername ?? serverName(host);
    const socket = isTls
      ? node.getBuiltinModule("node:tls").connect({ host, port, minVersion: "TLSv1.3", servername, ...tls })
      : node.getBuiltinModule("node:net").connect({ host, port });
    socket.setNoDelay(true);
    let reason = "the connection was closed";
    socket.once(isTls ? "secureConnect" : "connect", () => events.onOpen());
    socket.on("data", (bytes: Uint8Array) => events.onData(bytes));
    socket.on("drain", () => events.onDrain());
    socket.on("error", (error) => (reason = describe(error)));
    socket.once("close", () => events.onClose(reason));
    const channel: ByteChannel = {
      write: (bytes) => socket.write(bytes),
      end: () => socket.destroySoon(),
      destroy: () => socket.destroy(),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      bufferedBytes: () => socket.writableLength,
    };
    return channel;
  };
}

/** Node's process, with which its modules are found without an import; browsers have none. */
function platform(): NodeJS.Process {
  const found: Partial<NodeJS.Process> | undefined = globalThis.process;
  if (found === undefined || !("getBuiltinModule" in found)) {
    throw new QuorateError({
      code: "QUORATE_CONFIG_INVALID",
      message: "Client options: this platform has no sockets for tcp:// and tls:// endpoints.",
      hint: "Use the HTTP addresses of the nodes.",
    });
  }
  return globalThis.process;
}

/** A name that TLS can ask for; there is none for an IP address. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}

function describe(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  // A connection that several addresses were tried for fails with all their errors and no message.
  const message = error.message === "" && error instanceof AggregateError ? String(error.errors[0]) : error.message;
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
