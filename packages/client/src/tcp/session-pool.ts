// The sessions of one client. A session numbers its commands and lets only so many be under way, so a client with more to do
// uses several. They are opened when the first write needs one, kept alive while idle, and replaced when they are lost.

import { type Clock, QuorateError } from "@quorate/contracts";
import type { SessionTurn } from "../request.ts";
import { Sequencer } from "../sessions/sequencer.ts";

/** A session as the servers opened it. */
export type OpenedSession = {
  readonly session: number;
  /** Commands that may be under way in it. */
  readonly window: number;
};

/** A write's place, until it is given back. */
export type Turn = SessionTurn & {
  /** The answer has arrived, or nobody waits for it any more. */
  release(): void;
  /** The servers do not know the session. */
  lost(): void;
};

/** What the pool asks of the cluster. */
export type SessionPoolParts = {
  readonly clock: Clock;
  open(): Promise<OpenedSession>;
  /** Rejects with `QUORATE_SESSION_UNKNOWN` if the session is lost; other errors are tried again later. */
  keepAlive(session: number, acknowledgedBelow: number): Promise<unknown>;
  end(session: number): void;
};

/** Sessions that one client may have. */
export const maxSessions = 32;
/** Writes that may wait for a place. */
export const maxWaitingWrites = 100_000;
const renewMs = 30_000;

type Session = {
  readonly id: number;
  readonly sequencer: Sequencer;
  underWay: number;
  usedSinceRenewal: boolean;
};

type Waiter = { readonly resolve: (turn: Turn) => void; readonly reject: (error: unknown) => void };

/** Hands out places in sessions. */
export class SessionPool {
  readonly #parts: SessionPoolParts;
  #sessions: Session[] = [];
  #isOpening = false;
  /** In order of arrival; those that gave up are removed. */
  readonly #waiters = new Set<Waiter>();
  #cancelRenewal: (() => void) | undefined;
  #isClosed = false;
  readonly #owner: TurnOwner = {
    released: () => {
      if (this.#waiters.size > 0) this.#serve();
    },
    lost: (session) => this.#drop(session),
  };

  constructor(parts: SessionPoolParts) {
    this.#parts = parts;
  }

  /** The ids of the sessions that are open. */
  get sessions(): readonly number[] {
    return this.#sessions.map(({ id }) => id);
  }

  /** A place in a session, at once if one is free. Rejects with the signal's reason, or what opening a session ends with. */
  take(signal: AbortSignal): Turn | Promise<Turn> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return (this.#waiters.size === 0 ? this.#free() : undefined) ?? this.#wait(signal);
  }

  /** Opens nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRenewal?.();
    this.#sessions = [];
  }

  #free(): Turn | undefined {
    for (const session of this.#sessions) {
      const numbered = session.sequencer.begin();
      if (numbered !== undefined) return this.#turn(session, numbered.sequence);
    }
    return undefined;
  }

  #turn(session: Session, sequence: number): Turn {
    session.underWay += 1;
    session.usedSinceRenewal = true;
    return new PlaceInSession(session, sequence, this.#owner);
  }

  #wait(signal: AbortSignal): Promise<Turn> {
    if (this.#waiters.size >= maxWaitingWrites) return Promise.reject(tooManyWaiting());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        resolve: (turn) => {
          settle();
          resolve(turn);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#openMore();
    });
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      const turn = this.#free();
      if (turn === undefined) return;
      waiter.resolve(turn);
    }
  }

  /** One session is opened at a time: the next one only if the last did not have room for all who wait. */
  #openMore(): void {
    if (this.#isOpening || this.#waiters.size === 0 || this.#sessions.length >= maxSessions || this.#isClosed) return;
    this.#isOpening = true;
    this.#parts.open().then(
      (opened) => this.#opened(opened),
      (error: unknown) => {
        this.#isOpening = false;
        // Whoever waits while there are other sessions gets a place in one of them.
        if (this.#sessions.length === 0) for (const waiter of this.#waiters) waiter.reject(error);
      },
    );
  }

  #opened({ session, window }: OpenedSession): void {
    this.#isOpening = false;
    if (this.#isClosed) return;
    this.#sessions.push({ id: session, sequencer: new Sequencer(window), underWay: 0, usedSinceRenewal: true });
    this.#scheduleRenewal();
    this.#serve();
    this.#openMore();
  }

  #drop(session: Session): void {
    this.#sessions = this.#sessions.filter((other) => other !== session);
    this.#openMore();
  }

  #scheduleRenewal(): void {
    if (this.#cancelRenewal !== undefined) return;
    const { clock } = this.#parts;
    this.#cancelRenewal = clock.schedule(clock.now() + renewMs, () => {
      this.#cancelRenewal = undefined;
      this.#renew();
      if (this.#sessions.length > 0) this.#scheduleRenewal();
    });
  }

  /** Keeps the first of the idle sessions and ends the others: they were opened for more work than there is now. */
  #renew(): void {
    const idle = this.#sessions.filter(({ usedSinceRenewal, underWay }) => !usedSinceRenewal && underWay === 0);
    const spare = idle.length === this.#sessions.length ? idle.slice(1) : idle;
    for (const session of this.#sessions) session.usedSinceRenewal = false;
    for (const session of spare) {
      this.#drop(session);
      this.#parts.end(session.id);
    }
    for (const session of idle.filter((each) => !spare.includes(each))) {
      this.#parts.keepAlive(session.id, session.sequencer.acknowledgedBelow).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "QUORATE_SESSION_UNKNOWN") this.#drop(session);
      });
    }
  }
}

/** What the pool hears of the turns that it has given. */
type TurnOwner = {
  released(): void;
  lost(session: Session): void;
};

class PlaceInSession implements Turn {
  readonly session: number;
  readonly sequence: number;
  readonly #session: Session;
  readonly #owner: TurnOwner;
  #isReleased = false;

  constructor(session: Session, sequence: number, owner: TurnOwner) {
    this.session = session.id;
    this.sequence = sequence;
    this.#session = session;
    this.#owner = owner;
  }

  acknowledgedBelow(): number {
    return this.#session.sequencer.acknowledgedBelow;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#session.underWay -= 1;
    this.#session.sequencer.settle(this.sequence);
    this.#owner.released();
  }

  lost(): void {
    this.#owner.lost(this.#session);
  }
}

function tooManyWaiting(): QuorateError {
  return new QuorateError({
    code: "QUORATE_BUSY",
    message: `${maxWaitingWrites} writes of this client are waiting already.`,
    hint: "Await some of them before you begin more.",
    retryable: true,
  });
}
