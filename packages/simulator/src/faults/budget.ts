// How much may be lost for good: never so much that what was committed is gone. Everything else that goes wrong is undone at the
// end, so it needs no limit.

import type { Configuration, NodeId } from "@quorate/contracts";
import { isQuorum } from "../checkers/configurations.ts";
import type { LogImage } from "../ports/log-image.ts";

type Losable = {
  readonly id: NodeId;
  readonly isLost: boolean;
  readonly configuration: Configuration;
  readonly durable: LogImage;
  readonly wipedMs: number;
};

/** For so long after a loss, somebody may still give a vote to the store that is gone. */
const RECENT_MS = 5_000;

/** Knows whose disk still holds what it has promised, and whether one more could be lost. */
export class Budget {
  readonly #machines: readonly Losable[];
  readonly #nowMs: () => number;

  constructor({ machines, nowMs }: { readonly machines: readonly Losable[]; readonly nowMs: () => number }) {
    this.#machines = machines;
    this.#nowMs = nowMs;
  }

  /** True if the server's disk is the one that counts, or would count, in a configuration. */
  isIntact(id: NodeId, { records = [] }: Configuration): boolean {
    const machine = this.#machines.find((each) => each.id === id);
    if (machine === undefined || machine.isLost) return false;
    const expected = records.find((record) => record.id === id)?.incarnation;
    if (expected === undefined) return !this.#isRecent(machine);
    return machine.durable.identity?.incarnation === expected;
  }

  /**
   * True if every configuration that may be in use anywhere can still decide without this one too, also if those without a
   * disk that counts have just been given a vote.
   */
  affords(id: NodeId): boolean {
    const unsettled = this.#machines.filter((each) => each.id === id || each.isLost || this.#isRecent(each));
    return this.#machines.every(({ configuration }) => {
      const isThere = (voter: NodeId): boolean => voter !== id && this.isIntact(voter, configuration);
      const voters = [...new Set([...configuration.voters, ...unsettled.map((each) => each.id)])];
      return isQuorum(configuration, isThere) && isQuorum({ voters, learners: [] }, isThere);
    });
  }

  #isRecent({ wipedMs }: Losable): boolean {
    return this.#nowMs() - wipedMs < RECENT_MS;
  }
}
