// What a server does when it hears a leader: recognise it, compare one position, take its entries. Thesis 3.5, figure 3.1.

import { commitUpTo } from "./commit.ts";
import { decodeConfiguration } from "./configuration.ts";
import { moveToTerm } from "./election.ts";
import type { IgnoredReason } from "./events.ts";
import { repeatQuestion } from "./forwarded-reads.ts";
import type { AppendRequest, HeartbeatRequest } from "./message.ts";
import type { Server } from "./server.ts";
import { incarnationOf } from "./server-records.ts";
import type { Entry } from "./types.ts";

/** A leader makes itself heard. */
export function onHeartbeatRequest(server: Server, message: HeartbeatRequest): IgnoredReason | undefined {
  const { from, term, round } = message;
  const refusal = recognizeLeader(server, from, term);
  if (refusal !== "malformed") {
    // The answer carries this server's term, so an old leader learns that its time is over. It confirms no round then: the
    // same server may lead again in this term, and count its rounds from 1 again.
    const answered = refusal === undefined ? round : 0;
    server.send({ type: "heartbeatResponse", from: server.id, to: from, term: server.term, round: answered });
  }
  if (refusal !== undefined) return refusal;
  repeatQuestion(server);
  const { incarnation } = server.options;
  const isKnown = incarnation !== undefined && incarnationOf(server.configuration, server.id) === incarnation;
  if (isKnown && message.commitIndex > server.log.lastIndex) {
    // This very store has acknowledged that much in this term.
    return "lostEntries";
  }
  // The leader has cut this to what it knows to match here; a log that has lost its tail must not be indexed past its end.
  commitUpTo(server, Math.min(message.commitIndex, server.log.lastIndex));
  return undefined;
}

/** A leader offers entries, or asks whether a position matches. */
export function onAppendRequest(server: Server, message: AppendRequest): IgnoredReason | undefined {
  if (!isWellFormed(message)) return "malformed";
  const refusal = recognizeLeader(server, message.from, message.term);
  if (refusal === "olderTerm") reject(server, message);
  if (refusal !== undefined) return refusal;

  const prev = { index: message.prevLogIndex, term: message.prevLogTerm };
  // What was compacted was committed, so it matches: a position before it is not a conflict.
  if (prev.index >= server.log.base.index && !server.log.contains(prev)) {
    const ownTerm = server.log.termAt(prev.index);
    server.emit({
      type: "appendRefused",
      leaderId: message.from,
      prevLogIndex: prev.index,
      prevLogTerm: prev.term,
      ownTerm,
    });
    reject(server, message);
    return undefined;
  }
  const news = entriesToStore(server, message.entries);
  const first = news[0];
  if (first !== undefined && first.index <= server.commitIndex) return "contradictsCommitted";
  if (first !== undefined && first.index <= server.log.lastIndex) truncate(server, first.index, message.from);
  server.append(news);

  const verifiedIndex = prev.index + message.entries.length;
  commitUpTo(server, Math.min(message.leaderCommit, verifiedIndex));
  accept(server, message, verifiedIndex);
  return undefined;
}

/** Follows the leader of this or a later term; refuses one of an older term. Thesis 3.4. */
export function recognizeLeader(server: Server, from: string, term: number): IgnoredReason | undefined {
  if (term < server.term) return "olderTerm";
  if (term > server.term) moveToTerm(server, term);
  // Election Safety: a term has one leader, so nobody else can lead this server's term.
  if (server.role.name === "leader") return "malformed";
  server.becomeFollower(from);
  if (server.role.name === "follower") server.role.leaderHeardAt = server.now;
  server.restartElectionTimer();
  return undefined;
}

/**
 * The part of `entries` that this log does not have: from the first one that is missing or differs in term. A late
 * message with entries that are all here changes nothing, even if the log is longer. Thesis figure 3.1, steps 3 and 4.
 */
function entriesToStore(server: Server, entries: readonly Entry[]): readonly Entry[] {
  const firstNew = entries.findIndex(
    (entry) => entry.index > server.log.base.index && server.log.termAt(entry.index) !== entry.term,
  );
  return firstNew === -1 ? [] : entries.slice(firstNew);
}

function truncate(server: Server, fromIndex: number, leaderId: string): void {
  server.emit({ type: "entriesTruncated", fromIndex, lastIndex: server.log.lastIndex, leaderId });
  server.truncateFrom(fromIndex);
}

function accept(server: Server, message: AppendRequest, matchIndex: number): void {
  server.sendWhenDurable({
    type: "appendResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    accepted: true,
    matchIndex,
  });
}

/** Refuses with the last position that may match. Thesis 3.5, last paragraph. */
function reject(server: Server, message: AppendRequest): void {
  const hint = server.log.lastPositionAtMost({ index: message.prevLogIndex, term: message.prevLogTerm });
  server.sendWhenDurable({
    type: "appendResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    accepted: false,
    prevLogIndex: message.prevLogIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

function isWellFormed({ prevLogIndex, prevLogTerm, term, entries }: AppendRequest): boolean {
  let previousTerm = prevLogTerm;
  let index = prevLogIndex;
  for (const entry of entries) {
    index += 1;
    if (entry.index !== index || entry.term < previousTerm) return false;
    if (entry.kind === "configuration" && decodeConfiguration(entry) === undefined) return false;
    previousTerm = entry.term;
  }
  return previousTerm <= term;
}
