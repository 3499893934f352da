// The client library does not close a socket whose broker never says hello, for example because it is stopped, and such a
// socket keeps the process alive. So the sockets opened on behalf of one transport are remembered, and destroyed with it.

import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

const channel = "net.client.socket";

/** On whose behalf code runs; it follows promises and timers into the library. */
const owner = new AsyncLocalStorage<OwnedSockets | undefined>();

/** Every socket that was opened inside `run`. */
export class OwnedSockets {
  readonly #sockets: Set<Socket> = new Set();
  #isClosed = false;
  readonly #onSocket = (message: unknown): void => {
    if (owner.getStore() !== this) return;
    // The channel publishes objects of this shape.
    const { socket } = message as { socket: Socket };
    for (const known of this.#sockets) if (known.destroyed) this.#sockets.delete(known);
    this.#sockets.add(socket);
    // Not at once: whoever opened it has not yet begun to listen for its end.
    if (this.#isClosed) setImmediate(() => socket.destroy());
  };

  constructor() {
    subscribe(channel, this.#onSocket);
  }

  /** Runs the library's code: the sockets that it opens, now or later, are remembered. */
  run<Result>(work: () => Result): Result {
    return owner.run(this, work);
  }

  /** Runs the user's code when the library calls back: its sockets are not ours. */
  static outside(work: () => void): void {
    owner.run(undefined, work);
  }

  /** Destroys what is open. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Destroys what is open and whatever is still opened. */
  close(): void {
    this.#isClosed = true;
    this.destroyAll();
  }

  /** The library has come to rest and opens nothing any more. */
  release(): void {
    this.close();
    unsubscribe(channel, this.#onSocket);
  }
}
