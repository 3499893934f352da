// What a node does while its disk has hardly any space left: as a leader it takes no new commands and hands over to a server
// that may have more. Everything else goes on, so that elections, reads and what is on its way have the space that there is.

import type { LogStorage } from "@quorate/contracts";
import type { Raft } from "@quorate/core";
import type { SpaceChanged } from "./api.ts";

/**
 * How long a leader that is short of space waits before it hands over again: if the others are no better off, leadership comes
 * back, and it must not go round in circles.
 */
const HAND_OVER_EVERY_MS = 60_000;

/** What the watch needs of its driver. */
export type SpaceParts = {
  readonly storage: Pick<LogStorage, "isShortOfSpace">;
  readonly raft: Pick<Raft, "isLeader" | "transferLeadership">;
  readonly onEvent: (event: SpaceChanged) => void;
};

/** Watches the space that one node's log has. */
export class SpaceWatch {
  readonly #parts: SpaceParts;
  #wasShort = false;
  #nextHandOverMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SpaceParts) {
    this.#parts = parts;
  }

  /** Whether new commands must be refused. */
  get isShort(): boolean {
    return this.#parts.storage.isShortOfSpace === true;
  }

  /** Called once per turn. */
  tick(nowMs: number): void {
    const { raft, onEvent } = this.#parts;
    const { isShort } = this;
    if (isShort !== this.#wasShort) onEvent({ type: "spaceChanged", isShort });
    this.#wasShort = isShort;
    if (!isShort || !raft.isLeader || nowMs < this.#nextHandOverMs) return;
    this.#nextHandOverMs = nowMs + HAND_OVER_EVERY_MS;
    // Where nobody can take over, this one goes on without taking commands.
    raft.transferLeadership();
  }
}
