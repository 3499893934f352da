// The open port: accepts connections up to a limit and knows all of them until they are gone.

import type { Server, Socket } from "node:net";
import { AcceptedConnection, type AcceptEvents, type AcceptFacts } from "./accepted-connection.ts";
import { describeAddress, type Failure, listenError } from "./failure.ts";
import type { TcpAddress } from "./options.ts";

/** A connection, and who is on it once bytes can be read: with TLS that is a while after it was accepted. */
type Guest = { readonly socket: Socket; connection: AcceptedConnection | undefined };

/** Listens for peers. */
export class Listener {
  readonly #facts: AcceptFacts;
  readonly #events: AcceptEvents;
  readonly #server: Server;
  /** By the address on the other side, of which there is one per connection. */
  readonly #guests: Map<string, Guest> = new Map();

  constructor(facts: AcceptFacts, events: AcceptEvents) {
    this.#facts = facts;
    this.#events = events;
    this.#server = facts.settings.security.createServer({
      onConnection: (socket) => this.#onConnection(socket),
      onReady: (socket) => this.#onReady(socket),
      onUnreadable: (socket, failure) => this.#onUnreadable(socket, failure),
    });
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#guests.size;
  }

  /** Resolves with the address in use; rejects with `QUORATE_ADDRESS_IN_USE` or `QUORATE_ADDRESS_UNUSABLE`. */
  listen(): Promise<TcpAddress> {
    const { listen } = this.#facts.settings;
    return new Promise((resolve, reject) => {
      this.#server.on("error", (error) => reject(listenError(error, listen)));
      this.#server.listen({ host: listen.host, port: listen.port }, () => {
        const address = this.#server.address();
        const port = typeof address === "object" && address !== null ? address.port : listen.port;
        resolve({ host: listen.host, port });
      });
    });
  }

  /** Ends all connections. Resolves when the port and every socket are released. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      // The only failure is that it does not listen, which is as good as closed.
      this.#server.close(() => resolve());
    });
    for (const { socket, connection } of this.#guests.values()) {
      connection?.close();
      socket.destroy();
    }
    return closed;
  }

  #onConnection(socket: Socket): void {
    if (!this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const key = keyOf(socket);
    const guest: Guest = { socket, connection: undefined };
    this.#guests.set(key, guest);
    // An error is always followed by `close`, and what to do about both is the same.
    socket.on("error", () => {});
    socket.once("close", () => {
      if (this.#guests.get(key) === guest) this.#guests.delete(key);
    });
  }

  #onReady(socket: Socket): void {
    const guest = this.#guests.get(keyOf(socket));
    if (guest === undefined) socket.destroy();
    else guest.connection = new AcceptedConnection(socket, this.#facts, this.#events);
  }

  /** Told only of those who have sent something: whoever just connects and leaves is a probe. */
  #onUnreadable(socket: Socket, failure: Failure): void {
    const guest = this.#guests.get(keyOf(socket));
    const hasSpoken = socket.bytesRead > 0 || (guest?.socket.bytesRead ?? 0) > 0;
    socket.destroy();
    guest?.socket.destroy();
    if (guest !== undefined && hasSpoken) this.#events.onGarbage(keyOf(guest.socket), failure);
  }

  /** At the limit, somebody who has not said who it is makes room: idle strangers must not keep peers out. */
  #makeRoom(): boolean {
    if (this.#guests.size < this.#facts.settings.limits.maxConnections) return true;
    for (const [key, { socket, connection }] of this.#guests) {
      if (connection?.isIdentified === true) continue;
      this.#guests.delete(key);
      connection?.close();
      socket.destroy();
      return true;
    }
    return false;
  }
}

function keyOf(socket: Socket): string {
  return describeAddress({ host: socket.remoteAddress ?? "an unknown address", port: socket.remotePort ?? 0 });
}
