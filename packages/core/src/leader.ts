// What a leader does of its own accord: take office, make itself heard, notice that it lost its majority, confirm reads.
// Thesis 3.4 (heartbeats), 6.2 (CheckQuorum), 6.4 (ReadIndex).

import { advanceCommit } from "./commit.ts";
import { encodeConfiguration } from "./configuration.ts";
import type { IgnoredReason } from "./events.ts";
import { ReadLease } from "./lease.ts";
import type { HeartbeatResponse } from "./message.ts";
import { Progress } from "./progress.ts";
import { reachedByMajority } from "./quorum.ts";
import { ReadQueue } from "./read-queue.ts";
import type { ReadIndexResult } from "./ready.ts";
import { sendEmptyAppend } from "./replication.ts";
import type { Leader, Server } from "./server.ts";
import { withRecord } from "./server-records.ts";
import type { Configuration, NodeId } from "./types.ts";

const NO_DATA = new Uint8Array(0);

/** How an election was won. */
export type Victory = {
  /** Who voted for this server. */
  readonly voters: readonly NodeId[];
  /** From which stores, as far as they have names. */
  readonly stores: ReadonlyMap<NodeId, string>;
};

/** Takes office: an entry of the new term, then heartbeats at once. Thesis 3.4, 6.4 (the empty entry). */
export function becomeLeader(server: Server, { voters, stores }: Victory): void {
  const isForming = server.isForming;
  const nextIndex = server.log.lastIndex + 1;
  const [minTimeout] = server.options.timing.electionTimeoutMs;
  const leader: Leader = {
    name: "leader",
    peers: new Map(server.peers.map((peer) => [peer, new Progress(nextIndex, server.now)])),
    firstOwnIndex: nextIndex,
    reads: new ReadQueue(),
    lease: new ReadLease(minTimeout * (1 - server.options.reads.maxClockDrift)),
    heartbeatDue: server.now,
    offeredAt: server.now,
    transfer: undefined,
    uncommittedBytes: 0,
  };
  server.emit({ type: "electionWon", term: server.term, votes: voters });
  server.becomeRole(leader);
  const header = { index: nextIndex, term: server.term };
  // Whose store is whose stands in the very first entry, so that nothing is ever committed without it.
  if (isForming) server.append([{ ...header, kind: "configuration", data: formation(server.configuration, stores) }]);
  else server.append([{ ...header, kind: "empty", data: NO_DATA }]);
  sendHeartbeats(server, leader);
}

function formation(configuration: Configuration, stores: ReadonlyMap<NodeId, string>): Uint8Array {
  let formed = configuration;
  for (const [id, incarnation] of stores) formed = withRecord(formed, { id, incarnation });
  return encodeConfiguration(formed);
}

/** What time brings to a leader. */
export function onLeaderTick(server: Server, leader: Leader): void {
  if (server.now >= quorumDeadline(server, leader)) {
    const silentMs = server.now - quorumContact(server, leader);
    server.stepDown(leader, "quorumLost", `no contact with a majority for ${Math.round(silentMs)} ms`);
    return;
  }
  if (server.now >= server.diskDeadline) {
    server.stepDown(leader, "diskStalled", `no write completed for ${server.options.timing.diskStallMs} ms`);
    return;
  }
  if (server.now >= leader.heartbeatDue) sendHeartbeats(server, leader);
}

/** When the leader must look at the time again. */
export function leaderDeadline(server: Server, leader: Leader): number {
  const transferDeadline = leader.transfer?.deadline ?? Number.POSITIVE_INFINITY;
  return Math.min(leader.heartbeatDue, quorumDeadline(server, leader), server.diskDeadline, transferDeadline);
}

/** The latest moment at which a majority, this server included, is known to have been in contact. */
export function quorumContact(server: Server, leader: Leader): number {
  return reachedByMajority(server.configuration, (voter) =>
    voter === server.id ? server.now : (leader.peers.get(voter)?.lastContact ?? 0),
  );
}

/** Thesis 6.2: a leader that has lost its majority steps down, so that its clients look elsewhere. */
function quorumDeadline(server: Server, leader: Leader): number {
  if (!server.options.protection.checkQuorum) return Number.POSITIVE_INFINITY;
  const contact = quorumContact(server, leader);
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  // This server's own contact is always "now": a majority of one never lapses.
  return contact === server.now ? Number.POSITIVE_INFINITY : contact + maxTimeout;
}

