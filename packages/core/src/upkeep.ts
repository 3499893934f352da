// What a leader changes about the membership of its own accord: a learner that was promised a vote gets it when it has
// caught up (thesis 4.2.1), and a member that lost its store is taken back as a learner.

import type { MembershipChange } from "./configuration-change.ts";
import { proposeChange } from "./membership.ts";
import type { Leader, Server } from "./server.ts";

/** Proposes what is due, one change at a time; called once per turn. A refusal is no harm: it stays due. */
export function maintainMembership(server: Server, leader: Leader): void {
  const { records = [] } = server.configuration;
  if (records.length === 0) return;
  const change = dueReadmission(server, leader) ?? duePromotion(server, leader);
  if (change !== undefined) proposeChange(server, { changes: [change] });
}

function dueReadmission(server: Server, leader: Leader): MembershipChange | undefined {
  if (server.options.membership.readmission === "manual") return undefined;
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  for (const [id, { stranger: incarnation, replacedForMs }] of leader.peers) {
    // If the old store is still heard, two servers use one name, and neither must take the other's place; and a message that
    // came late from a store that is gone must not take the place of one that is silent now.
    if (incarnation !== undefined && replacedForMs >= maxTimeout) return { type: "readmit", id, incarnation };
  }
  return undefined;
}

function duePromotion(server: Server, leader: Leader): MembershipChange | undefined {
  const { records = [], learners } = server.configuration;
  const promised = records.filter(({ id, promotes }) => promotes === true && learners.includes(id));
  const live = promised.find(({ id }) => isLive(server, leader, id));
  return live && { type: "promote", id: live.id };
}

/** Streaming, and heard within the maximum election timeout. Whether it lacks too much, the change itself asks. */
function isLive(server: Server, leader: Leader, id: string): boolean {
  const progress = leader.peers.get(id);
  if (progress === undefined || progress.mode !== "replicate" || progress.replacedForMs > 0) return false;
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  return server.now - progress.lastContact < maxTimeout;
}
