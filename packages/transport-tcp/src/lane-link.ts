// One lane to one peer: keeps a connection up, holds what waits for it, and writes once per turn of the event loop.

import type { Lane, TransportIdentity } from "@quorate/contracts";
import { QuorateError } from "@quorate/contracts";
import { Backoff } from "./backoff.ts";
import { DialledConnection } from "./dial.ts";
import type { Directory } from "./directory.ts";
import { codes, type Failure } from "./failure.ts";
import { frameHeader } from "./frame.ts";
import { Outbox } from "./outbox.ts";
import type { Settings } from "./options.ts";

/** What a lane needs to know. */
export type LaneFacts = {
  readonly identity: TransportIdentity;
  readonly settings: Settings;
  readonly directory: Directory;
  readonly peer: string;
  readonly lane: Lane;
  readonly liveIncarnation: () => string | undefined;
  /** Asked before every attempt: a peer that nobody talks to any more need not be dialled. */
  readonly isWanted: () => boolean;
};

/** What a lane tells its owner. */
export type LaneEvents = {
  onOpen(lane: Lane): void;
  onFailure(lane: Lane, failure: Failure): void;
};

/** Several frames are joined up to about this size before they are written. */
const writeTargetBytes = 256 * 1024;

type Connected = { readonly type: "dialled"; readonly connection: DialledConnection; openedMs: number | undefined };
type LaneState =
  | { readonly type: "idle" }
  | Connected
  | { readonly type: "waiting"; readonly cancel: () => void }
  | { readonly type: "closed" };

/** Sends on one lane. What waits while no connection can be made is dropped at each failed attempt, so it is never old. */
export class LaneLink {
  readonly #facts: LaneFacts;
  readonly #events: LaneEvents;
  readonly #outbox: Outbox;
  readonly #backoff: Backoff;
  #state: LaneState = { type: "idle" };
  #flushIsDue = false;
  #isFull = false;
  /** One promise for every socket that is not gone yet. */
  readonly #sockets: Set<Promise<void>> = new Set();

  constructor(facts: LaneFacts, events: LaneEvents) {
    const { settings, lane } = facts;
    this.#facts = facts;
    this.#events = events;
    const { controlQueueBytes: control, appendQueueBytes: append, snapshotQueueBytes: snapshot } = settings.limits;
    this.#outbox = new Outbox({ control, append, snapshot }[lane]);
    this.#backoff = new Backoff({ ...settings.backoff, random: settings.random });
  }

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#outbox.bytes;
  }

  /** Queues a message that is written as soon as there is a connection; false if there is no room. */
  send(payload: Uint8Array): boolean {
    if (this.#state.type === "closed" || !this.#outbox.push(frameHeader("message", payload), payload)) return false;
    if (this.#state.type === "dialled" && !this.#flushIsDue && !this.#isFull) {
      this.#flushIsDue = true;
      this.#facts.settings.clock.defer(() => this.#flush());
    }
    return true;
  }

  /** Dials if there is neither a connection nor a pause before the next attempt. */
  dialIfIdle(): void {
    if (this.#state.type === "idle") this.dial();
  }

  /** Dials now if nothing is under way: at the start, or because the peer is known to be there. */
  dial(): void {
    if (this.#state.type === "closed" || this.#state.type === "dialled") return;
    if (this.#state.type === "waiting") this.#state.cancel();
    try {
      this.#connect();
    } catch (error) {
      // A look-up function of the user, or an address from it that cannot be dialled.
      this.#retryLater({
        code: error instanceof QuorateError ? error.code : codes.unreachable,
        detail: `${this.#facts.peer} cannot be dialled: ${describe(error)}`,
      });
    }
  }

  /** Writes what waits, as far as the system takes it at once, and ends everything. Resolves when no socket is left. */
  async close(): Promise<void> {
    this.#flush();
    const { type } = this.#state;
    if (this.#state.type === "dialled") this.#state.connection.close();
    if (this.#state.type === "waiting") this.#state.cancel();
    if (type !== "closed") this.#state = { type: "closed" };
    this.#outbox.clear();
    await Promise.all(this.#sockets);
  }

  #connect(): void {
    const { identity, settings, directory, peer, lane, liveIncarnation } = this.#facts;
    const address = directory.lookUp(peer);
    if (address === undefined) {
      this.#retryLater({ code: codes.unknownPeer, detail: `no address is known for ${peer}` });
      return;
    }
    const connection = new DialledConnection(
      { identity, settings, peer, lane, address, liveIncarnation },
      {
        onOpen: () => this.#onOpen(),
        onDrain: () => this.#onDrain(),
        onEnd: (failure) => this.#onEnd(failure),
      },
    );
    const { closed } = connection;
    this.#sockets.add(closed);
    void closed.then(() => this.#sockets.delete(closed));
    this.#state = { type: "dialled", connection, openedMs: undefined };
  }

  #flush(): void {
    this.#flushIsDue = false;
    const state = this.#state;
    if (state.type !== "dialled" || state.openedMs === undefined) return;
    while (!this.#isFull) {
      const bytes = this.#outbox.take(writeTargetBytes);
      if (bytes === undefined) return;
      this.#isFull = !state.connection.write(bytes);
    }
  }

  #onOpen(): void {
    if (this.#state.type !== "dialled") return;
    this.#state.openedMs = this.#facts.settings.clock.now();
    this.#isFull = false;
    this.#events.onOpen(this.#facts.lane);
    this.#flush();
  }

  #onDrain(): void {
    this.#isFull = false;
    this.#flush();
  }

  #onEnd(failure: Failure): void {
    if (this.#state.type !== "dialled") return;
    const { openedMs } = this.#state;
    if (openedMs !== undefined) this.#backoff.ended(this.#facts.settings.clock.now() - openedMs);
    this.#isFull = false;
    this.#retryLater(failure);
  }

  #retryLater(failure: Failure): void {
    const { clock } = this.#facts.settings;
    this.#outbox.clear();
    const cancel = clock.schedule(clock.now() + this.#backoff.nextMs(), () => {
      this.#state = { type: "idle" };
      if (this.#facts.isWanted()) this.dial();
    });
    this.#state = { type: "waiting", cancel };
    this.#events.onFailure(this.#facts.lane, failure);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
