// Remembers which refusals were told, so that a misconfigured peer that dials every second is one event and not many.

import type { Failure } from "./failure.ts";

/** Strangers choose the names that are kept here, so there are not many places. */
const maxEntries = 128;

/** The refusals told so far. */
export class RefusalLog {
  readonly #told: Map<string, string> = new Map();

  /** True the first time a peer is refused for this reason, and again after it was refused for another one. */
  isNew(peer: string, failure: Failure): boolean {
    const reason = `${failure.code} ${failure.detail}`;
    if (this.#told.get(peer) === reason) return false;
    this.#told.delete(peer);
    this.#told.set(peer, reason);
    const [oldest] = this.#told.keys();
    if (this.#told.size > maxEntries && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }

  /** The peer was let in: a refusal after this is news. */
  forget(peer: string): void {
    this.#told.delete(peer);
  }
}
