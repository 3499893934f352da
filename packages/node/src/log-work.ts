// What the core wants of the log storage, done beside the loop: writes in order, compactions between them, reads of old
// entries. Each comes back as an input.

import { codeOf, type LogStorage } from "@quorate/contracts";
import type { Raft, Ready } from "@quorate/core";

/** What the work on the log needs of its driver. */
export type LogWorkParts = {
  readonly storage: LogStorage;
  readonly raft: Raft;
  /** Runs `deliver` as an input of the loop, unless the node has stopped. */
  readonly input: (deliver: () => void) => void;
  /** Called, as an input, when no write is under way any more. */
  readonly onIdle: () => void;
  readonly onError: (error: unknown) => void;
};

/** The storage work of one node. */
export class LogWork {
  readonly #parts: LogWorkParts;
  #writesInFlight = 0;

  constructor(parts: LogWorkParts) {
    this.#parts = parts;
  }

  get isWriting(): boolean {
    return this.#writesInFlight > 0;
  }

  /** Starts what the core asks for, without waiting for any of it. */
  perform({ compactTo, write, logReads }: Ready): void {
    const { storage, onError } = this.#parts;
    // The base of the log comes before what is written behind it.
    if (compactTo !== undefined) storage.compact({ index: compactTo.index, term: compactTo.term }).catch(onError);
    if (write !== undefined) this.#write(write);
    for (const logRead of logReads) this.#read(logRead);
  }

  #write({ sequence, hardState, truncateFrom, entries }: NonNullable<Ready["write"]>): void {
    const { storage, input, onError } = this.#parts;
    this.#writesInFlight += 1;
    storage.write({ hardState, truncateFrom, entries }).then(() => input(() => this.#written(sequence)), onError);
  }

  #written(sequence: number): void {
    this.#parts.raft.persisted(sequence);
    this.#writesInFlight -= 1;
    if (!this.isWriting) this.#parts.onIdle();
  }

  #read({ logReadId, firstIndex, lastIndex, maxBytes }: Ready["logReads"][number]): void {
    const { storage, raft, input, onError } = this.#parts;
    storage.read({ firstIndex, lastIndex, maxBytes }).then(
      (entries) => input(() => raft.logRead(logReadId, entries)),
      (error: unknown) => {
        // The log was cut while the read waited: the core asks again for what is there now.
        if (codeOf(error) === "QUORATE_OUT_OF_RANGE") input(() => raft.logRead(logReadId, []));
        else onError(error);
      },
    );
  }
}
