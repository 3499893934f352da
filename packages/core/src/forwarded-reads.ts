// Linearizable reads at a server that does not lead: it asks the leader how far the state must have come, waits until its
// own has come as far, and answers itself. The leader is spared the answers, not the question. Thesis 6.4.

import type { IgnoredReason } from "./events.ts";
import type { ReadIndexRequest, ReadIndexResponse } from "./message.ts";
import type { RejectedRead } from "./ready.ts";
import type { Server } from "./server.ts";
import type { NodeId } from "./types.ts";

type Question = {
  readonly requestId: number;
  readonly readIds: readonly number[];
  readonly askedAt: number;
  /** Asked again with every heartbeat since, in case a message was lost. */
  sentAt: number;
};

/** The reads of one server that wait for its leader. They are asked for together, one question at a time. */
export class ForwardedReads {
  #leaderId: NodeId | undefined;
  #waiting: number[] = [];
  #question: Question | undefined;
  /** A question must not be taken for one that this server asked before it was restarted. */
  #lastRequestId: number | undefined;

  get size(): number {
    return this.#waiting.length + (this.#question?.readIds.length ?? 0);
  }

  /** Whom the reads wait for. */
  get leaderId(): NodeId | undefined {
    return this.#leaderId;
  }

  get question(): Question | undefined {
    return this.#question;
  }

  /** True if there is something to ask and nothing asked. */
  get wantsToAsk(): boolean {
    return this.#waiting.length > 0 && this.#question === undefined;
  }

  add(readId: number, leaderId: NodeId): void {
    this.#leaderId = leaderId;
    this.#waiting.push(readId);
  }

  /** Puts all waiting reads into one question. */
  ask(now: number, random: () => number): number {
    this.#lastRequestId = (this.#lastRequestId ?? Math.floor(random() * 2 ** 48)) + 1;
    const requestId = this.#lastRequestId;
    this.#question = { requestId, readIds: this.#waiting, askedAt: now, sentAt: now };
    this.#waiting = [];
    return requestId;
  }

  /** The reads of the question with this id, which is closed; none if it is not open. */
  answered(requestId: number): readonly number[] {
    if (this.#question?.requestId !== requestId) return [];
    const { readIds } = this.#question;
    this.#question = undefined;
    return readIds;
  }

  /** Empties the queue. */
  takeAll(): readonly number[] {
    const all = [...(this.#question?.readIds ?? []), ...this.#waiting];
    this.#question = undefined;
    this.#waiting = [];
    return all;
  }
}

/** Asks for reads that have arrived, and gives up on what will not be answered; called once per turn. */
export function forwardReads(server: Server): void {
  const { forwardedReads: reads } = server;
  if (reads.size === 0) return;
  if (server.role.name === "leader" || server.leaderId !== reads.leaderId) {
    reject(server, reads.takeAll(), "leaderChanged");
    return;
  }
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  const { question } = reads;
  if (question !== undefined && server.now - question.askedAt >= 2 * maxTimeout) {
    reject(server, reads.answered(question.requestId), "unanswered");
  }
  if (reads.wantsToAsk && reads.leaderId !== undefined) {
    send(server, reads.leaderId, reads.ask(server.now, server.options.random));
  }
}

/** The leader is there: asks again, in case the question or its answer was lost. */
export function repeatQuestion(server: Server): void {
  const { question, leaderId } = server.forwardedReads;
  if (question === undefined || leaderId !== server.leaderId || leaderId === undefined) return;
  if (server.now - question.sentAt < server.options.timing.heartbeatMs) return;
  question.sentAt = server.now;
  send(server, leaderId, question.requestId);
}

/** A follower asks on behalf of its reads. */
export function onReadIndexRequest(server: Server, message: ReadIndexRequest): IgnoredReason | undefined {
  const { from, requestId } = message;
  const leader = server.role;
  const isFull = leader.name !== "leader" || leader.reads.size >= server.options.limits.maxPendingReads;
  if (isFull) {
    server.send({ type: "readIndexResponse", from: server.id, to: from, term: server.term, requestId });
    return leader.name === "leader" ? undefined : "staleResponse";
  }
  if (!leader.peers.has(from)) return "unknownSender";
  leader.reads.add({ readId: requestId, from });
  return undefined;
}

/**
 * The leader answers. Good in any term: it was the leader after the question was asked, and that is all a read needs.
 */
export function onReadIndexResponse(server: Server, message: ReadIndexResponse): IgnoredReason | undefined {
  const { requestId, index } = message;
  const readIds = server.forwardedReads.answered(requestId);
  if (readIds.length === 0) return "staleResponse";
  if (index === undefined) reject(server, readIds, "unanswered");
  else for (const readId of readIds) server.output.confirmedReads.push({ readId, index });
  return undefined;
}

function reject(server: Server, readIds: readonly number[], reason: RejectedRead["reason"]): void {
  for (const readId of readIds) server.output.rejectedReads.push({ readId, reason });
}

function send(server: Server, to: NodeId, requestId: number): void {
  server.send({ type: "readIndexRequest", from: server.id, to, term: server.term, requestId });
}
