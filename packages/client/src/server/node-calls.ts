// From requests to the node and back. One answer for each request, whatever happens.

import { QuorateError } from "@quorate/contracts";
import { encodeClose, encodeKeepAlive, encodeOpen, encodePlain, encodeSessionCommand } from "../sessions/envelope.ts";
import { type SessionAnswer, sessionError, type SessionRefusal, type SessionResult } from "../sessions/result.ts";
import type { WireAnswer } from "../wire/answers.ts";
import type { WireCall } from "../wire/requests.ts";
import { type ClusterFacts, failureOf, refusalOf } from "./failures.ts";
import type { Place, ServedApplication, ServedNode } from "./served.ts";

/** Calls that are answered once. */
export type SingleCall = Exclude<WireCall, { type: "watch" | "cancel" }>;

type Write = Exclude<SingleCall, { type: "read" | "status" | "transfer" }>;

/** Nobody waits longer for a read, whatever a client says. */
const longestWaitMs = 60_000;
const nothing = new Uint8Array(0);
const utf8 = new TextEncoder();

/** Answers the calls of all connections. */
export class NodeCalls<Query, Answer, Result> {
  readonly #node: ServedNode<Query, Answer, Result>;
  readonly #application: ServedApplication<Query, Answer, Result>;
  readonly #facts: ClusterFacts;

  constructor(
    node: ServedNode<Query, Answer, Result>,
    application: ServedApplication<Query, Answer, Result>,
    facts: ClusterFacts,
  ) {
    this.#node = node;
    this.#application = application;
    this.#facts = facts;
  }

  /** Calls back once, now or later. Never throws. */
  answer(call: SingleCall, onAnswer: (answer: WireAnswer) => void): void {
    switch (call.type) {
      case "read":
        return this.#read(call, onAnswer);
      case "transfer":
        return this.#transfer(call.to, onAnswer);
      case "status":
        return onAnswer(this.#status());
      default:
        return this.#write(call, onAnswer);
    }
  }

  #write(call: Write, onAnswer: (answer: WireAnswer) => void): void {
    let data: Uint8Array;
    try {
      data = this.#entryOf(call);
    } catch (error) {
      return onAnswer(refusalOf(error, this.#facts));
    }
    this.#node.propose(data).then(
      ({ result, index, term }) => onAnswer(this.#written(result, { index, term })),
      (error: unknown) => onAnswer(failureOf(error, this.#facts)),
    );
  }

  #entryOf(call: Write): Uint8Array {
    switch (call.type) {
      case "sessionWrite": {
        const { session, sequence, acknowledgedBelow } = call;
        const command = this.#application.command(call.command);
        return encodeSessionCommand({ session, sequence, acknowledgedBelow, command });
      }
      case "write":
        return encodePlain(this.#application.command(call.command));
      case "openSession":
        return encodeOpen();
      case "keepAlive":
        return encodeKeepAlive(call);
      case "closeSession":
        return encodeClose(call.session);
    }
  }

  #written(result: SessionResult<Result>, place: Place): WireAnswer {
    try {
      if (result.type === "plain") return this.#replied(result.result, place, false);
      return this.#ofSession(result, place);
    } catch (error) {
      // The command was applied: this is what the state machine says, and a repetition would hear the same.
      return refusalOf(error, this.#facts);
    }
  }

  #ofSession(answer: SessionAnswer, place: Place): WireAnswer {
    switch (answer.type) {
      case "answered": {
        const { index, term, replayed } = answer;
        return this.#replied(this.#application.decodeResult(answer.answer), { index, term }, replayed);
      }
      case "opened":
      case "keptAlive":
      case "closed":
        return done(place, nothing, false);
      case "refused":
        return failureOf(refusalOfSession(answer.reason), this.#facts);
    }
  }

  #replied(result: Result, place: Place, replayed: boolean): WireAnswer {
    const { bytes, first } = this.#application.reply(result);
    return first === undefined ? done(place, bytes, replayed) : done(first, bytes, true);
  }

  #read(call: Extract<WireCall, { type: "read" }>, onAnswer: (answer: WireAnswer) => void): void {
    let query: Query;
    try {
      query = this.#application.query(call.query);
    } catch (error) {
      return onAnswer(refusalOf(error, this.#facts));
    }
    this.#node.query(query, queryOptions(call)).then(
      (queried) => onAnswer(this.#answered(queried)),
      (error: unknown) => onAnswer(failureOf(error, this.#facts)),
    );
  }

  #answered(queried: Awaited<ReturnType<ServedNode<Query, Answer, Result>["query"]>>): WireAnswer {
    const { index, term, consistency } = queried;
    try {
      const bytes = this.#application.answer(queried.answer);
      return { type: "done", index, term, consistency, replayed: false, bytes };
    } catch (error) {
      return refusalOf(error, this.#facts);
    }
  }

  #status(): WireAnswer {
    try {
      const { term } = this.#node.currentStatus();
      const bytes = utf8.encode(this.#application.status());
      return { type: "done", index: 0, term, consistency: "stale", replayed: false, bytes };
    } catch (error) {
      return refusalOf(error, this.#facts);
    }
  }

  #transfer(to: string | undefined, onAnswer: (answer: WireAnswer) => void): void {
    this.#node.transferLeadership(to).then(
      ({ leaderId, term }) => onAnswer(this.#transferred(leaderId, term)),
      (error: unknown) => onAnswer(failureOf(error, this.#facts)),
    );
  }

  #transferred(leaderId: string, term: number): WireAnswer {
    const leader = { id: leaderId, client: this.#facts.addresses.get(leaderId) };
    const bytes = utf8.encode(
      JSON.stringify({ leader: { ...leader, ...this.#application.leaderFacts(leaderId) }, term }),
    );
    return { type: "done", index: 0, term, consistency: "stale", replayed: false, bytes };
  }
}

function queryOptions({ consistency, maxAgeMs, conditions }: Extract<WireCall, { type: "read" }>) {
  const options = maxAgeMs === undefined ? { consistency } : { consistency, maxAgeMs };
  if (conditions === undefined) return options;
  const { minIndex, forward, maxWaitMs } = conditions;
  return {
    ...options,
    minIndex,
    forward,
    ...(maxWaitMs !== undefined && { timeoutMs: Math.min(maxWaitMs, longestWaitMs) }),
  };
}

function done({ index, term }: Place, bytes: Uint8Array, replayed: boolean): WireAnswer {
  return { type: "done", index, term, consistency: "linearizable", replayed, bytes };
}

/** The server speaks for the one request that it has seen; what became of earlier ones, the client knows. */
function refusalOfSession(reason: SessionRefusal): QuorateError {
  const error = sessionError(reason);
  if (reason !== "unknownSession") return error;
  const { code, message, hint } = error;
  return new QuorateError({ code, message, hint, outcome: "none" });
}
