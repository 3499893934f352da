// The connections of one client: at most one to each endpoint, made when it is needed.

import type { Clock } from "@quorate/contracts";
import type { Welcome } from "../wire/handshake.ts";
import { Connection, type ConnectionRequest, type Dial } from "./connection.ts";

/** Connections by endpoint. */
export class Connections {
  readonly clock: Clock;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
  readonly #dial: Dial;
  readonly #byEndpoint = new Map<string, Connection>();
  /** Commands of one session that may be under way; the last server's word. */
  #sessionWindow = 1;

  constructor(parts: { readonly clock: Clock; readonly closing: AbortSignal; readonly dial: Dial }) {
    this.clock = parts.clock;
    this.closing = parts.closing;
    this.#dial = parts.dial;
  }

  get sessionWindow(): number {
    return this.#sessionWindow;
  }

  /** Sends a request over the connection to `endpoint`. The function that it returns forgets the request. */
  request(endpoint: string, request: ConnectionRequest): () => void {
    return this.#connectionTo(endpoint).request(request);
  }

  /** Ends all requests with `reason`, after what waits was sent. */
  close(reason: unknown): void {
    const connections = [...this.#byEndpoint.values()];
    this.#byEndpoint.clear();
    for (const connection of connections) connection.close(reason);
  }

  #connectionTo(endpoint: string): Connection {
    const known = this.#byEndpoint.get(endpoint);
    if (known !== undefined) return known;
    const connection: Connection = new Connection({
      endpoint,
      dial: this.#dial,
      clock: this.clock,
      onWelcome: (welcome: Welcome) => (this.#sessionWindow = welcome.sessionWindow),
      onEnd: () => {
        if (this.#byEndpoint.get(endpoint) === connection) this.#byEndpoint.delete(endpoint);
      },
    });
    this.#byEndpoint.set(endpoint, connection);
    return connection;
  }
}
