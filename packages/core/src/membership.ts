// Changing who belongs to the cluster, one change at a time, without ever having two majorities that do not meet.
// Thesis chapter 4; the rule about the leader's own term comes from the correction to 4.1 (raft-dev, 2015).

import { encodeConfiguration, isJoint } from "./configuration.ts";
import { changed, countedTwice, firstStep, type MembershipChange, withoutOutgoing } from "./configuration-change.ts";
import { Progress } from "./progress.ts";
import { majorityOf } from "./quorum.ts";
import type { ChangeResult } from "./ready.ts";
import type { Leader, Server } from "./server.ts";
import { incarnationOf } from "./server-records.ts";
import { mostUpToDateVoter } from "./transfer.ts";
import type { Configuration, NodeId } from "./types.ts";

/** A wish to change the membership, and under which conditions. */
export type ChangeRequest = {
  /** Made in this order, as one step. */
  readonly changes: readonly MembershipChange[];
  /** Refuse unless the configuration in use stands at this index of the log. */
  readonly expectedIndex?: number;
  /** Do it even if the voters that answer now would be no majority afterwards, or a promoted learner lags. */
  readonly force?: boolean;
};

/** Starts a change if nothing speaks against it. Thesis 4.1, 4.3. */
export function proposeChange(server: Server, request: ChangeRequest): ChangeResult {
  const leader = server.role;
  if (leader.name !== "leader") return { accepted: false, reason: "notLeader", leaderId: server.leaderId };
  const refuse = (reason: Extract<ChangeResult, { accepted: false }>["reason"], id?: NodeId): ChangeResult => ({
    accepted: false,
    reason,
    leaderId: server.id,
    ...(id !== undefined && { id }),
  });
  const { index, configuration } = server.configurations.current;
  if (leader.transfer !== undefined) return refuse("transferring");
  // Before that, a predecessor's change may still be under way without this leader knowing how it ends.
  if (server.commitIndex < leader.firstOwnIndex) return refuse("notYetCommitted");
  if (index > server.commitIndex || isJoint(configuration)) return refuse("changeInProgress");
  if (request.expectedIndex !== undefined && request.expectedIndex !== index) return refuse("configurationChanged");
  const target = changed(configuration, request.changes, (id) => heardStore(server, leader, id));
  if ("misfit" in target) return refuse(target.misfit, target.id);
  if (request.force !== true) {
    const lagging = target.voters.find((voter) => isLagging(server, leader, voter));
    if (lagging !== undefined) return refuse("notCaughtUp", lagging);
    if (!hasLiveMajority(server, leader, target)) return refuse("wouldLoseQuorum");
  }
  const next = firstStep(configuration, target);
  const twice = countedTwice(configuration, next);
  if (twice !== undefined) return refuse("readmitAlone", twice);
  const entry = appendConfiguration(server, leader, next);
  return { accepted: true, index: entry, term: server.term };
}

function heardStore(server: Server, leader: Leader, id: NodeId): string | undefined {
  return id === server.id ? server.options.incarnation : leader.peers.get(id)?.incarnation;
}

/** A new voter that still has to fetch much of the log would hold up every commit. Thesis 4.2.1. */
function isLagging(server: Server, leader: Leader, voter: NodeId): boolean {
  const progress = leader.peers.get(voter);
  const isNew = !server.configuration.voters.includes(voter);
  return isNew && (progress?.matchIndex ?? 0) + server.options.limits.maxPromotionLag < server.log.lastIndex;
}

function hasLiveMajority(server: Server, leader: Leader, { voters }: Configuration): boolean {
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  const live = voters.filter((voter) => {
    if (voter === server.id) return true;
    const progress = leader.peers.get(voter);
    if (progress === undefined || progress.replacedForMs > 0) return false;
    return server.now - progress.lastContact < maxTimeout;
  });
  return live.length >= majorityOf(voters);
}

/** A new configuration counts as soon as it is in the log. Thesis 4.1. */
export function appendConfiguration(server: Server, leader: Leader, configuration: Configuration): number {
  const index = server.log.lastIndex + 1;
  const data = encodeConfiguration(configuration);
  server.append([{ index, term: server.term, kind: "configuration", data }]);
  followConfiguration(server, leader);
  return index;
}

/** The leader sends to exactly the members of the configuration in use; who stays keeps what is known about it. */
function followConfiguration(server: Server, leader: Leader): void {
  leader.lease.restart();
  const members = server.peers;
  for (const [peer, { stranger }] of leader.peers) {
    const isReadmitted = stranger !== undefined && incarnationOf(server.configuration, peer) === stranger;
    if (isReadmitted || !members.includes(peer)) leader.peers.delete(peer);
  }
  for (const peer of members) {
    if (!leader.peers.has(peer)) leader.peers.set(peer, new Progress(server.log.lastIndex, server.now));
  }
}

/**
 * What a commit means for a change, looked at once per turn: a committed joint configuration is left (by whoever leads then), and a leader that
 * the committed configuration does not contain makes room. Thesis 4.2.2, 4.3.
 */
export function concludeChange(server: Server, leader: Leader): void {
  const { index, configuration } = server.configurations.current;
  if (index > server.commitIndex) return;
  if (isJoint(configuration)) {
    // An old leader's joint configuration is committed only together with an entry of this leader's own term.
    if (server.commitIndex >= leader.firstOwnIndex) appendConfiguration(server, leader, withoutOutgoing(configuration));
    return;
  }
  if (configuration.voters.includes(server.id)) return;
  const successor = mostUpToDateVoter(server, leader);
  if (successor !== undefined) server.send({ type: "timeoutNow", from: server.id, to: successor, term: server.term });
  server.stepDown(leader, "removed", `${server.id} is not a voter of the configuration at index ${index}`);
}
