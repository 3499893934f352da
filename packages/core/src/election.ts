// How a leader is chosen: timeouts, pre-votes, votes. Thesis 3.4 (election), 3.6.1 (who may win), 9.6 (pre-vote),
// 4.2.3 (servers that hear a leader refuse votes).

import { votersOf } from "./configuration.ts";
import type { IgnoredReason } from "./events.ts";
import { becomeLeader, quorumContact } from "./leader.ts";
import type { PreVoteRequest, PreVoteResponse, VoteRefusal, VoteRequest, VoteResponse } from "./message.ts";
import { type Tally, tally, tallyOfAll } from "./quorum.ts";
import type { Candidate, Server } from "./server.ts";
import { speaksFor } from "./server-records.ts";
import type { EntryId } from "./types.ts";

/** Nobody was heard for an election timeout: try to become leader. Thesis 3.4. */
export function onElectionTimeout(server: Server): void {
  if (!server.mayCampaign || server.now >= server.diskDeadline) {
    server.restartElectionTimer();
    return;
  }
  if (server.options.protection.preVote) startPreVote(server);
  else startElection(server, { isTransfer: false });
}

/** Asks everybody whether an election would be won. Term and vote stay as they are. Thesis 9.6. */
function startPreVote(server: Server): void {
  announceElection(server, true);
  server.becomeRole({ name: "preCandidate", votes: new Map([[server.id, true]]) });
  server.restartElectionTimer();
  for (const to of votersOf(server.configuration)) {
    if (to === server.id) continue;
    server.send({
      type: "preVoteRequest",
      from: server.id,
      to,
      term: server.term,
      campaignTerm: server.term + 1,
      lastLogIndex: server.log.lastIndex,
      lastLogTerm: server.log.lastTerm,
    });
  }
  countPreVotes(server);
}

/** Moves to the next term, votes for itself and asks everybody else. Thesis 3.4. */
export function startElection(server: Server, { isTransfer }: { readonly isTransfer: boolean }): void {
  announceElection(server, false);
  server.enterTerm(server.term + 1);
  server.voteFor(server.id);
  const voteSequence = server.durability.sequenceOfNow(server.log);
  server.becomeRole({ name: "candidate", votes: new Map(), stores: new Map(), voteSequence, hasYielded: false });
  server.restartElectionTimer();
  for (const to of votersOf(server.configuration)) {
    if (to === server.id) continue;
    // The request claims a log and a term; after a crash the claim must still be true, or old votes could be
    // counted for a log that is shorter than the voters were told.
    server.sendWhenDurable({
      type: "voteRequest",
      from: server.id,
      to,
      term: server.term,
      lastLogIndex: server.log.lastIndex,
      lastLogTerm: server.log.lastTerm,
      isTransfer,
    });
  }
}

/** A write completed: a candidate's vote for itself counts once it is durable. */
export function onCandidateDurable(server: Server): void {
  const candidate = server.role;
  if (candidate.name !== "candidate" || candidate.votes.has(server.id)) return;
  if (!server.durability.isDurable(candidate.voteSequence)) return;
  candidate.votes.set(server.id, true);
  if (server.options.incarnation !== undefined) candidate.stores.set(server.id, server.options.incarnation);
  countVotes(server);
}

/** Would this server vote for the sender? Changes nothing here. Thesis 9.6. */
export function onPreVoteRequest(server: Server, message: PreVoteRequest): IgnoredReason | undefined {
  const reason = preVoteRefusal(server, message);
  reportVote(server, message.from, message.campaignTerm, true, reason);
  server.send({
    type: "preVoteResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    campaignTerm: message.campaignTerm,
    granted: reason === undefined,
    ...(reason && { reason }),
  });
  return undefined;
}

function preVoteRefusal(server: Server, message: PreVoteRequest): VoteRefusal | undefined {
  if (message.campaignTerm < server.term) return "olderTerm";
  if (hearsLeader(server)) return "hearsLeader";
  const votedForOther = server.votedFor !== undefined && server.votedFor !== message.from;
  if (message.campaignTerm === server.term && votedForOther) return "alreadyVoted";
  return logRefusal(server, { index: message.lastLogIndex, term: message.lastLogTerm });
}

