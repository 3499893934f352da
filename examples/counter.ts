// The state machine that the other examples replicate: a number, and commands that add to it.

import type { CommittedCommand, StateMachine } from "@quorate/contracts";

/** Adds up. The same commands in the same order give the same state: no clock, no chance, no IO. */
export class Counter implements StateMachine<"value", number, number> {
  #value = 0;

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    return batch.map(({ data }) => (this.#value += Number(new TextDecoder().decode(data))));
  }

  query(): number {
    return this.#value;
  }

  snapshot(): Uint8Array {
    return add(this.#value);
  }

  restore(snapshot: Uint8Array): void {
    this.#value = Number(new TextDecoder().decode(snapshot));
  }
}

/** The command that adds `amount`. */
export function add(amount: number): Uint8Array {
  return new TextEncoder().encode(String(amount));
}
