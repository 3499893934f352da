// Snapshots as the core sees them: when a peer needs one instead of the log, when the log may forget, and what a received
// one replaces. The bytes go past the core: the driver reads, sends, receives and stores them. Thesis chapter 5.

import { decodeConfiguration } from "./configuration.ts";
import { recognizeLeader } from "./follower.ts";
import type { IgnoredReason } from "./events.ts";
import type { SnapshotRequest, SnapshotResponse } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { Leader, Server } from "./server.ts";
import type { Configuration, EntryId } from "./types.ts";

/** A snapshot by its last entry, with the configuration as of that entry. */
export type SnapshotPosition = EntryId & { readonly configuration: Configuration };

/** A chunk arrived. The leader is recognised here; a chunk that is of use goes on to the driver. */
export function onSnapshotRequest(server: Server, message: SnapshotRequest): IgnoredReason | undefined {
  if (decodeConfiguration({ data: message.configuration }) === undefined) return "malformed";
  const refusal = recognizeLeader(server, message.from, message.term);
  if (refusal === "olderTerm") server.send({ ...answerTo(server, message), receivedBytes: 0 });
  if (refusal !== undefined) return refusal;
  if (message.lastIncludedIndex <= server.commitIndex) {
    // Everything in it is here already: say so, and the leader goes on with the log.
    acceptUpTo(server, message.from, server.commitIndex);
    return "staleResponse";
  }
  server.output.snapshotChunks.push(message);
  return undefined;
}

/** The fields that every answer to a chunk shares. */
function answerTo(server: Server, { from, lastIncludedIndex }: SnapshotRequest) {
  return { type: "snapshotResponse", from: server.id, to: from, term: server.term, lastIncludedIndex } as const;
}

function acceptUpTo(server: Server, to: string, matchIndex: number): void {
  const header = { type: "appendResponse", from: server.id, to, term: server.term } as const;
  server.sendWhenDurable({ ...header, accepted: true, matchIndex });
}

/** A peer tells how much of a snapshot it has; the driver goes on from there. */
export function onSnapshotResponse(
  server: Server,
  leader: Leader,
  progress: Progress,
  message: SnapshotResponse,
): IgnoredReason | undefined {
  if (leader.peers.get(message.from) !== progress || progress.mode !== "snapshot") return "staleResponse";
  server.output.snapshotAnswers.push(message);
  return undefined;
}

/**
 * A received snapshot is durable and in the state machine. Keeps the log behind it if the log has its last entry, else
 * replaces the whole log. Thesis figure 5.3, steps 6 to 8.
 */
export function onSnapshotInstalled(server: Server, position: SnapshotPosition): boolean {
  if (position.index <= server.commitIndex) return false;
  const keepsTail = server.log.contains(position);
  server.durability.rebased(position.index, { keepsTail });
  server.log.rebase({ index: position.index, term: position.term });
  server.configurations.rebase({ index: position.index, configuration: position.configuration }, { keepsTail });
  server.output.compactTo = server.log.base;
  server.commitIndex = position.index;
  server.lastApplied = position.index;
  server.handedOver = position.index;
  server.fetchedForApply = [];
  server.emit({ type: "snapshotInstalled", index: position.index, term: position.term });
  const { leaderId } = server;
  if (leaderId !== undefined) acceptUpTo(server, leaderId, position.index);
  return true;
}

/** Forgets the log up to `index`, which a durable snapshot contains. Returns the log's new beginning. */
export function compactTo(server: Server, index: number): EntryId {
  const upTo = Math.min(index, server.lastApplied, server.durability.durableIndex);
  const term = server.log.termAt(upTo);
  if (term === undefined || upTo <= server.log.base.index) return server.log.base;
  const { configuration } = server.configurations.asOf(upTo);
  server.log.rebase({ index: upTo, term });
  server.configurations.rebase({ index: upTo, configuration }, { keepsTail: true });
  server.output.compactTo = server.log.base;
  return server.log.base;
}
