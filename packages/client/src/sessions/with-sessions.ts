// Gives any state machine sessions: a command that is repeated takes effect once and gets its first answer again, whichever
// server leads by then. Thesis 6.3.

import type { CommittedCommand, StateMachine } from "@quorate/contracts";
import { decodeEnvelope, isBarePlain, type SessionCommand } from "./envelope.ts";
import { checkedLimits, type SessionLimits } from "./limits.ts";
import type { SessionAnswer, SessionRefusal, SessionResult } from "./result.ts";
import { findAnswer, SessionTable } from "./session-table.ts";
import { decodeSessionSnapshot, sessionSnapshot } from "./snapshot.ts";

/** How a machine is given sessions. */
export type SessionOptions<Result> = {
  /** The bytes of a result: what a client of a session is answered and what is kept for repetitions. Must not throw. */
  readonly encodeResult: (result: Result) => Uint8Array;
  /** Bounds of the table; the same on every server. */
  readonly limits?: Partial<SessionLimits>;
};

/** A state machine with sessions. */
export type SessionMachine<Query, Answer, Result> = StateMachine<Query, Answer, SessionResult<Result>> & {
  /** How much the table holds, for people and metrics. */
  sessions(): { readonly count: number; readonly answerBytes: number };
};

/**
 * `machine` with sessions. It takes envelopes as commands: those that `encodeOpen`, `encodeSessionCommand`, `encodeKeepAlive`
 * and `encodeClose` make, and plain commands as before. Queries go to `machine`; snapshots hold the table as well.
 *
 * A machine that is already in use may be given sessions: its log and its snapshots keep their meaning, unless one of its
 * commands or snapshots begins with the byte 0xC1. Throws `QUORATE_CONFIG_INVALID` on limits that cannot work.
 */
export function withSessions<Query, Answer, Result>(
  machine: StateMachine<Query, Answer, Result>,
  options: SessionOptions<Result>,
): SessionMachine<Query, Answer, Result> {
  return new MachineWithSessions(machine, options);
}

type Place = Pick<CommittedCommand, "index" | "term">;

class MachineWithSessions<Query, Answer, Result> implements SessionMachine<Query, Answer, Result> {
  readonly #machine: StateMachine<Query, Answer, Result>;
  readonly #encodeResult: (result: Result) => Uint8Array;
  readonly #limits: SessionLimits;
  #table: SessionTable;

  constructor(machine: StateMachine<Query, Answer, Result>, { encodeResult, limits }: SessionOptions<Result>) {
    this.#machine = machine;
    this.#encodeResult = encodeResult;
    this.#limits = checkedLimits(limits);
    this.#table = new SessionTable(this.#limits);
  }

  apply(batch: readonly CommittedCommand[]): readonly SessionResult<Result>[] {
    const results: SessionResult<Result>[] = [];
    for (let at = 0; at < batch.length; ) {
      const end = endOfPlainRun(batch, at);
      if (end > at) {
        this.#applyPlain(at === 0 && end === batch.length ? batch : batch.slice(at, end), results);
        at = end;
        continue;
      }
      const committed = batch[at];
      if (committed !== undefined) results.push(this.#applyEnvelope(committed));
      at += 1;
    }
    return results;
  }

  query(query: Query): Answer {
    return this.#machine.query(query);
  }

  snapshot(): Iterable<Uint8Array> {
    // Both are taken now; only the bytes are made later. The view costs a reference each: sessions in it are not changed.
    return sessionSnapshot(this.#table.view(), this.#machine.snapshot());
  }

  restore(snapshot: Uint8Array): void {
    // The table is read before the machine is touched: bytes that are not a snapshot leave both as they were.
    const { sessions, machine } = decodeSessionSnapshot(snapshot);
    this.#machine.restore(machine);
    this.#table = new SessionTable(this.#limits, sessions);
  }

  sessions(): { readonly count: number; readonly answerBytes: number } {
    return { count: this.#table.size, answerBytes: this.#table.answerBytes };
  }

  /** Plain commands are handed on in one batch; nothing that the table decides depends on how a log is cut into batches. */
  #applyPlain(batch: readonly CommittedCommand[], results: SessionResult<Result>[]): void {
    const last = batch.at(-1);
    if (last !== undefined) this.#table.advanceTo(last.index);
    for (const result of this.#execute(batch)) results.push({ type: "plain", result });
  }

  #applyEnvelope(committed: CommittedCommand): SessionResult<Result> {
    const { index, term, data } = committed;
    this.#table.advanceTo(index);
    const envelope = decodeEnvelope(data);
    if (envelope === undefined) return refused("malformed");
    switch (envelope.type) {
      case "plain": {
        return { type: "plain", result: this.#executeOne({ index, term, data: envelope.command }) };
      }
      case "open":
        this.#table.open(index);
        return { type: "opened", session: index };
      case "command":
        return this.#applyOnce(envelope, committed);
      case "keepAlive": {
        const { session, acknowledgedBelow } = envelope;
        const isKnown = this.#table.use({ id: session, acknowledgedBelow, index }) !== undefined;
        return isKnown ? { type: "keptAlive" } : refused("unknownSession");
      }
      case "close":
        return this.#table.close(envelope.session) ? { type: "closed" } : refused("unknownSession");
    }
  }

  #applyOnce({ session: id, sequence, acknowledgedBelow, command }: SessionCommand, place: Place): SessionAnswer {
    const { index, term } = place;
    const session = this.#table.use({ id, acknowledgedBelow, index });
    if (session === undefined) return refused("unknownSession");
    if (sequence < session.acknowledgedBelow) return refused("answerDiscarded");
    const known = findAnswer(session, sequence);
    if (known !== undefined) {
      const { answer, index: firstIndex, term: firstTerm } = known;
      return answer === undefined
        ? refused("answerDiscarded")
        : { type: "answered", answer, index: firstIndex, term: firstTerm, replayed: true };
    }
    if (sequence - session.acknowledgedBelow >= this.#limits.maxInFlight) return refused("outOfWindow");
    const answer = this.#encodeResult(this.#executeOne({ index, term, data: command }));
    this.#table.remember(id, { sequence, index, term, answer });
    return { type: "answered", answer, index, term, replayed: false };
  }

  #executeOne(command: CommittedCommand): Result {
    // `#execute` has checked that there is one result.
    return this.#execute([command])[0] as Result;
  }

  #execute(batch: readonly CommittedCommand[]): readonly Result[] {
    const results = this.#machine.apply(batch);
    if (results.length !== batch.length) {
      throw new Error(`the state machine answered ${batch.length} commands with ${results.length} results`);
    }
    return results;
  }
}

function endOfPlainRun(batch: readonly CommittedCommand[], from: number): number {
  let end = from;
  for (let next = batch[end]; next !== undefined && isBarePlain(next.data); next = batch[end]) end += 1;
  return end;
}

function refused(reason: SessionRefusal): SessionAnswer {
  return { type: "refused", reason };
}
