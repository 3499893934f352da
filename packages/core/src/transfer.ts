// Handing leadership to a chosen server: stop taking proposals, bring it up to date, tell it to campaign at once.
// Thesis 3.10. Whatever goes wrong, the leader goes on after one election timeout.

import { moveToTerm, startElection } from "./election.ts";
import type { IgnoredReason } from "./events.ts";
import type { TimeoutNow } from "./message.ts";
import type { TransferResult } from "./ready.ts";
import type { Leader, Server } from "./server.ts";
import type { NodeId } from "./types.ts";

/** Begins to hand over to `to`, or to the voter that has most of the log. */
export function beginTransfer(server: Server, to: NodeId | undefined): TransferResult {
  const leader = server.role;
  if (leader.name !== "leader") return { accepted: false, reason: "notLeader", leaderId: server.leaderId };
  const target = to ?? mostUpToDateVoter(server, leader);
  const reason = refusal(server, leader, target);
  if (reason !== undefined || target === undefined) {
    return { accepted: false, reason: reason ?? "noOtherVoter", leaderId: server.id };
  }
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  leader.transfer = { to: target, deadline: server.now + maxTimeout, isTargetTold: false };
  server.emit({ type: "transferStarted", to: target, term: server.term });
  return { accepted: true, to: target };
}

function refusal(server: Server, leader: Leader, target: NodeId | undefined) {
  if (leader.transfer !== undefined) return "inProgress";
  if (target === server.id) return "alreadyLeader";
  if (target !== undefined && !server.configuration.voters.includes(target)) return "notAVoter";
  return undefined;
}

/** The voter with most of the log; of equals, the one heard last. */
export function mostUpToDateVoter(server: Server, leader: Leader): NodeId | undefined {
  const voters = [...leader.peers].filter(([peer]) => server.configuration.voters.includes(peer));
  const best = voters.toSorted(([, a], [, b]) => b.matchIndex - a.matchIndex || b.lastContact - a.lastContact);
  return best[0]?.[0];
}

/** Tells the target to campaign once it has the whole log; called once per turn. */
export function continueTransfer(server: Server, leader: Leader): void {
  const { transfer } = leader;
  if (transfer === undefined || transfer.isTargetTold) return;
  if (leader.peers.get(transfer.to)?.matchIndex !== server.log.lastIndex) return;
  transfer.isTargetTold = true;
  leader.lease.forfeit();
  server.send({ type: "timeoutNow", from: server.id, to: transfer.to, term: server.term });
}

/** Gives up after one election timeout, so that a target that died does not keep writes waiting. Thesis 3.10. */
export function onTransferTick(server: Server, leader: Leader): void {
  const { transfer } = leader;
  if (transfer === undefined || server.now < transfer.deadline) return;
  leader.transfer = undefined;
  server.emit({ type: "transferAborted", to: transfer.to, term: server.term });
}

/** The leader wants this server to take over: campaign at once, without asking first and without waiting. */
export function onTimeoutNow(server: Server, message: TimeoutNow): IgnoredReason | undefined {
  if (message.term < server.term) return "olderTerm";
  if (message.term > server.term) moveToTerm(server, message.term);
  if (!server.mayCampaign || server.role.name === "leader") return "staleResponse";
  startElection(server, { isTransfer: true });
  return undefined;
}
