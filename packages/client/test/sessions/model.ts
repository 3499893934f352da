// The rules of sessions once more, in the most direct form: everything is looked for, nothing is kept in an order.

import type { SessionEnvelope, SessionLimits, SessionResult } from "../../src/sessions/index.ts";
import { bytes, text } from "./tally.ts";

type Answer = { readonly index: number; readonly term: number; readonly text: string; isKept: boolean };
type Session = { lastUsedIndex: number; mark: number; readonly answers: Map<number, Answer> };

/** What a machine with sessions over a `Tally` must answer. */
export class SessionModel {
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<number, Session>();
  readonly applied: string[] = [];

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  apply(envelope: SessionEnvelope | undefined, index: number, term: number): SessionResult<string> {
    for (const [id, { lastUsedIndex }] of this.#sessions) {
      if (index - lastUsedIndex > this.#limits.expireAfterEntries) this.#sessions.delete(id);
    }
    if (envelope === undefined) return { type: "refused", reason: "malformed" };
    if (envelope.type === "plain") return { type: "plain", result: this.#execute(envelope.command) };
    if (envelope.type === "open") return this.#open(index);
    const session = this.#sessions.get(envelope.session);
    if (session === undefined) return { type: "refused", reason: "unknownSession" };
    if (envelope.type === "close") {
      this.#sessions.delete(envelope.session);
      return { type: "closed" };
    }
    session.lastUsedIndex = index;
    session.mark = Math.max(session.mark, envelope.acknowledgedBelow);
    for (const sequence of session.answers.keys()) if (sequence < session.mark) session.answers.delete(sequence);
    if (envelope.type === "keepAlive") return { type: "keptAlive" };
    return this.#once(session, envelope, { index, term });
  }

  #open(index: number): SessionResult<string> {
    if (this.#sessions.size === this.#limits.maxSessions) {
      const [leastRecent] = [...this.#sessions].toSorted(([, a], [, b]) => a.lastUsedIndex - b.lastUsedIndex);
      this.#sessions.delete(leastRecent?.[0] ?? 0);
    }
    this.#sessions.set(index, { lastUsedIndex: index, mark: 1, answers: new Map() });
    return { type: "opened", session: index };
  }

  #once(
    session: Session,
    { sequence, command }: { readonly sequence: number; readonly command: Uint8Array },
    place: { readonly index: number; readonly term: number },
  ): SessionResult<string> {
    const known = session.answers.get(sequence);
    if (sequence < session.mark || known?.isKept === false) return { type: "refused", reason: "answerDiscarded" };
    if (known !== undefined) {
      return { type: "answered", answer: bytes(known.text), index: known.index, term: known.term, replayed: true };
    }
    if (sequence >= session.mark + this.#limits.maxInFlight) return { type: "refused", reason: "outOfWindow" };
    const answer = this.#execute(command);
    session.answers.set(sequence, { ...place, text: answer, isKept: answer.length <= this.#limits.maxAnswerBytes });
    this.#dropAnswers();
    return { type: "answered", answer: bytes(answer), ...place, replayed: false };
  }

  #dropAnswers(): void {
    const kept = () =>
      [...this.#sessions.values()].flatMap(({ answers }) => [...answers.values()].filter((a) => a.isKept));
    const total = () => kept().reduce((sum, answer) => sum + answer.text.length, 0);
    while (total() > this.#limits.maxTotalAnswerBytes) {
      const [oldest] = kept().toSorted((a, b) => a.index - b.index);
      if (oldest !== undefined) oldest.isKept = false;
    }
  }

  #execute(command: Uint8Array): string {
    return `${text(command)} is number ${this.applied.push(text(command))}`;
  }
}
