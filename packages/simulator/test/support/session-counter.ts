// A counter behind sessions, and clients that repeat each addition until it is answered: what to simulate when the subject is
// that a command takes effect once. State is kept per run: a run begins with operation 1.
import { encodeOpen, encodeSessionCommand, type SessionResult, withSessions } from "@quorate/client/sessions";
import type { CommittedCommand, StateMachine } from "@quorate/contracts";
import type { CommandOperation, Operation, Recorded, Workload } from "../../src/index.ts";

class Counter implements StateMachine<"value", number, number> {
  #value = 0;

  apply(batch: readonly CommittedCommand[]): readonly number[] {
    return batch.map(({ data }) => (this.#value += data[0] ?? 0));
  }

  query(): number {
    return this.#value;
  }

  snapshot(): Uint8Array {
    return new TextEncoder().encode(String(this.#value));
  }

  restore(snapshot: Uint8Array): void {
    this.#value = Number(new TextDecoder().decode(snapshot));
  }
}

type Result = SessionResult<number>;

/** What a client remembers of its session. */
type Session = { id: number | undefined; sequence: number };

/**
 * The state machine and the workload. Histories, without the operations `open`, fit the model `counter`. A session that is not
 * used for some entries of the log is forgotten.
 */
export function sessionCounter({ expireAfterEntries = 1_000_000 } = {}): {
  readonly stateMachine: () => StateMachine<"value", number, Result>;
  readonly workload: Workload<"value", number, Result>;
} {
  let sessions = new Map<number, Session>();
  return {
    stateMachine: () =>
      withSessions(new Counter(), {
        encodeResult: (value) => new TextEncoder().encode(String(value)),
        limits: { expireAfterEntries },
      }),
    workload: ({ random, client, operation }): Operation<"value", number, Result> => {
      if (operation === 1) sessions = new Map();
      const session = sessions.get(client) ?? { id: undefined, sequence: 0 };
      sessions.set(client, session);
      if (random() < 0.2) return { f: "read", key: "c", query: "value" };
      return session.id === undefined ? open(session) : add(session, 1 + Math.floor(random() * 9));
    },
  };
}

/** Opening is not repeated: whoever does not learn the answer opens another session. */
function open(session: Session): CommandOperation<Result> {
  return {
    f: "open",
    command: encodeOpen(),
    record: (result) => {
      if (result.type !== "opened") throw new Error(`opening a session was answered with ${result.type}`);
      session.id = result.session;
      session.sequence = 0;
      return { type: "ok", value: result.session };
    },
  };
}

function add(session: Session, delta: number): CommandOperation<Result> {
  session.sequence += 1;
  const { id = 0, sequence } = session;
  // Whoever gives up does not know whether the number is used, and goes on in another session.
  session.id = undefined;
  return {
    f: "add",
    key: "c",
    value: delta,
    command: encodeSessionCommand({
      session: id,
      sequence,
      acknowledgedBelow: sequence,
      command: Uint8Array.of(delta),
    }),
    record: (result): Recorded => {
      if (isExpired(result)) return { type: "info" };
      if (result.type !== "answered") throw new Error(`an addition was answered with ${result.type}`);
      session.id = id;
      return { type: "ok", value: [delta, Number(answerOf(result))] };
    },
    repeatable: { answer: (result) => (result.type === "answered" ? answerOf(result) : undefined), isExpired },
  };
}

function isExpired(result: Result): boolean {
  return result.type === "refused" && result.reason === "unknownSession";
}

function answerOf({ answer }: Extract<Result, { readonly type: "answered" }>): string {
  return new TextDecoder().decode(answer);
}
