// How much may be lost for good: never so much that a cluster could not come back. Everything else that goes wrong is undone
// at the end, so it needs no limit.

import type { Configuration, NodeId } from "@quorate/contracts";
import { isQuorum } from "../checkers/configurations.ts";

type Losable = { readonly id: NodeId; readonly isLost: boolean; readonly configuration: Configuration };

/** Knows who is lost and whether one more could be borne. */
export class Budget {
  readonly #machines: readonly Losable[];

  constructor(machines: readonly Losable[]) {
    this.#machines = machines;
  }

  /** Servers that will not come back. */
  get lost(): ReadonlySet<NodeId> {
    return new Set(this.#machines.filter(({ isLost }) => isLost).map(({ id }) => id));
  }

  /** True if every configuration that may be in use anywhere can still decide without this one too. */
  affords(id: NodeId): boolean {
    const lost = new Set([...this.lost, id]);
    return this.#machines.every(({ configuration }) => isQuorum(configuration, (voter) => !lost.has(voter)));
  }
}
