// When an entry is committed, and how commitment reaches the state machine. Thesis 3.5, 3.6.2.

import { assert } from "./errors.ts";
import { sizeOf } from "./log.ts";
import { isReadingForApply, requestLogRead } from "./log-reads.ts";
import { reachedByMajority } from "./quorum.ts";
import type { ProposalOutcome } from "./ready.ts";
import type { Leader, Server } from "./server.ts";
import type { Entry, EntryId } from "./types.ts";

/** The leader's rule: durable on a majority **and** of the leader's own term. Thesis 3.6.2, figure 3.7. */
export function advanceCommit(server: Server, leader: Leader): void {
  const stored = reachedByMajority(server.configuration, (voter) =>
    voter === server.id ? server.durability.durableIndex : (leader.peers.get(voter)?.matchIndex ?? 0),
  );
  // An old entry on a majority can still be overwritten; it is committed by committing one of the own term after it.
  if (stored <= server.commitIndex || server.log.termAt(stored) !== server.term) return;
  releaseUncommittedBytes(server, leader, stored);
  commitUpTo(server, stored);
}

/** Raises the commit index; it never falls and never passes the end of the log. */
export function commitUpTo(server: Server, index: number): void {
  if (index <= server.commitIndex) return;
  assert(index <= server.log.lastIndex, () => `commit of ${index}, but the log ends at ${server.log.lastIndex}`);
  server.commitIndex = index;
  server.emit({ type: "commitAdvanced", commitIndex: index });
}

function releaseUncommittedBytes(server: Server, leader: Leader, upTo: number): void {
  const firstOwn = Math.max(server.commitIndex + 1, leader.firstOwnIndex);
  for (const entry of server.log.slice(firstOwn, upTo, Number.POSITIVE_INFINITY) ?? []) {
    leader.uncommittedBytes -= entry.kind === "command" ? sizeOf(entry) : 0;
  }
}

/**
 * The next entries to apply: committed, durable here, and not handed over yet. One batch at a time; the next follows
 * when the driver has reported this one as applied. Thesis figure 3.1 (lastApplied).
 */
export function takeCommitted(server: Server): readonly Entry[] {
  if (server.lastApplied < server.handedOver) return [];
  const firstIndex = server.handedOver + 1;
  const lastIndex = Math.min(server.commitIndex, server.durability.durableIndex);
  if (firstIndex > lastIndex) return [];
  const { maxApplyBytes } = server.options.limits;
  const fetched = server.fetchedForApply;
  const entries = fetched.length > 0 ? fetched : server.log.slice(firstIndex, lastIndex, maxApplyBytes);
  if (entries === undefined) {
    requestForApply(server, firstIndex, lastIndex);
    return [];
  }
  server.fetchedForApply = [];
  server.handedOver = entries.at(-1)?.index ?? server.handedOver;
  return entries;
}

function requestForApply(server: Server, firstIndex: number, lastIndex: number): void {
  if (isReadingForApply(server)) return;
  const { maxApplyBytes: maxBytes } = server.options.limits;
  requestLogRead(server, { for: "apply" }, { firstIndex, lastIndex, maxBytes });
}

/** Old entries came back from storage: they are handed over next, if they are still the next ones. */
export function onEntriesForApply(server: Server, entries: readonly Entry[]): void {
  if (entries[0]?.index === server.handedOver + 1) server.fetchedForApply = entries;
}

/**
 * What became of a proposal. Removal from this log proves nothing, because another server may hold the entry and win;
 * only another entry that is committed at its index does.
 */
export function outcomeOf(server: Server, proposal: EntryId): ProposalOutcome {
  const term = server.log.termAt(proposal.index);
  const isSettled = proposal.index <= server.commitIndex;
  if (term === proposal.term) return isSettled ? "committed" : "pending";
  return isSettled && term !== undefined ? "lost" : "indeterminate";
}
