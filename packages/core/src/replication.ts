// How a leader brings every other log in line with its own: probe for the match point, then stream. Thesis 3.5, 10.2.1.

import { advanceCommit } from "./commit.ts";
import type { IgnoredReason } from "./events.ts";
import { sizeOf } from "./log.ts";
import { requestLogRead } from "./log-reads.ts";
import type { AppendResponse } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { Leader, Server } from "./server.ts";
import type { Entry, NodeId } from "./types.ts";

/** Sends every peer what it lacks, as far as its window allows. Called once per turn: that makes the batches. */
export function replicate(server: Server, leader: Leader): void {
  for (const [peer, progress] of leader.peers) {
    while (progress.nextIndex <= server.log.lastIndex && !progress.isPaused(server.options.limits)) {
      sendEntries(server, peer, progress);
    }
  }
}

function sendEntries(server: Server, peer: NodeId, progress: Progress): void {
  if (needsSnapshot(server, peer, progress)) return;
  const { maxAppendBytes } = server.options.limits;
  const entries = server.log.slice(progress.nextIndex, server.log.lastIndex, maxAppendBytes);
  if (entries === undefined) requestFromStorage(server, peer, progress);
  else sendAppend(server, peer, progress, entries);
}

/** Asks whether the position before nextIndex matches, without sending entries. */
export function sendEmptyAppend(server: Server, peer: NodeId, progress: Progress): void {
  if (progress.mode !== "snapshot" && !needsSnapshot(server, peer, progress)) sendAppend(server, peer, progress, []);
}

/** True if the log no longer reaches back to what the peer needs; the peer then waits for a snapshot. Thesis 5.3. */
function needsSnapshot(server: Server, peer: NodeId, progress: Progress): boolean {
  const { firstIndex } = server.log;
  if (progress.nextIndex >= firstIndex) return false;
  server.emit({ type: "peerBehindLog", peer, nextIndex: progress.nextIndex, firstIndex });
  server.output.snapshotNeeded.push(peer);
  progress.needsSnapshot();
  return true;
}

function sendAppend(server: Server, peer: NodeId, progress: Progress, entries: readonly Entry[]): void {
  const prevLogIndex = progress.nextIndex - 1;
  const prevLogTerm = server.log.termAt(prevLogIndex);
  if (prevLogTerm === undefined) return;
  server.send({
    type: "appendRequest",
    from: server.id,
    to: peer,
    term: server.term,
    prevLogIndex,
    prevLogTerm,
    entries,
    leaderCommit: server.commitIndex,
  });
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  progress.onSent(prevLogIndex + entries.length, bytes);
}

/** The entries that this peer needs are no longer in memory. The core does not wait: they come back as an input. */
function requestFromStorage(server: Server, peer: NodeId, progress: Progress): void {
  progress.logReadPending = true;
  const range = { firstIndex: progress.nextIndex, lastIndex: server.log.lastIndex };
  const { maxAppendBytes: maxBytes } = server.options.limits;
  requestLogRead(server, { for: "peer", peer, term: server.term }, { ...range, maxBytes });
}

/** Entries came back from storage. They are sent only if they are still what the peer needs and the log still has them. */
export function onEntriesForPeer(server: Server, peer: NodeId, term: number, entries: readonly Entry[]): void {
  if (server.role.name !== "leader" || server.term !== term) return;
  const progress = server.role.peers.get(peer);
  if (progress === undefined) return;
  progress.logReadPending = false;
  const isNext = entries[0]?.index === progress.nextIndex;
  if (isNext && !progress.isPaused(server.options.limits)) sendAppend(server, peer, progress, entries);
}

/** A peer answered an append. Thesis 3.5. */
export function onAppendResponse(
  server: Server,
  leader: Leader,
  progress: Progress,
  message: AppendResponse,
): IgnoredReason | undefined {
  if (message.accepted) {
    if (message.matchIndex > server.log.lastIndex) return "malformed";
    if (progress.onAccepted(message.matchIndex)) advanceCommit(server, leader);
    return undefined;
  }
  // Both sides skip whole terms, so the number of probes is bounded by the number of terms, not of entries.
  const { hintIndex: index, hintTerm: term } = message;
  const isBehindLog = index < server.log.base.index;
  const resumeAfter = isBehindLog ? index : server.log.lastPositionAtMost({ index, term }).index;
  return progress.onRejected(message.prevLogIndex, resumeAfter) ? undefined : "staleResponse";
}
