// The open port: accepts connections up to a limit and knows all of them until they are gone.

import { createServer, type Server } from "node:net";
import { AcceptedConnection, type AcceptEvents, type AcceptFacts } from "./accepted-connection.ts";
import { listenError } from "./failure.ts";
import type { TcpAddress } from "./options.ts";

/** Listens for peers. */
export class Listener {
  readonly #facts: AcceptFacts;
  readonly #events: AcceptEvents;
  readonly #server: Server;
  readonly #connections: Set<AcceptedConnection> = new Set();

  constructor(facts: AcceptFacts, events: AcceptEvents) {
    this.#facts = facts;
    this.#events = events;
    this.#server = createServer({ noDelay: true });
    this.#server.on("connection", (socket) => {
      if (!this.#makeRoom()) {
        socket.destroy();
        return;
      }
      const connection = new AcceptedConnection(socket, this.#facts, this.#events);
      this.#connections.add(connection);
      socket.once("close", () => this.#connections.delete(connection));
    });
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#connections.size;
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
    for (const connection of this.#connections) connection.close();
    return closed;
  }

  /** At the limit, somebody who has not said who it is makes room: idle strangers must not keep peers out. */
  #makeRoom(): boolean {
    if (this.#connections.size < this.#facts.settings.limits.maxConnections) return true;
    for (const connection of this.#connections) {
      if (connection.isIdentified) continue;
      this.#connections.delete(connection);
      connection.close();
      return true;
    }
    return false;
  }
}
