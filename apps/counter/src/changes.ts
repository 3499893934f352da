// Tells whoever watches what was changed. Between the state machine, which must not know about clients, and the wires.

import type { OnChange } from "./state-machine/machine.ts";
import type { Query } from "./state-machine/result.ts";

/** A state machine's changes, for any number of listeners. */
export class Changes {
  readonly #listeners = new Set<OnChange>();

  /** Tells all listeners; undefined if anything may have changed. */
  publish(changed: Query | undefined): void {
    for (const listener of this.#listeners) listener(changed);
  }

  /** From now on until the returned function is called. */
  listen(listener: OnChange): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
