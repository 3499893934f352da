// The connections of one client: at most one to each endpoint, made when it is needed.

import type { Clock } from "@quorate/contracts";
import type { Welcome } from "../wire/handshake.ts";
import { Connection, type ConnectionRequest, type Dial } from "./connection.ts";

/** A request that also hears of the end of the client. */
export type ClientRequest = ConnectionRequest & { onClosed(reason: unknown): void };

/** Connections by endpoint. */
export class Connections {
  readonly clock: Clock;
  /** Aborted when the client is closed. */
  readonly closing: AbortSignal;
  readonly #dial: Dial;
  readonly #byEndpoint = new Map<string, Connection>();
  /** Commands of one session that may be under way; the last server's word. */
  #sessionWindow = 1;
  readonly #waiting = new Set<ClientRequest>();

  constructor(parts: { readonly clock: Clock; readonly closing: AbortSignal; readonly dial: Dial }) {
    this.clock = parts.clock;
    this.closing = parts.closing;
    this.#dial = parts.dial;
  }

  get sessionWindow(): number {
    return this.#sessionWindow;
  }

  /** Sends a request over the connection to `endpoint`. The function that it returns forgets the request. */
  request(endpoint: string, request: ClientRequest): () => void {
    const { call, deadlineMs } = request;
    const connection = this.#connectionTo(endpoint);
    this.#waiting.add(request);
    const forget = connection.request({
      call,
      deadlineMs,
      onAnswer: (answer) => {
        if (answer.type !== "event") this.#waiting.delete(request);
        request.onAnswer(answer);
      },
    });
    return () => {
      this.#waiting.delete(request);
      forget();
    };
  }

  /** Ends all requests with `reason`, after what waits was sent. */
  close(reason: unknown): void {
    for (const connection of this.#byEndpoint.values()) connection.close();
    this.#byEndpoint.clear();
    for (const request of this.#waiting) request.onClosed(reason);
    this.#waiting.clear();
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
