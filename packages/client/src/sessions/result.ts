// What came of an entry of the log, and its bytes on the way to a client:
//
//   version and kind (one byte) · numbers of the kind (varints) · the answer, to the end

import { QuorateError } from "@quorate/contracts";
import { MalformedBytes, VarintReader, varintLength, writeVarint } from "./varint.ts";

/** Why nothing was done. Decided by the replicated table, so the same on every server. */
export type SessionRefusal =
  /** The session was never opened, was closed, or has expired. */
  | "unknownSession"
  /** The client had said that it no longer needs this answer, or the bounds of the table do not allow to keep it. */
  | "answerDiscarded"
  /** Too far ahead of the oldest answer that the client still needs. */
  | "outOfWindow"
  /** Not an envelope of this version. */
  | "malformed";

/** What came of a session's entry. */
export type SessionAnswer =
  | { readonly type: "opened"; readonly session: number }
  /** The answer of the state machine as bytes, and where in the log the command took effect. */
  | {
      readonly type: "answered";
      readonly answer: Uint8Array;
      readonly index: number;
      readonly term: number;
      /** True if the command had taken effect before: this is the first answer again. */
      readonly replayed: boolean;
    }
  | { readonly type: "keptAlive" }
  | { readonly type: "closed" }
  | { readonly type: "refused"; readonly reason: SessionRefusal };

/** What `apply` of a machine with sessions returns for an entry. */
export type SessionResult<Result> = { readonly type: "plain"; readonly result: Result } | SessionAnswer;

const VERSION = 1;
const kindByte = { opened: 1, answered: 2, replayed: 3, keptAlive: 4, closed: 5, refused: 6 } as const;
const reasons: readonly SessionRefusal[] = ["unknownSession", "answerDiscarded", "outOfWindow", "malformed"];

/** The bytes of an answer, for a client. */
export function encodeSessionAnswer(answer: SessionAnswer): Uint8Array {
  switch (answer.type) {
    case "opened":
      return encode(kindByte.opened, [answer.session]);
    case "answered":
      return encode(
        answer.replayed ? kindByte.replayed : kindByte.answered,
        [answer.index, answer.term],
        answer.answer,
      );
    case "keptAlive":
      return encode(kindByte.keptAlive, []);
    case "closed":
      return encode(kindByte.closed, []);
    case "refused":
      return encode(kindByte.refused, [reasons.indexOf(answer.reason)]);
  }
}

/** The answer in `data`, or undefined if nobody here wrote it. */
export function decodeSessionAnswer(data: Uint8Array): SessionAnswer | undefined {
  try {
    return read(data);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

const refusals: Readonly<Record<SessionRefusal, Pick<QuorateError, "code" | "message" | "hint" | "outcome">>> = {
  unknownSession: {
    code: "QUORATE_SESSION_UNKNOWN",
    message: "the cluster does not know this session: it was closed, or it has expired",
    hint: "open a new session; whether a command took effect that was sent before, only the state can tell",
    outcome: "unknown",
  },
  answerDiscarded: {
    code: "QUORATE_ANSWER_DISCARDED",
    message: "the answer to this command is no longer kept",
    hint: "do not repeat a command after acknowledging it; whether it took effect, only the state can tell",
    outcome: "unknown",
  },
  outOfWindow: {
    code: "QUORATE_SESSION_WINDOW",
    message: "too many commands of this session are waiting for the oldest one",
    hint: "repeat it when older commands of the session are answered",
    outcome: "none",
  },
  malformed: {
    code: "QUORATE_ENVELOPE_MALFORMED",
    message: "the entry is not a session's command of a version that the servers know",
    hint: "use the encoders of @quorate/client/sessions, of the servers' version",
    outcome: "none",
  },
};

/** A refusal as an error. `outcome: "none"`: this command has not taken effect, under this number, and never did. */
export function sessionError(reason: SessionRefusal): QuorateError {
  return new QuorateError({ ...refusals[reason], retryable: reason === "outOfWindow" });
}

function encode(kind: number, numbers: readonly number[], answer: Uint8Array = new Uint8Array()): Uint8Array {
  const sizes = numbers.map(varintLength);
  const bytes = new Uint8Array(1 + sizes.reduce((sum, size) => sum + size, 0) + answer.byteLength);
  bytes[0] = VERSION * 16 + kind;
  let offset = 1;
  for (const number of numbers) offset = writeVarint(bytes, offset, number);
  bytes.set(answer, offset);
  return bytes;
}

function read(data: Uint8Array): SessionAnswer | undefined {
  const reader = new VarintReader(data, 0);
  const kind = reader.byte() - VERSION * 16;
  switch (kind) {
    case kindByte.opened: {
      const session = reader.number(1);
      reader.end();
      return { type: "opened", session };
    }
    case kindByte.answered:
    case kindByte.replayed: {
      const index = reader.number(1);
      const term = reader.number(1);
      return { type: "answered", index, term, replayed: kind === kindByte.replayed, answer: reader.rest() };
    }
    case kindByte.keptAlive:
      reader.end();
      return { type: "keptAlive" };
    case kindByte.closed:
      reader.end();
      return { type: "closed" };
    case kindByte.refused: {
      const reason = reasons[reader.number(0)];
      reader.end();
      return reason && { type: "refused", reason };
    }
    default:
      return undefined;
  }
}
