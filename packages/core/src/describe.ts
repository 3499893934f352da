// A server in words and numbers, for people: who leads, what is missing, what would help.

import { quorumContact } from "./leader.ts";
import { electionTally } from "./election.ts";
import { majorityOf } from "./quorum.ts";
import type { Leader, Server } from "./server.ts";
import type { PeerStatus, RaftStatus } from "./status.ts";

/** A picture of this moment. */
export function statusOf(server: Server): RaftStatus {
  const { role, log } = server;
  return {
    id: server.id,
    role: role.name,
    term: server.term,
    votedFor: server.votedFor,
    leaderId: server.leaderId,
    configuration: server.configuration,
    configurationIndex: server.configurations.current.index,
    commitIndex: server.commitIndex,
    lastApplied: server.lastApplied,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    firstIndex: log.firstIndex,
    durableIndex: server.durability.durableIndex,
    leaderHeardMsAgo:
      role.name === "follower" && role.leaderId !== undefined ? server.now - role.leaderHeardAt : undefined,
    stateAgeMs: stateAgeOf(server),
    transferringTo: role.name === "leader" ? role.transfer?.to : undefined,
    peers: role.name === "leader" ? peersOf(server, role) : [],
  };
}

function stateAgeOf(server: Server): number | undefined {
  const { role, now } = server;
  if (role.name === "leader") return now - quorumContact(server, role);
  return role.name === "follower" && role.leaderId !== undefined ? now - role.leaderHeardAt : undefined;
}

function peersOf(server: Server, leader: Leader): readonly PeerStatus[] {
  return [...leader.peers].map(([id, progress]) => ({
    id,
    mode: progress.mode,
    matchIndex: progress.matchIndex,
    nextIndex: progress.nextIndex,
    inflightMessages: progress.inflightMessages,
    inflightBytes: progress.inflightBytes,
    lastContactMs: server.now - progress.lastContact,
    stranger: progress.stranger,
  }));
}

/** Says why there is no leader, or why the commit index does not move; one sentence a line. */
export function explain(server: Server): string {
  switch (server.role.name) {
    case "leader":
      return explainLeader(server, server.role).join("\n");
    case "follower":
      return explainFollower(server);
    case "preCandidate":
    case "candidate":
      return explainCandidate(server, server.role.name, server.role.votes);
  }
}

function explainLeader(server: Server, leader: Leader): readonly string[] {
  const { id, term, commitIndex, log, durability, configuration } = server;
  const lines = [`${id} leads term ${term}. Committed up to ${commitIndex} of ${log.lastIndex}.`];
  for (const [peer, { replacedForMs }] of leader.peers) {
    if (replacedForMs > 0)
      lines.push(`${peer} came back with another store and does not count until it is readmitted.`);
  }
  if (commitIndex === log.lastIndex) return lines;
  const needed = majorityOf(configuration.voters);
  lines.push(`Entry ${commitIndex + 1} must be durable on ${needed} of ${configuration.voters.length} voters.`);
  if (durability.durableIndex <= commitIndex) lines.push(`${id} itself waits for its disk.`);
  for (const [peer, progress] of leader.peers) {
    if (progress.matchIndex > commitIndex) continue;
    const silent = Math.round(server.now - progress.lastContact);
    lines.push(`${peer} has up to ${progress.matchIndex} (${progress.mode}), last heard ${silent} ms ago.`);
  }
  return lines;
}

function explainFollower(server: Server): string {
  const { id, term, role, now } = server;
  if (role.name === "follower" && role.leaderId !== undefined) {
    return `${id} follows ${role.leaderId} in term ${term}, heard ${Math.round(now - role.leaderHeardAt)} ms ago.`;
  }
  if (!server.hasItsStore) {
    return `${id} came back with another store than the one it voted with, and waits to be readmitted by a leader.`;
  }
  if (!server.mayCampaign) return `${id} has no vote and waits for a leader of term ${term} or later.`;
  const patience = Math.max(0, Math.round((server.electionDeadline ?? now) - now));
  return `${id} knows no leader in term ${term} and starts an election in ${patience} ms.`;
}

function explainCandidate(server: Server, role: "preCandidate" | "candidate", votes: Map<string, boolean>): string {
  const { id, term, configuration } = server;
  const wanted = role === "candidate" ? term : term + 1;
  const what = role === "candidate" ? "campaigns" : "asks whether it would win";
  const granted = configuration.voters.filter((voter) => votes.get(voter) === true);
  const refused = configuration.voters.filter((voter) => votes.get(voter) === false);
  const silent = configuration.voters.filter((voter) => !votes.has(voter) && voter !== id);
  const verdict = electionTally(server, votes) === "lost" ? "It cannot win any more." : "";
  return [
    server.isForming
      ? `${id} ${what} in term ${wanted}: a cluster is formed by all of its ${configuration.voters.length} voters together.`
      : `${id} ${what} in term ${wanted}: needs ${majorityOf(configuration.voters)} of ${configuration.voters.length} votes.`,
    `For it: ${list(granted)}. Against: ${list(refused)}. No answer: ${list(silent)}. ${verdict}`.trimEnd(),
  ].join("\n");
}

function list(ids: readonly string[]): string {
  return ids.length === 0 ? "nobody" : ids.join(", ");
}
