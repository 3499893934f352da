// Which sessions there are, what each has been answered, and when each was used last. A function of the log alone: time is
// the index of an entry, and every decision falls at the same entry on every server. Thesis 6.3.

import type { SessionLimits } from "./limits.ts";
import { LogOrder } from "./log-order.ts";

/** An answer that is kept for repetitions. */
export type KeptAnswer = {
  readonly sequence: number;
  /** Where in the log the command took effect. */
  readonly index: number;
  readonly term: number;
  /** Undefined if its bytes are not kept: it was too large, or too many others came after it. */
  readonly answer: Uint8Array | undefined;
};

/** One session. */
export type Session = {
  /** The index of the entry that opened it. */
  readonly id: number;
  /** The index of the entry that used it last. */
  readonly lastUsedIndex: number;
  /** Answers to smaller sequence numbers are forgotten. */
  readonly acknowledgedBelow: number;
  /** By ascending sequence number. */
  readonly answers: readonly KeptAnswer[];
};

/** A session as the table changes it, unless a view holds on to it: then a copy takes its place first. */
type OwnSession = {
  readonly id: number;
  lastUsedIndex: number;
  acknowledgedBelow: number;
  readonly answers: KeptAnswer[];
  /** How many views had been taken when it was made: only later ones may hold on to it. */
  readonly madeAtView: number;
};

/** An entry that uses a session. */
export type SessionUse = { readonly id: number; readonly acknowledgedBelow: number; readonly index: number };

/** The sessions of one replica. */
export class SessionTable {
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<number, OwnSession>();
  /** A use counts while it is its session's last. */
  readonly #uses = new LogOrder<Pick<SessionUse, "id" | "index">>(
    ({ id, index }) => this.#sessions.get(id)?.lastUsedIndex === index,
  );
  /** An answer counts while its bytes are kept. */
  readonly #answers = new LogOrder<{ readonly id: number; readonly sequence: number }>(
    ({ id, sequence }) => findAnswer(this.#sessions.get(id), sequence)?.answer !== undefined,
  );
  #answerBytes = 0;
  #views = 0;

  /** A table with the given sessions, which are in the order of their last use. */
  constructor(limits: SessionLimits, sessions: readonly Session[] = []) {
    this.#limits = limits;
    for (const session of sessions) this.#add(session);
    const answers = sessions.flatMap(({ id, answers: kept }) =>
      kept.map(({ sequence, index }) => ({ id, sequence, index })),
    );
    for (const answer of answers.toSorted((a, b) => a.index - b.index)) this.#answers.push(answer);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Bytes of all kept answers. */
  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** All sessions of this moment, least recently used first. Stays as it is while the table goes on. */
  view(): readonly Session[] {
    this.#views += 1;
    return this.#uses.all().flatMap(({ id }) => this.#sessions.get(id) ?? []);
  }

  /** Log time moves on: sessions that were not used for too long end. */
  advanceTo(index: number): void {
    for (let use = this.#uses.oldest(); use !== undefined; use = this.#uses.oldest()) {
      if (index - use.index <= this.#limits.expireAfterEntries) return;
      this.close(use.id);
    }
  }

  /** Opens a session, whose id is `index`. */
  open(index: number): void {
    while (this.#sessions.size >= this.#limits.maxSessions) {
      const leastRecentlyUsed = this.#uses.oldest();
      if (leastRecentlyUsed === undefined) throw new Error("the session table is full and empty");
      this.close(leastRecentlyUsed.id);
    }
    this.#add({ id: index, lastUsedIndex: index, acknowledgedBelow: 1, answers: [] });
  }

  /** Ends a session; false if there is none of that id. */
  close(id: number): boolean {
    this.#answerBytes -= bytesOf(this.#sessions.get(id)?.answers ?? []);
    return this.#sessions.delete(id);
  }

  /** The session as used by the entry at `index`, without the answers that its client no longer needs. */
  use({ id, acknowledgedBelow, index }: SessionUse): Session | undefined {
    const session = this.#own(id);
    if (session === undefined) return undefined;
    session.lastUsedIndex = index;
    this.#uses.push({ id, index });
    // Entries may arrive out of order, so an older one says less than is known already.
    if (acknowledgedBelow <= session.acknowledgedBelow) return session;
    session.acknowledgedBelow = acknowledgedBelow;
    const unneeded = firstFrom(session.answers, acknowledgedBelow);
    if (unneeded > 0) this.#answerBytes -= bytesOf(session.answers.splice(0, unneeded));
    return session;
  }

  /** Remembers the answer to a command that a session, just used, has had applied. */
  remember(id: number, kept: KeptAnswer): void {
    const session = this.#own(id);
    if (session === undefined) throw new Error(`an answer for session ${id}, which there is not`);
    const { sequence } = kept;
    const isTooLarge = (kept.answer?.byteLength ?? 0) > this.#limits.maxAnswerBytes;
    const added = isTooLarge ? withoutBytes(kept) : kept;
    const at = firstFrom(session.answers, sequence);
    if (at === session.answers.length) session.answers.push(added);
    else session.answers.splice(at, 0, added);
    this.#answerBytes += added.answer?.byteLength ?? 0;
    this.#answers.push({ id, sequence });
    while (this.#answerBytes > this.#limits.maxTotalAnswerBytes) this.#dropOldestAnswer();
  }

  #dropOldestAnswer(): void {
    const oldest = this.#answers.oldest();
    const session = oldest && this.#own(oldest.id);
    if (session === undefined) throw new Error("the kept answers are over their bound, but there are none");
    const at = firstFrom(session.answers, oldest?.sequence ?? 0);
    const kept = session.answers[at];
    if (kept === undefined) throw new Error("the oldest answer is not where its session keeps it");
    session.answers[at] = withoutBytes(kept);
    this.#answerBytes -= kept.answer?.byteLength ?? 0;
  }

  /** Puts in a session as of its use. */
  #add({ answers, ...session }: Session): void {
    this.#sessions.set(session.id, { ...session, answers: [...answers], madeAtView: this.#views });
    this.#answerBytes += bytesOf(answers);
    this.#uses.push({ id: session.id, index: session.lastUsedIndex });
  }

  /** The session, to be changed: no view holds on to it. */
  #own(id: number): OwnSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.madeAtView === this.#views) return session;
    const own = { ...session, answers: [...session.answers], madeAtView: this.#views };
    this.#sessions.set(id, own);
    return own;
  }
}

/** The kept answer to a command of a session. */
export function findAnswer(session: Session | undefined, sequence: number): KeptAnswer | undefined {
  const kept = session?.answers[firstFrom(session.answers, sequence)];
  return kept?.sequence === sequence ? kept : undefined;
}

/** How many answers are to commands before `sequence`. Most questions are about a new command, which comes last. */
function firstFrom(answers: readonly KeptAnswer[], sequence: number): number {
  let low = 0;
  let high = answers.length;
  if ((answers.at(-1)?.sequence ?? 0) < sequence) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((answers[middle]?.sequence ?? 0) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

function withoutBytes(kept: KeptAnswer): KeptAnswer {
  return { ...kept, answer: undefined };
}

function bytesOf(answers: readonly KeptAnswer[]): number {
  let sum = 0;
  for (const { answer } of answers) sum += answer?.byteLength ?? 0;
  return sum;
}