/** The vote itself. Thesis 3.4 and figure 3.1 (RequestVote RPC). */
export function onVoteRequest(
  server: Server,
  message: VoteRequest,
  incarnation: string | undefined,
): IgnoredReason | undefined {
  // Comes before any look at the term: a server that hears a leader must not be moved by a disruptive candidate. Thesis 4.2.3.
  if (server.options.protection.leaderLease && !message.isTransfer && hearsLeader(server)) {
    refuseVote(server, message, "hearsLeader");
    return message.term > server.term ? "hearsLeader" : undefined;
  }
  if (message.term > server.term) moveToTerm(server, message.term);
  const reason = voteRefusal(server, message, incarnation);
  if (reason !== undefined) {
    refuseVote(server, message, reason);
    return reason === "olderTerm" ? "olderTerm" : undefined;
  }
  if (server.votedFor === undefined) {
    server.voteFor(message.from);
    server.votedForStore = incarnation;
  }
  // Only a vote that was given restarts the timer: refusing a hopeless candidate must not delay a good one.
  server.restartElectionTimer();
  reportVote(server, message.from, message.term, false, undefined);
  server.sendWhenDurable({
    type: "voteResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    granted: true,
  });
  return undefined;
}

function voteRefusal(server: Server, message: VoteRequest, incarnation: string | undefined): VoteRefusal | undefined {
  if (message.term < server.term) return "olderTerm";
  if (server.votedFor !== undefined && server.votedFor !== message.from) return "alreadyVoted";
  // A founder that loses its store right after it was elected must not be elected once more in that term: it would write
  // another first entry. As long as no store is noted anywhere, the voter has to tell the two apart itself.
  const isOtherStore = server.votedFor !== undefined && server.votedForStore !== incarnation;
  if (server.isForming && isOtherStore) return "alreadyVoted";
  return logRefusal(server, { index: message.lastLogIndex, term: message.lastLogTerm });
}

function refuseVote(server: Server, message: VoteRequest, reason: VoteRefusal): void {
  reportVote(server, message.from, message.term, false, reason);
  server.sendWhenDurable({
    type: "voteResponse",
    from: server.id,
    to: message.from,
    term: server.term,
    granted: false,
    reason,
  });
}

/** Thesis 3.6.1: a candidate whose log lacks something this server has must not win with this server's vote. */
function logRefusal(server: Server, candidateLog: EntryId): VoteRefusal | undefined {
  return server.log.isAtMostAsUpToDateAs(candidateLog) ? undefined : "logBehind";
}

/** An answer to {@link startPreVote}. */
export function onPreVoteResponse(
  server: Server,
  message: PreVoteResponse,
  incarnation: string | undefined,
): IgnoredReason | undefined {
  if (!message.granted && message.term > server.term) {
    // Whoever refused is ahead: campaigning below its term would never be heard.
    moveToTerm(server, message.term);
    return undefined;
  }
  const isMine = server.role.name === "preCandidate" && message.campaignTerm === server.term + 1;
  if (server.role.name !== "preCandidate" || !isMine) return "staleResponse";
  if (!speaksFor(server.configuration, message.from, incarnation)) return "strangeStore";
  reportAnswer(server, message, message.campaignTerm, true);
  server.role.votes.set(message.from, message.granted);
  countPreVotes(server);
  return undefined;
}

/** An answer to {@link startElection}. */
export function onVoteResponse(
  server: Server,
  message: VoteResponse,
  incarnation: string | undefined,
): IgnoredReason | undefined {
  if (message.term > server.term) {
    moveToTerm(server, message.term);
    return undefined;
  }
  if (message.term < server.term) {
    // The leader lease refuses in the voter's own, older term. It does not count, but it explains.
    if (message.reason === "hearsLeader") reportAnswer(server, message, message.term, false);
    return "staleResponse";
  }
  if (server.role.name !== "candidate") return "staleResponse";
  if (!speaksFor(server.configuration, message.from, incarnation)) return "strangeStore";
  if (incarnation !== undefined) server.role.stores.set(message.from, incarnation);
  reportAnswer(server, message, message.term, false);
  if (message.reason === "logBehind") yieldToBetterLogs(server, server.role);
  server.role.votes.set(message.from, message.granted);
  countVotes(server);
  return undefined;
}

