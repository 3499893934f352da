// Some servers make better leaders than others: near the clients, on better hardware. A leader hands over to a voter of
// higher priority, once that one is there and up to date. A wish, not a rule: elections do not look at priorities, so they
// cost neither safety nor time. Thesis 3.10 (transfer) names this use.

import type { Leader, Server } from "./server.ts";
import { priorityOf } from "./server-records.ts";
import { beginTransfer } from "./transfer.ts";
import type { NodeId } from "./types.ts";

/** A leader waits for this many maximum election timeouts before it offers its leadership, and before it does so again. */
const TIMEOUTS_BETWEEN_OFFERS = 10;

/** Hands over to the best voter if that is somebody else; called once per turn. */
export function offerLeadership(server: Server, leader: Leader): void {
  const [, maxTimeout] = server.options.timing.electionTimeoutMs;
  const isTooEarly = server.now < leader.offeredAt + TIMEOUTS_BETWEEN_OFFERS * maxTimeout;
  if (isTooEarly || (server.configuration.records ?? []).length === 0) return;
  const better = betterLeader(server, leader);
  if (better === undefined) return;
  leader.offeredAt = server.now;
  beginTransfer(server, better);
}

function betterLeader(server: Server, leader: Leader): NodeId | undefined {
  const { configuration } = server;
  const own = priorityOf(configuration, server.id);
  const better = configuration.voters.filter(
    (voter) => priorityOf(configuration, voter) > own && isReady(server, leader, voter),
  );
  return better.toSorted((a, b) => priorityOf(configuration, b) - priorityOf(configuration, a))[0];
}

/** Heard just now and nearly up to date: it will take over at once, and writes hardly wait. */
function isReady(server: Server, leader: Leader, voter: NodeId): boolean {
  const progress = leader.peers.get(voter);
  if (progress === undefined || progress.mode !== "replicate") return false;
  const [minTimeout] = server.options.timing.electionTimeoutMs;
  const isLive = server.now - progress.lastContact < minTimeout;
  return isLive && progress.matchIndex >= server.commitIndex;
}
