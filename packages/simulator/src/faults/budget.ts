// How much may be lost for good: never so much that what was committed is gone. Everything else that goes wrong is undone at the
// end, so it needs no limit.

import type { Configuration, NodeId } from "@quorate/contracts";
import { isQuorum, speaksFor } from "../checkers/configurations.ts";
import type { LogImage } from "../ports/log-image.ts";

type Losable = {
  readonly id: NodeId;
  readonly isLost: boolean;
  readonly configuration: Configuration;
  readonly durable: LogImage;
};

/** Knows whose disk still holds what it has promised, and whether one more could be lost. */
export class Budget {
  readonly #machines: readonly Losable[];

  constructor(machines: readonly Losable[]) {
    this.#machines = machines;
  }

  /** True if the server's disk is the one that counts in a configuration. One that counts nowhere yet is as good. */
  isIntact(id: NodeId, configuration: Configuration): boolean {
    const machine = this.#machines.find((each) => each.id === id);
    if (machine === undefined || machine.isLost) return false;
    return speaksFor(configuration, id, machine.durable.identity?.incarnation);
  }

  /** True if every configuration that may be in use anywhere can still decide without this one too. */
  affords(id: NodeId): boolean {
    return this.#machines.every(({ configuration }) =>
      isQuorum(configuration, (voter) => voter !== id && this.isIntact(voter, configuration)),
    );
  }
}