/**
 * A candidate whose log is behind waits one maximum timeout longer before it tries again. Not in the thesis: two servers
 * that know different configurations may not hear of each other's terms, and a hopeless one that always is a term ahead
 * would keep the vote that a better one needs. Two waits of the better one fit into one of the hopeless.
 */
function yieldToBetterLogs(server: Server, candidate: Candidate): void {
  if (candidate.hasYielded || server.electionDeadline === undefined) return;
  candidate.hasYielded = true;
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  server.electionDeadline += maxTimeout;
}

function countPreVotes(server: Server): void {
  if (server.role.name !== "preCandidate") return;
  if (electionTally(server, server.role.votes) === "won") startElection(server, { isTransfer: false });
}

function countVotes(server: Server): void {
  if (server.role.name !== "candidate") return;
  const { votes, stores } = server.role;
  const voters = [...votes].filter(([, granted]) => granted).map(([voter]) => voter);
  if (electionTally(server, votes) === "won") becomeLeader(server, { voters, stores });
  // A lost election is over, but the next one waits for its own random timeout, so that rivals do not meet again.
}

/**
 * A majority decides, except over who forms the cluster: that takes every voter. Two of three empty stores may be those of
 * servers that lost everything, and only the third one knows.
 */
export function electionTally(server: Server, votes: ReadonlyMap<string, boolean>): Tally {
  return server.isForming ? tallyOfAll(server.configuration, votes) : tally(server.configuration, votes);
}

/**
 * Any message of a later term: adopt the term, as a follower that has not voted. Leaves the election timer alone: only
 * a vote or a leader restarts it. Thesis 3.3.
 */
export function moveToTerm(server: Server, term: number): void {
  if (server.role.name === "leader") {
    server.stepDown(server.role, "higherTerm", `somebody is in term ${term}, this leader was in term ${server.term}`);
  }
  server.enterTerm(term);
  server.becomeFollower(undefined);
}

/**
 * True while a live leader is known: heard within the minimum election timeout, or it is this server. Thesis 4.2.3.
 * With lease reads, a server that has just started may have heard one that counts on it.
 */
export function hearsLeader(server: Server): boolean {
  const [minTimeout] = server.options.timing.electionTimeoutMs;
  const runningMs = server.now - (server.startedAt ?? server.now);
  if (server.options.reads.lease && server.role.name !== "leader" && runningMs < minTimeout) return true;
  switch (server.role.name) {
    case "leader":
      return server.now - quorumContact(server, server.role) < minTimeout;
    case "follower":
      return server.role.leaderId !== undefined && server.now - server.role.leaderHeardAt < minTimeout;
    case "preCandidate":
    case "candidate":
      return false;
  }
}

function announceElection(server: Server, preVote: boolean): void {
  const term = server.term + 1;
  server.emit({ type: "electionStarted", term, preVote, waitedMs: server.now - server.electionTimerStarted });
}

function reportVote(server: Server, to: string, term: number, preVote: boolean, reason: VoteRefusal | undefined): void {
  if (reason === undefined) {
    server.emit({ type: "voteGranted", to, term, preVote });
    return;
  }
  const heardMsAgo = server.role.name === "follower" ? server.now - server.role.leaderHeardAt : undefined;
  const heard = reason === "hearsLeader" ? { leaderId: server.leaderId, heardMsAgo } : {};
  server.emit({ type: "voteRefused", to, term, preVote, reason, ...heard });
}

function reportAnswer(
  server: Server,
  { from, granted, reason }: PreVoteResponse | VoteResponse,
  term: number,
  preVote: boolean,
): void {
  server.emit({ type: "voteReceived", from, term, preVote, granted, reason });
}