/** One round: every peer learns that this leader lives and what is committed, and echoes the round. */
function sendHeartbeats(server: Server, leader: Leader): void {
  const round = leader.reads.startRound(readIndex(server, leader));
  leader.lease.sent(round, server.now);
  leader.heartbeatDue = server.now + server.options.timing.heartbeatMs;
  for (const [to, progress] of leader.peers) {
    server.send({
      type: "heartbeatRequest",
      from: server.id,
      to,
      term: server.term,
      // A peer must not take as committed what it may not have, or may have with other content.
      commitIndex: progress.replacedForMs > 0 ? 0 : Math.min(server.commitIndex, progress.matchIndex),
      round,
    });
  }
  confirmReads(server, leader);
}

/** A peer confirmed that it follows. */
export function onHeartbeatResponse(
  server: Server,
  leader: Leader,
  progress: Progress,
  message: HeartbeatResponse,
): IgnoredReason | undefined {
  if (message.round > leader.reads.lastRound) return "malformed";
  progress.confirmedRound = Math.max(progress.confirmedRound, message.round);
  progress.onHeartbeatAnswered();
  // Something that was sent may have been lost: ask again, even if the window is full.
  if (progress.matchIndex < server.log.lastIndex) sendEmptyAppend(server, message.from, progress);
  confirmReads(server, leader);
  return undefined;
}

/**
 * Takes a read. It is confirmed by a heartbeat round that starts after this call. A server that does not lead takes it only
 * if it may ask its leader. Thesis 6.4.
 */
export function requestRead(
  server: Server,
  { readId, forward }: { readonly readId: number; readonly forward: boolean },
): ReadIndexResult {
  const leader = server.role;
  if (leader.name !== "leader") return forward ? requestForwardedRead(server, readId) : notLeader(server);
  if (leader.reads.size >= server.options.limits.maxPendingReads) {
    return { accepted: false, reason: "busy", leaderId: server.id };
  }
  leader.reads.add({ readId });
  return { accepted: true, readId };
}

function requestForwardedRead(server: Server, readId: number): ReadIndexResult {
  const { leaderId, forwardedReads } = server;
  if (leaderId === undefined) return notLeader(server);
  if (forwardedReads.size >= server.options.limits.maxPendingReads)
    return { accepted: false, reason: "busy", leaderId };
  forwardedReads.add(readId, leaderId);
  return { accepted: true, readId };
}

function notLeader({ leaderId }: Server): ReadIndexResult {
  return { accepted: false, reason: "notLeader", leaderId };
}

/**
 * What a lease read at `now` must see, or undefined if the lease does not cover that moment. The caller asks again after
 * it has computed the answer: the process may have been stopped in between. Thesis 6.4.1.
 */
export function leaseReadIndex(server: Server, now: number): number | undefined {
  const leader = server.role;
  if (!server.options.reads.lease || leader.name !== "leader" || !leader.lease.isValid(now)) return undefined;
  return readIndex(server, leader);
}

/** Starts a round for reads that have arrived since the last one; called once per turn, so that they share it. */
export function serveWaitingReads(server: Server, leader: Leader): void {
  if (leader.reads.wantsRound && readIndex(server, leader) !== undefined) sendHeartbeats(server, leader);
}

/**
 * What a read that arrives now must see. Undefined until an entry of this term is committed: before that, this leader
 * does not know how far its predecessors had committed. Thesis 6.4, step 1.
 */
function readIndex(server: Server, leader: Leader): number | undefined {
  return server.commitIndex >= leader.firstOwnIndex ? server.commitIndex : undefined;
}

function confirmReads(server: Server, leader: Leader): void {
  const confirmed = reachedByMajority(server.configuration, (voter) =>
    voter === server.id ? leader.reads.lastRound : (leader.peers.get(voter)?.confirmedRound ?? 0),
  );
  leader.lease.confirmed(confirmed);
  for (const { readId, from, index } of leader.reads.confirmUpTo(confirmed)) {
    if (from === undefined) server.output.confirmedReads.push({ readId, index });
    else
      server.send({
        type: "readIndexResponse",
        from: server.id,
        to: from,
        term: server.term,
        requestId: readId,
        index,
      });
  }
}

/** A write completed: what the leader has on its own disk counts towards the majority only now. */
export function onLeaderDurable(server: Server): void {
  if (server.role.name === "leader") advanceCommit(server, server.role);
}
